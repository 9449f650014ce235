"""`cudadoctor.recommendation/1` of the contract."""

from __future__ import annotations

from typing import Any

from cudadoctor.recommend.model import Gpu, Recommendation, Request, Value
from cudadoctor.render.contract import dumps, fill, tool
from cudadoctor.render.recommendation import contract

SCHEMA = "cudadoctor.recommendation/1"


def render(found: Recommendation) -> str:
    """The recommendation as one JSON document, ASCII only, ending in a newline."""
    return dumps(document(found))


def document(found: Recommendation) -> dict[str, Any]:
    """The document before it is written."""
    request = request_document(found.request)
    return fill(contract.Recommendation, found, schema=SCHEMA, tool=tool(), request=request)


def request_document(request: Request) -> dict[str, Any]:
    """Every value that is given or known, each with its origin."""
    found: dict[str, Any] = {}
    for name in (
        "torch", "cuda", "python", "manager", "platform", "driver", "cuda_driver", "gpus", "glibc", "packages", "style",
    ):  # fmt: skip
        value: Value[Any] | None = getattr(request, name)
        if value is not None:
            found[name] = {"value": _plain(name, value.value), "origin": value.origin}
    if request.wsl:
        found["wsl"] = {"value": True, "origin": "detected"}
    if request.jetson is not None:
        found["jetson"] = {"value": request.jetson, "origin": "detected"}
    return found


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401  (a value of any kind, as JSON)
    if name == "cuda":
        return "cpu" if value is None else value.release
    if name == "gpus":
        return [_gpu(one) for one in value]
    if name == "glibc":
        return ".".join(map(str, value))
    if name == "packages":
        return list(value)
    return str(value)


def _gpu(one: Gpu) -> dict[str, Any]:
    known = [str(capability) for capability in one.capabilities]
    return {"name": one.name, "compute_capability": known[0] if len(known) == 1 else None, "possible": known}
