"""Known messages in what programs said on a live machine."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from cudadoctor.facts.base import Facts


def with_symptoms(facts: Facts) -> Facts:
    """The facts with their symptoms; without a word said by anybody they are known to be none."""
    lines = tuple(_lines(facts))
    if not lines:
        return replace(facts, symptoms=())
    from cudadoctor.intake.messages import find

    return replace(facts, symptoms=find.find(lines))


def _lines(facts: Facts) -> Iterator[tuple[str, str]]:
    """Where, and what was said there: by torch in the active environment, by nvidia-smi, by libcuda's loader."""
    for env in facts.envs or ():
        live = env.torch.live if env.torch is not None else None
        if not env.active or live is None:
            continue
        for text in (live.error, live.warning):
            for line in (text or "").splitlines():
                if line.strip():
                    yield f"torch in {env.prefix}", line
    if facts.smi is not None and facts.smi.outcome == "failed" and facts.smi.message:
        yield facts.smi.path or "nvidia-smi", facts.smi.message
    if facts.libcuda is not None and facts.libcuda.error:
        yield facts.libcuda.path or "libcuda.so.1", facts.libcuda.error
