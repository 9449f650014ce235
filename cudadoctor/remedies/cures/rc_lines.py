"""Lines of rc files to be written anew: told with file and line, never changed silently."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.cures import shell_lines
from cudadoctor.remedies.plan import Remedy
from cudadoctor.remedies.steps import advice

_NEW_SHELL = advice("Then open a new shell.")
_OURS = advice("Or take the line out and let `cudadoctor shell --apply` put its own there.")


def place(finding: Finding) -> tuple[str, str] | None:
    """File and line number of a finding about a line of a file."""
    return _place(finding.subject)


def places(finding: Finding) -> frozenset[tuple[str, str] | None]:
    """File and line number of every line that a finding stands for."""
    return frozenset(map(_place, (finding.subject, *finding.also))) - {None}


def _place(subject: str) -> tuple[str, str] | None:
    file, colon, line = subject.removeprefix("file:").rpartition(":")
    return (file, line) if colon and line.isdigit() and subject.startswith("file:") else None


def _line(finding: Finding, summary: str) -> Remedy | None:
    """The corrected line, where the finding carries one."""
    where = place(finding)
    new = next((one.text for one in finding.evidence if one.where.endswith(", corrected")), None)
    if where is None or new is None:
        return None
    step = advice(f"{where[0]} line {where[1]}: write instead `{new}`")
    return Remedy(summary=f"{summary} (line {where[1]} of {where[0]})", steps=(step, _OURS, _NEW_SHELL))


def entry_missing(finding: Finding, facts: Facts) -> Remedy:
    """A directory that does not exist."""
    return _line(finding, "Write the directory that was meant") or shell_lines.entry_missing(finding, facts)


def empty_element(finding: Finding, facts: Facts) -> Remedy:
    """The current directory on LD_LIBRARY_PATH."""
    summary = "Add the old LD_LIBRARY_PATH only where there is one"
    return _line(finding, summary) or shell_lines.empty_element(finding, facts)


def duplicates(finding: Finding, facts: Facts) -> Remedy:
    """A directory that stands there twice."""
    return _line(finding, "Name each directory once") or shell_lines.duplicates(finding, facts)


def grows(finding: Finding, facts: Facts) -> Remedy:
    """A line that adds its directory each time."""
    summary = "Add the directory only where it is not there yet"
    return _line(finding, summary) or shell_lines.duplicates(finding, facts)


def stubs(finding: Finding, facts: Facts) -> Remedy:
    """Libraries for linking on the loader's path."""
    return _line(finding, "Take the stubs directory out of LD_LIBRARY_PATH") or shell_lines.stub(finding, facts)


def export(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """A variable that stays in the shell."""
    where = place(finding)
    if where is None or not finding.evidence:
        return Remedy(summary="Export the variable")
    file, line = where
    text = finding.evidence[0].text
    plain = f"`export {text}`" if not file.endswith((".fish", "cshrc", ".csh", ".login")) else "the variable exported"
    return Remedy(
        summary=f"Export the variable in line {line} of {file}",
        steps=(advice(f"{file} line {line}: write {plain} for `{text}`"), _NEW_SHELL),
    )


def not_read(finding: Finding, facts: Facts) -> Remedy:
    """A line in a file of another shell."""
    shell = facts.shell.shell if facts.shell is not None else None
    where = place(finding)
    if where is None or shell is None:
        return Remedy(summary="Put the line into a file that this shell reads")
    return Remedy(
        summary=f"Put the CUDA lines where {shell} reads them",
        steps=(
            advice("`cudadoctor shell --apply` shows the change, asks, and puts them there."),
            advice(f"Or copy line {where[1]} of {where[0]} into a file that {shell} reads."),
        ),
    )
