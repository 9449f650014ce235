"""pip and uv for one environment: the resolver's commands as steps."""

from __future__ import annotations

import posixpath

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.remedies.plan import PlanStep, Run
from cudadoctor.remedies.torch import wanted as builds
from cudadoctor.remedies.torch.wanted import Wanted


class Rebuilt(Struct, frozen=True, kw_only=True):
    """The steps for one environment."""

    steps: tuple[PlanStep, ...]
    smoke: str
    """The environment to prove."""
    device: str = "auto"
    notes: tuple[str, ...] = ()
    pinned: bool = False
    """One package of the environment at another version, and torch stays."""


def installs(words: tuple[str, ...]) -> bool:
    """A command of the resolver that can be run for any interpreter."""
    return words[:4] == ("python", "-m", "pip", "install") or words[:3] == ("uv", "pip", "install")


def tool(env: EnvFacts, python: str, command: str, *words: str) -> tuple[str, ...]:
    """Pip or uv for one interpreter; an environment of uv has no pip of its own."""
    if env.kind == "uv":
        return ("uv", "pip", command, "--python", python, *words)
    return (python, "-m", "pip", command, *words)


def in_order(new: list[PlanStep], before: list[PlanStep]) -> list[PlanStep]:
    """Each step behind the one before it."""
    last = before[-1].id if before else None
    out: list[PlanStep] = []
    for step in new:
        out.append(replace(step, needs=(last,)) if last is not None else step)
        last = step.id
    return out


def install(finding: Finding, env: EnvFacts, python: str, wanted: Wanted, *, number: int) -> list[PlanStep]:
    """The resolver's commands for this interpreter."""
    out: list[PlanStep] = []
    for words in wanted.commands:
        rest = words[4:] if words[0] == "python" else words[3:]
        of_pip = rest == ("--upgrade", "pip")
        out.append(
            PlanStep(
                id=f"{finding.name}-{number + len(out)}",
                title="Upgrade pip" if of_pip else f"Install {wanted.title}",
                why=wanted.why,
                action=Run(argv=tool(env, python, "install", *rest), why=wanted.why, safety="safe"),
                network=_hosts(wanted),
                disk_mib=0 if of_pip else builds.disk(wanted.choice),
                disk_at=posixpath.dirname(posixpath.dirname(python)),
                done_when=None if of_pip else builds.shows(python, wanted.choice),
            )
        )
    return out


def _hosts(wanted: Wanted) -> tuple[str, ...]:
    url = wanted.choice.index_url
    return (url.split("/")[2],) if url is not None and url.startswith("https://") else ()


def device_of(wanted: Wanted) -> str:
    """What the smoke test is to prove."""
    return "auto" if wanted.choice.cuda else "cpu"
