"""Variables and the lines that set them."""

from __future__ import annotations

import shlex

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.facts.shell import RcLine
from cudadoctor.remedies import machine
from cudadoctor.remedies.plan import PlanStep, Remedy
from cudadoctor.remedies.rc import line_edits
from cudadoctor.remedies.steps import advice

_NEW_SHELL = advice("Then open a new shell.")


def _in_this_shell(text: str) -> PlanStep:
    """What helps until a new shell is opened; a corrected file makes no difference to the open one."""
    return advice(text, title="meanwhile, in this shell", safety="safe", beside_edits=True)


def _where(facts: Facts, variable: str, part: str | None = None) -> list[RcLine]:
    lines = facts.shell.rc_lines if facts.shell is not None else ()
    return [line for line in lines if line.variable == variable and (part is None or part in line.text)]


def _edit(lines: list[RcLine], variable: str, what: str) -> PlanStep:
    """The place to edit, or how to find it."""
    if not lines:
        return advice(f"{variable} is set in no start-up file that was read: look where this shell gets it, and {what}")
    places = ", ".join(f"{line.file} line {line.line}" for line in lines[:4])
    return advice(f"{places}: {what}")


UNKNOWN_ENTRY = Remedy(summary="Correct the entry in the file that sets it", steps=(_NEW_SHELL,))


def entry_missing(finding: Finding, facts: Facts) -> Remedy | None:
    """An entry that does not exist; None where the variable holds none that the finding names."""
    entries = facts.shell.entries if facts.shell is not None else ()
    entry = next((one for one in entries if one.text and not one.exists and one.text in finding.message), None)
    if entry is None:
        return None
    lines = _where(facts, entry.variable, entry.text)
    if entry.suggestion:
        what, summary = f"write {entry.suggestion} for {entry.text}.", f"Write {entry.suggestion} instead"
    else:
        what, summary = f"take {entry.text} out of {entry.variable}.", f"Take {entry.text} out of {entry.variable}"
    return Remedy(summary=summary, steps=(_edit(lines, entry.variable, what), _NEW_SHELL))


def empty_element(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """An empty element in LD_LIBRARY_PATH."""
    name = "LD_LIBRARY_PATH"
    value = facts.shell.variables.get(name, "") if facts.shell is not None else ""
    kept = [part for part in value.replace(";", ":").split(":") if part.strip() not in ("", ".")]
    steps: list[PlanStep] = [
        _edit(
            _where(facts, name),
            name,
            "add the old value only where there is one, as in `${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}`.",
        )
    ]
    fish = facts.shell is not None and facts.shell.shell in ("fish", "tcsh", "csh")
    if not fish:
        line = f"export {name}={shlex.quote(':'.join(kept))}" if kept else f"unset {name}"
        steps.append(_in_this_shell(f"For this shell: `{line}`"))
    return Remedy(summary="Take the empty element out of LD_LIBRARY_PATH", steps=(*steps, _NEW_SHELL))


def duplicates(finding: Finding, facts: Facts) -> Remedy:
    """A line that adds an entry each time it is read."""
    variable = line_edits.variable_of(finding) or "the variable"
    return Remedy(
        summary=f"Add each directory to {variable} only once",
        steps=(
            _edit(_where(facts, variable), variable, "add the directory only where it is not there yet."),
            _NEW_SHELL,
        ),
    )


def visible_devices(finding: Finding, facts: Facts) -> Remedy:
    """CUDA_VISIBLE_DEVICES."""
    name = "CUDA_VISIBLE_DEVICES"
    shell = facts.shell.shell if facts.shell is not None else None
    unset = f"set -e {name}" if shell == "fish" else f"unsetenv {name}" if shell in ("tcsh", "csh") else f"unset {name}"
    count = len(facts.gpus or ())
    if machine.shared_node(facts):
        # The scheduler's own numbers; inside a step whose devices are confined they begin at 0.
        own = ",".join(str(number) for number in range(count)) or "0"
        return Remedy(
            summary=f"Number this job's GPUs from 0: {name}={own}",
            steps=(_in_this_shell(f"In the job's script, before the program: `export {name}={own}`"),),
        )
    steps: list[PlanStep] = [_in_this_shell(f"In this shell: `{unset}`")]
    lines = _where(facts, name)
    if lines:
        steps.append(_edit(lines, name, "take the line out, or name GPUs that exist."))
    if count > 1:
        steps.append(
            advice(f"To choose some of the {count} GPUs: their indices, 0 to {count - 1}, separated by commas.")
        )
    return Remedy(
        summary=f"Unset {name}, or name GPUs that exist",
        steps=tuple(steps),
        edits=line_edits.visible_devices(finding, facts),
    )


def drop_library_path(finding: Finding, facts: Facts) -> Remedy:
    """LD_LIBRARY_PATH that brings other libraries."""
    name = "LD_LIBRARY_PATH"
    what = "take the CUDA directories out of it: torch brings its own libraries."
    return Remedy(
        summary="Take the CUDA directories out of LD_LIBRARY_PATH",
        steps=(
            _in_this_shell(f"To try it first: start Python with `env -u {name} python`."),
            _edit(_where(facts, name), name, what),
            _NEW_SHELL,
        ),
        edits=line_edits.other_libraries(finding, facts),
    )


def stub(finding: Finding, facts: Facts) -> Remedy:
    """The stubs directory on LD_LIBRARY_PATH."""
    name = "LD_LIBRARY_PATH"
    return Remedy(
        summary="Take the stubs directory out of LD_LIBRARY_PATH",
        steps=(
            _edit(_where(facts, name, "stubs") or _where(facts, name), name, "take the stubs directory out of it."),
            advice(
                "If a file under /etc/ld.so.conf.d names it: take it out there, and run `ldconfig` as root.",
                title="look further",
                beside_edits=True,
            ),
            _NEW_SHELL,
        ),
        edits=line_edits.stubs(finding, facts),
    )


def cuda_home(finding: Finding, facts: Facts) -> Remedy:
    """CUDA_HOME that names no toolkit, or another one than PATH."""
    variable = line_edits.variable_of(finding) or finding.subject
    usable = [one for one in (facts.toolkit.toolkits if facts.toolkit is not None else ()) if one.nvcc]
    on_path = facts.toolkit.nvcc_on_path_root if facts.toolkit is not None else None
    chosen = next((one for one in usable if one.real_root == on_path), usable[0] if usable else None)
    what = (
        f"set it to {chosen.root}."
        if chosen is not None
        else "take the line out: there is no toolkit that it could name."
    )
    summary = f"Set {variable} to {chosen.root}" if chosen is not None else f"Unset {variable}"
    return Remedy(
        summary=summary,
        steps=(_edit(_where(facts, variable), variable, what), _NEW_SHELL),
        edits=line_edits.cuda_home(finding, facts),
    )


def unset(finding: Finding, facts: Facts) -> Remedy:
    """A variable that is not needed."""
    name = line_edits.variable_of(finding) or ""
    if not name.isidentifier():
        return Remedy(summary="", steps=())
    shell = facts.shell.shell if facts.shell is not None else None
    line = f"set -e {name}" if shell == "fish" else f"unsetenv {name}" if shell in ("tcsh", "csh") else f"unset {name}"
    lines = _where(facts, name)
    steps: list[PlanStep] = [_in_this_shell(f"In this shell: `{line}`")]
    if lines:
        steps.append(_edit(lines, name, f"take {name} out, unless it is meant."))
    return Remedy(
        summary=f"Unset {name} when the search is over",
        steps=tuple(steps),
        edits=line_edits.whole_lines(finding, facts),
    )
