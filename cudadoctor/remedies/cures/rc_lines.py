"""Lines of rc files to be written anew: told with file and line, never changed silently."""

from __future__ import annotations

from msgspec.structs import replace

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.checks.shared import rc_lines as rc
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.cures import shell_lines
from cudadoctor.remedies.plan import Remedy
from cudadoctor.remedies.rc import line_edits
from cudadoctor.remedies.steps import advice

_NEW_SHELL = advice("Then open a new shell.")
_OURS = advice("Or take the line out and let `cudadoctor shell --apply` put its own there.")


def _line(finding: Finding, facts: Facts, summary: str) -> Remedy | None:
    """The corrected line, where it can be said."""
    where = line_edits.place(finding)
    lines = facts.shell.rc_lines if facts.shell is not None else ()
    line = next((one for one in lines if (one.file, str(one.line)) == where), None)
    new = rc.correction(line) if line is not None else None
    if line is None or new is None:
        return None
    step = advice(f"{line.file} line {line.line}: write instead `{new}`")
    return Remedy(summary=f"{summary} (line {line.line} of {line.file})", steps=(step, _OURS, _NEW_SHELL))


def entry_missing(finding: Finding, facts: Facts) -> Remedy:
    """A directory that does not exist."""
    edits = line_edits.missing_entries(finding, facts)
    remedy = shell_lines.entry_missing(finding, facts)
    if remedy is None and edits and all(one.swaps for one in edits):
        remedy = _line(finding, facts, "Write the directory that was meant")
    return replace(remedy or shell_lines.UNKNOWN_ENTRY, edits=edits)


def empty_element(finding: Finding, facts: Facts) -> Remedy:
    """The current directory on LD_LIBRARY_PATH."""
    summary = "Add the old LD_LIBRARY_PATH only where there is one"
    remedy = _line(finding, facts, summary) or shell_lines.empty_element(finding, facts)
    return replace(remedy, edits=line_edits.empty_elements(finding, facts))


def duplicates(finding: Finding, facts: Facts) -> Remedy:
    """A directory that stands there twice."""
    remedy = _line(finding, facts, "Name each directory once") or shell_lines.duplicates(finding, facts)
    return replace(remedy, edits=line_edits.repeated_entries(finding, facts))


def grows(finding: Finding, facts: Facts) -> Remedy:
    """A line that adds its directory each time."""
    summary = "Add the directory only where it is not there yet"
    remedy = _line(finding, facts, summary) or shell_lines.duplicates(finding, facts)
    return replace(remedy, edits=line_edits.repeated_entries(finding, facts))


def stubs(finding: Finding, facts: Facts) -> Remedy:
    """Libraries for linking on the loader's path."""
    remedy = _line(finding, facts, "Take the stubs directory out of LD_LIBRARY_PATH") or shell_lines.stub(
        finding, facts
    )
    return replace(remedy, edits=line_edits.stubs(finding, facts))


def export(finding: Finding, facts: Facts) -> Remedy:
    """A variable that stays in the shell."""
    where = line_edits.place(finding)
    if where is None or not finding.evidence:
        return Remedy(summary="Export the variable")
    file, line = where
    text = finding.evidence[0].text
    plain = f"`export {text}`" if not file.endswith((".fish", "cshrc", ".csh", ".login")) else "the variable exported"
    return Remedy(
        summary=f"Export the variable in line {line} of {file}",
        steps=(advice(f"{file} line {line}: write {plain} for `{text}`"), _NEW_SHELL),
        edits=line_edits.unexported(finding, facts),
    )


def not_read(finding: Finding, facts: Facts) -> Remedy:
    """A line in a file of another shell."""
    shell = facts.shell.shell if facts.shell is not None else None
    where = line_edits.place(finding)
    if where is None or shell is None:
        return Remedy(summary="Put the line into a file that this shell reads")
    return Remedy(
        summary=f"Put the CUDA lines where {shell} reads them",
        steps=(
            advice("`cudadoctor shell --apply` shows the change, asks, and puts them there."),
            advice(f"Or copy line {where[1]} of {where[0]} into a file that {shell} reads."),
        ),
    )
