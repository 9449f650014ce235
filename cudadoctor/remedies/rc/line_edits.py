"""What becomes of the lines of rc files that a finding is about: the edits that cures carry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Protocol

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.checks.shared import rc_lines as rc
from cudadoctor.checks.shared.visible_devices import visibility
from cudadoctor.facts import subject as subjects
from cudadoctor.facts.base import Facts
from cudadoctor.facts.shell import RcLine, ShellFacts
from cudadoctor.remedies.rc.model import LineEdit


def place(finding: Finding) -> tuple[str, str] | None:
    """File and line number of a finding about a line of a file."""
    return _place(finding.subject)


def places(finding: Finding) -> frozenset[tuple[str, str] | None]:
    """File and line number of every line that a finding stands for."""
    return frozenset(map(_place, (finding.subject, *finding.also))) - {None}


def _place(text: str) -> tuple[str, str] | None:
    subject = subjects.parse(text)
    if not isinstance(subject, subjects.File) or subject.line is None:
        return None
    return subject.path, str(subject.line)


def variable_of(finding: Finding) -> str | None:
    """The variable that a finding is about."""
    subject = subjects.parse(finding.subject)
    return subject.name if isinstance(subject, subjects.Var) else None


def _read(shell: ShellFacts, variable: str) -> Iterator[RcLine]:
    """The lines that set the variable in this user's shell; those under a condition, too."""
    for line in shell.rc_lines:
        if line.variable == variable and (shell.read_files is None or line.file in shell.read_files):
            yield line


def _setting(shell: ShellFacts, variable: str) -> Iterator[RcLine]:
    """Of these, the ones that give it the value that it has now."""
    for line in _read(shell, variable):
        if line.value == shell.variables.get(variable):
            yield line


def lines_at(finding: Finding, shell: ShellFacts) -> list[RcLine]:
    """The lines that a finding names as its subject."""
    where = places(finding)
    return [one for one in shell.rc_lines if (one.file, str(one.line)) in where]


def _missing(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[LineEdit]:  # noqa: ARG001
    further = places(finding) - {place(finding)}
    for line in shell.rc_lines:
        listed = (line.file, str(line.line)) in further
        for element in line.effect.adds if line.effect is not None else ():
            if element.exists is not False or not (listed or _names(finding.message, element.text)):
                continue
            if element.suggestion:
                yield LineEdit(line=line, swaps=((element.text, element.suggestion),))
            else:
                yield LineEdit(line=line, drops=(element.text,))


def _names(message: str, directory: str) -> bool:
    return re.search(rf"(?<![\w./-]){re.escape(directory)}(?![\w./-])", message) is not None


def _empty(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[LineEdit]:  # noqa: ARG001
    for line in _read(shell, "LD_LIBRARY_PATH"):
        effect = line.effect
        if effect is not None and (effect.leaves_empty or any(one.text == "." for one in effect.adds)):
            yield LineEdit(line=line, no_empty=True)


def _repeats(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[LineEdit]:  # noqa: ARG001
    lines = lines_at(finding, shell)
    if not lines and variable_of(finding) is not None:
        said = {one.where for one in finding.evidence}
        lines = [one for one in shell.rc_lines if f"{one.file}:{one.line}" in said]
    for line in lines:
        if line.effect is not None and line.effect.adds:
            yield LineEdit(line=line, guard=True, no_empty=True)


def _stubs(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[LineEdit]:  # noqa: ARG001
    for line in _read(shell, "LD_LIBRARY_PATH"):
        yield from _without(line, lambda text: text.rstrip("/").endswith("/stubs"))


def _shadows(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[LineEdit]:  # noqa: ARG001
    for line in _read(shell, "LD_LIBRARY_PATH"):
        named = {one.text for one in rc.adds(line)}
        yield from _without(line, named.__contains__)


def _without(line: RcLine, which: Callable[[str], bool]) -> Iterator[LineEdit]:
    gone = tuple(one.text for one in (line.effect.adds if line.effect is not None else ()) if which(one.text))
    if gone:
        yield LineEdit(line=line, drops=gone, no_empty=True)


def _cuda_home(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[LineEdit]:
    variable = variable_of(finding) or finding.subject
    toolkits = facts.toolkit.toolkits if facts.toolkit is not None else ()
    usable = [one for one in toolkits if one.nvcc]
    on_path = facts.toolkit.nvcc_on_path_root if facts.toolkit is not None else None
    chosen = next((one for one in usable if one.real_root == on_path), usable[0] if usable else None)
    for line in _read(shell, variable):
        yield LineEdit(line=line, value=chosen.root) if chosen is not None else LineEdit(line=line, remove=True)


def _export(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[LineEdit]:  # noqa: ARG001
    for line in lines_at(finding, shell):
        yield LineEdit(line=line, export=True)


def _visible(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[LineEdit]:  # noqa: ARG001
    """What CUDA takes of the list stays; a list that leaves no GPU goes."""
    found = visibility(shell, facts.gpus, facts.smi)
    value = ",".join(found.visible) if found is not None and found.visible else None
    for line in _setting(shell, "CUDA_VISIBLE_DEVICES"):
        yield LineEdit(line=line, value=value) if value is not None else LineEdit(line=line, remove=True)


def _unset(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[LineEdit]:  # noqa: ARG001
    for line in _setting(shell, variable_of(finding) or ""):
        yield LineEdit(line=line, remove=True)


class _Rule(Protocol):
    def __call__(self, finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[LineEdit]: ...


def _of(rule: _Rule) -> Callable[[Finding, Facts], tuple[LineEdit, ...]]:
    """The rule where the shell is known; no edits where it is not."""

    def edits(finding: Finding, facts: Facts) -> tuple[LineEdit, ...]:
        return () if facts.shell is None else tuple(rule(finding, facts.shell, facts))

    return edits


missing_entries = _of(_missing)
empty_elements = _of(_empty)
repeated_entries = _of(_repeats)
stubs = _of(_stubs)
other_libraries = _of(_shadows)
cuda_home = _of(_cuda_home)
unexported = _of(_export)
visible_devices = _of(_visible)
whole_lines = _of(_unset)
