"""From a report's root causes to one plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.facts.subject import Env
from cudadoctor.remedies.fix import chosen as choice
from cudadoctor.remedies.fix import container_line, merge
from cudadoctor.remedies.plan import For, Plan, PlanStep, Remedy, Run
from cudadoctor.remedies.rc import steps as rc_steps
from cudadoctor.remedies.steps import is_reboot
from cudadoctor.remedies.torch import steps as torch_steps
from cudadoctor.remedies.torch.install import Rebuilt

_SOURCES, _DRIVER, _TOOLKIT, _SHELL, _ENVS, _SMOKE = range(6)
_PHASES = {
    **dict.fromkeys(("APT",), _SOURCES),
    **dict.fromkeys(("TK", "CC"), _TOOLKIT),
    **dict.fromkeys(("ENV", "SH", "LD", "SEC"), _SHELL),
    **dict.fromkeys(("TR", "TB", "PY", "CON", "CL", "JET"), _ENVS),
}
"""By the letters of a check's code; the rest is the machine's own: driver, kernel, GPU, container."""
PASTED = "made from a text that was pasted: it is for the machine that the text is from, and is never applied here"


def plan(
    facts: Facts,
    findings: Sequence[Finding],
    remedies: Mapping[str, Remedy],
    roots: Sequence[str],
    named: Sequence[str] = (),
    *,
    home: str,
    files: Mapping[str, bytes],
    there: Mapping[str, str] | None = None,
    pasted: bool = False,
) -> Plan:
    """What cures the root causes of a report, or those that are named.

    `files`: what the rc files hold that the findings are about, by path; one that is missing is told and not changed.
    `home`: empty where it is not known; no file is then the user's own.
    `there`: what stands where a new environment might be made, as `torch_steps.build` has it.
    Unsafe steps (root's, packages, files that are not the user's) have `by_name`, unless their finding was named by
    its whole code or name. Raises CudaDoctorError for a word that names no check.
    """
    picked = choice.choose(findings, roots, named)
    rows = rc_steps.correct(picked.findings, picked.along, remedies, facts, home=home, files=files)
    chains: list[tuple[int, Sequence[PlanStep]]] = [(_SHELL, _by_name(rows.steps, picked.by_name))]
    told = container_line.line(picked.findings, facts)
    if told is not None:
        chains.append((_DRIVER, (told,)))
    left = [one for one in picked.findings if one not in rows.handled]
    rebuilt = {} if pasted else _rebuilt(left, facts, there or {})
    others = [one for one in left if one.id not in rebuilt]
    chains += [_general(one, remedies[one.id], picked.by_name) for one in others]
    changed = _of_each_env(left, rebuilt)
    chains += [(_ENVS, one.steps) for one in changed]
    notes = [*picked.notes, *(note for one in changed for note in one.notes)]
    steps = merge.barred(_with_smoke(merge.merged(chains), changed))
    if pasted:
        notes.insert(0, PASTED)
    every = tuple(one.id for one in (*picked.findings, *(one for one in rows.handled if one not in picked.findings)))
    return Plan(
        purpose=For(
            command="fix",
            request=tuple(("finding", word) for word in named) + ((("report", "pasted"),) if pasted else ()),
            findings=every,
        ),
        title=_title(picked.findings, remedies, changed),
        steps=tuple(replace(one, title=_lower(one.title)) for one in steps),
        notes=tuple(dict.fromkeys(notes)),
        home=home or None,
        uid=None if pasted or facts.os is None else facts.os.uid,
    )


def _rebuilt(findings: Sequence[Finding], facts: Facts, there: Mapping[str, str]) -> dict[str, Rebuilt]:
    """Finding id → how its environment's torch is changed."""
    found = {one.id: torch_steps.build(one, facts, there) for one in findings}
    return {name: one for name, one in found.items() if one is not None}


def _of_each_env(findings: Sequence[Finding], rebuilt: Mapping[str, Rebuilt]) -> tuple[Rebuilt, ...]:
    """One change for each environment: a new one beside it cures all, another torch what a pinned package would."""
    by_env: dict[str, list[Rebuilt]] = {}
    for one in findings:
        if one.id in rebuilt:
            by_env.setdefault(one.subject, []).append(rebuilt[one.id])
    out: list[Rebuilt] = []
    for subject, several in by_env.items():
        whole = [one for one in several if not one.pinned]
        new = [one for one in whole if str(Env(one.smoke)) != subject]
        out += new[:1] or whole[:1] or several
    return tuple(out)


def _by_name(steps: Sequence[PlanStep], names: frozenset[str]) -> tuple[PlanStep, ...]:
    """Unsafe steps of findings that were not named are only shown."""
    return tuple(replace(one, by_name=one.safety == "system" and merge.owner(one) not in names) for one in steps)


def _general(finding: Finding, remedy: Remedy, by_name: frozenset[str]) -> tuple[int, Sequence[PlanStep]]:
    """The remedy's own steps."""
    steps = remedy.steps
    letters = finding.code.rstrip("0123456789")
    phase = _PHASES.get(letters, _DRIVER)
    if phase == _ENVS and any(one.needs_root and isinstance(one.action, Run) for one in steps):
        phase = _DRIVER
    return phase, _by_name(steps, by_name)


def _with_smoke(steps: tuple[PlanStep, ...], rebuilt: Sequence[Rebuilt]) -> tuple[PlanStep, ...]:
    """At the end, the proof for each environment whose torch was changed."""
    out = list(steps)
    reboots = tuple(one.id for one in steps if is_reboot(one))
    for number, env in enumerate(dict.fromkeys(one.smoke for one in rebuilt), 1):
        here = [one for one in rebuilt if one.smoke == env]
        device = ("--device", here[0].device) if here[0].device != "auto" else ()
        needs = [step.id for step in steps if any(_changes(step, one) for one in here)]
        out.append(
            PlanStep(
                id="smoke" if number == 1 else f"smoke-{number}",
                title=f"Prove that torch computes in {env}",
                why="what was installed is right when a computation is",
                action=Run(
                    argv=("cudadoctor", "smoke", "--env", env, *device), why="imports torch and computes", safety="safe"
                ),
                needs=(*needs[-1:], *reboots),
            )
        )
    return tuple(out)


def _changes(step: PlanStep, rebuilt: Rebuilt) -> bool:
    actions = [one.action for one in rebuilt.steps if isinstance(one.action, Run)]
    return step.action in actions


def _title(findings: Sequence[Finding], remedies: Mapping[str, Remedy], changed: Sequence[Rebuilt]) -> str:
    if not findings:
        return "Nothing to fix"
    names = list(dict.fromkeys(one.name for one in findings))
    if len(names) > 1:
        return f"{len(names)} causes: {', '.join(names)}"
    beside = next((one.smoke for one in changed if str(Env(one.smoke)) != findings[0].subject), None)
    what = remedies[findings[0].id].summary if beside is None else f"make the new environment {beside}"
    return f"{names[0]}: {what}"


def _lower(title: str) -> str:
    """`Install …` as `install …`; names such as GPU stay."""
    return title[:1].lower() + title[1:] if title[1:2].islower() or title[1:2] == " " else title
