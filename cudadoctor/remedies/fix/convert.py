"""The steps of a remedy as steps of a plan, one to one."""

from __future__ import annotations

import posixpath
from hashlib import sha256

from msgspec.structs import replace

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.cures.reboot import REBOOT
from cudadoctor.remedies.fix.known import dressed, known
from cudadoctor.remedies.machine import ADMIN_NOTE
from cudadoctor.remedies.plan import Fetch, PlanStep, Prints, Remedy, Run, Step, Tell, WriteFile


def steps(finding: Finding, remedy: Remedy, facts: Facts) -> tuple[PlanStep, ...]:
    """What the remedy says, in its order. A step that acts needs the one before it that acts; words need nothing."""
    out: list[PlanStep] = []
    ran: list[Run] = []
    last: str | None = None
    for step in remedy.steps:
        if step == ADMIN_NOTE:
            continue  # every form of a plan says by itself which steps are root's
        one = _step(f"{finding.name}-{len(out) + 1}", step, facts, tuple(ran), finding)
        if out and isinstance(step, Tell):
            one = replace(one, why=f"for {finding.name}")  # its message was said with the first
        if isinstance(step, Run):
            ran.append(step)
        if not one.manual:
            one = replace(one, needs=(last,)) if last is not None else one
            last = one.id
        elif step == REBOOT:
            one = replace(one, needs=(last,) if last is not None else (), reboot=True)
        out.append(one)
    return tuple(out)


def _step(number: str, step: Step, facts: Facts, before: tuple[Run, ...], finding: Finding) -> PlanStep:
    if isinstance(step, Tell):
        title = "Reboot" if step == REBOOT else _title(step.text)
        return PlanStep(id=number, title=title, why=finding.message, action=step, source=finding.source)
    if isinstance(step, WriteFile):
        return PlanStep(id=number, title=f"Write {step.path}", why=step.why, action=step, source=finding.source)
    cache = _cache(facts)
    if cache and step.argv[0] == "wget" and step.argv[1:2] and step.argv[1].startswith("https://"):
        return _fetch(number, step, cache, finding)
    if cache and step.argv[:2] == ("dpkg", "-i"):
        return _package(number, step, cache, finding)
    plain = PlanStep(id=number, title="", why=step.why, action=step, source=finding.source)
    return dressed(plain, known(step, facts, before))


_FOR_OTHERS = {
    "You are not in the group sudo": "Ask your administrator",
    "On a cluster this is for": "Ask the cluster's administrators",
    "Needs root in the container": "Put it into the container's image",
    "NixOS keeps no change": "Say it in configuration.nix",
    "This system's packages come as an image": "Use rpm-ostree",
}
"""How `who.fit` begins what this reader cannot do here."""


def _title(text: str) -> str:
    """The first words of what is told."""
    others = next((title for start, title in _FOR_OTHERS.items() if text.startswith(start)), None)
    if others is not None:
        return others
    line = text.strip().splitlines()[0].rstrip(".:") if text.strip() else "See to it"
    if len(line) <= 60:
        return line
    words = line[:59].rsplit(" ", 1)[0]
    if words.count("`") % 2:
        words = words.rpartition("`")[0]
    words = words.rstrip(" ,:;(")
    return f"{words} …" if words else "Do what is shown"


def _cache(facts: Facts) -> str | None:
    home = facts.shell.home if facts.shell is not None else None
    return f"{home}/.cache/cudadoctor/downloads" if home else None


def _fetch(number: str, step: Run, cache: str, finding: Finding) -> PlanStep:
    url = step.argv[1]
    file = posixpath.basename(url)
    return PlanStep(
        id=number,
        title=f"Download {file}",
        why=step.why,
        action=Fetch(url=url, path=f"{cache}/{file}", digest=None, why=step.why, size_mib=1),
        network=(url.split("/")[2],),
        disk_mib=1,
        disk_at=cache,
        source=finding.source,
    )


def _package(number: str, step: Run, cache: str, finding: Finding) -> PlanStep:
    """A package file that was downloaded before."""
    file = step.argv[-1]
    run = replace(step, argv=("dpkg", "-i", f"{cache}/{posixpath.basename(file)}"))
    name, _, rest = posixpath.basename(file).partition("_")
    ask = ("dpkg-query", "-W", "-f=${db:Status-Status} ${Version}", name)
    return PlanStep(
        id=number,
        title=f"Install the package {name}",
        why=step.why,
        action=run,
        done_when=Prints(argv=ask, text=f"installed {rest.partition('_')[0]}"),
        packages=True,
        source=finding.source,
    )


def digest(data: bytes | None) -> str:
    """As in `WriteFile.before`."""
    return "" if data is None else sha256(data).hexdigest()
