"""`cudadoctor.recommendation/1` of the contract."""

from __future__ import annotations

import json
from typing import Any

import cudadoctor
from cudadoctor.recommend.model import Choice, Gpu, Reason, Recommendation, Request, Value

SCHEMA = "cudadoctor.recommendation/1"


def render(found: Recommendation) -> str:
    """The recommendation as one JSON document, ASCII only, ending in a newline."""
    return json.dumps(document(found), indent=2, allow_nan=False) + "\n"


def document(found: Recommendation) -> dict[str, Any]:
    """The document before it is written."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "cudadoctor", "version": cudadoctor.__version__},
        "request": request_document(found.request),
        "verdict": found.verdict,
        "command": found.command,
        "commands": list(found.commands),
        "published": found.published,
        "choice": _choice(found.choice),
        "reasons": [_reason(one) for one in found.reasons],
        "rejected": [
            {"torch": one.torch, "cuda": one.cuda, "rule": one.rule, "text": one.text} for one in found.rejected
        ],
        "alternatives": [{"command": one.command, "text": one.text} for one in found.alternatives],
    }


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


def _choice(one: Choice | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "torch": one.torch,
        "torchvision": one.torchvision,
        "torchaudio": one.torchaudio,
        "cuda": one.cuda,
        "python": one.python,
        "manager": one.manager,
        "channels": list(one.channels),
        "index_url": one.index_url,
        "build": one.build,
    }


def _reason(one: Reason) -> dict[str, Any]:
    source = None
    if one.source is not None:
        source = {"title": one.source.title, "url": one.source.url, "read_on": one.source.read_on}
    return {"rule": one.rule, "text": one.text, "source": source}
