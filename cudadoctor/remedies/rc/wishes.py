"""Findings → what they want of the lines of rc files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.checks.shared import rc_lines as rc
from cudadoctor.checks.shared.visible_devices import visibility
from cudadoctor.facts.base import Facts
from cudadoctor.facts.shell import RcLine, ShellFacts
from cudadoctor.remedies.cures.rc_lines import place, places
from cudadoctor.remedies.plan import Remedy
from cudadoctor.remedies.rc.model import Wish

if TYPE_CHECKING:
    from cudadoctor.checks.engine.names import Cause

_SHADOWS = "Take the CUDA directories out of LD_LIBRARY_PATH"
"""The summary of `libraries.other_copy` where the variable is what leads to the other copy."""


def wishes(finding: Finding, remedy: Remedy, facts: Facts) -> tuple[Wish, ...]:
    """What the finding wants of lines; none where it is about no line, or its line is not known."""
    shell = facts.shell
    if shell is None:
        return ()
    build = _BUILDERS.get(cast("Cause", finding.name))
    if build is not None:
        return tuple(build(finding, shell, facts))
    if finding.name in ("ld-path-shadows-bundled-libs", "cudnn-version-mismatch", "nccl-version-conflict"):
        return tuple(_shadows(shell)) if remedy.summary == _SHADOWS else ()
    return ()


def about_lines(name: str) -> bool:
    """Whether findings of that name are about lines of rc files alone."""
    return name in _BUILDERS


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


def _at(finding: Finding, shell: ShellFacts) -> list[RcLine]:
    """The lines that a finding names as its subject."""
    where = places(finding)
    return [one for one in shell.rc_lines if (one.file, str(one.line)) in where]


def _missing(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[Wish]:  # noqa: ARG001  one signature
    further = places(finding) - {place(finding)}
    for line in shell.rc_lines:
        listed = (line.file, str(line.line)) in further
        for element in line.effect.adds if line.effect is not None else ():
            if element.exists is not False or not (listed or _names(finding.message, element.text)):
                continue
            if element.suggestion:
                yield Wish(line=line, swaps=((element.text, element.suggestion),))
            else:
                yield Wish(line=line, drops=(element.text,))


def _names(message: str, directory: str) -> bool:
    return re.search(rf"(?<![\w./-]){re.escape(directory)}(?![\w./-])", message) is not None


def _empty(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[Wish]:  # noqa: ARG001
    for line in _read(shell, "LD_LIBRARY_PATH"):
        effect = line.effect
        if effect is not None and (effect.leaves_empty or any(one.text == "." for one in effect.adds)):
            yield Wish(line=line, no_empty=True)


def _repeats(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[Wish]:  # noqa: ARG001
    lines = _at(finding, shell)
    if not lines and finding.subject.startswith("var:"):
        said = {one.where for one in finding.evidence}
        lines = [one for one in shell.rc_lines if f"{one.file}:{one.line}" in said]
    for line in lines:
        if line.effect is not None and line.effect.adds:
            yield Wish(line=line, guard=True, no_empty=True)


def _stubs(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[Wish]:  # noqa: ARG001
    for line in _read(shell, "LD_LIBRARY_PATH"):
        yield from _without(line, lambda text: text.rstrip("/").endswith("/stubs"))


def _shadows(shell: ShellFacts) -> Iterator[Wish]:
    for line in _read(shell, "LD_LIBRARY_PATH"):
        named = {one.text for one in rc.adds(line)}
        yield from _without(line, named.__contains__)


def _without(line: RcLine, which: Callable[[str], bool]) -> Iterator[Wish]:
    gone = tuple(one.text for one in (line.effect.adds if line.effect is not None else ()) if which(one.text))
    if gone:
        yield Wish(line=line, drops=gone, no_empty=True)


def _cuda_home(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[Wish]:
    variable = finding.subject.removeprefix("var:")
    toolkits = facts.toolkit.toolkits if facts.toolkit is not None else ()
    usable = [one for one in toolkits if one.nvcc]
    on_path = facts.toolkit.nvcc_on_path_root if facts.toolkit is not None else None
    chosen = next((one for one in usable if one.real_root == on_path), usable[0] if usable else None)
    for line in _read(shell, variable):
        yield Wish(line=line, value=chosen.root) if chosen is not None else Wish(line=line, remove=True)


def _export(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[Wish]:  # noqa: ARG001
    for line in _at(finding, shell):
        yield Wish(line=line, export=True)


def _visible(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[Wish]:  # noqa: ARG001
    """What CUDA takes of the list stays; a list that leaves no GPU goes."""
    found = visibility(shell, facts.gpus, facts.smi)
    value = ",".join(found.visible) if found is not None and found.visible else None
    for line in _setting(shell, "CUDA_VISIBLE_DEVICES"):
        yield Wish(line=line, value=value) if value is not None else Wish(line=line, remove=True)


def _unset(finding: Finding, shell: ShellFacts, facts: Facts) -> Iterator[Wish]:  # noqa: ARG001
    for line in _setting(shell, finding.subject.removeprefix("var:")):
        yield Wish(line=line, remove=True)


_BUILDERS: dict[Cause, Callable[[Finding, ShellFacts, Facts], Iterator[Wish]]] = {
    "ld-path-entry-missing": _missing,
    "ld-path-empty-element": _empty,
    "path-duplicates": _repeats,
    "path-grows-on-sourcing": _repeats,
    "ld-path-has-stubs": _stubs,
    "stub-libcuda": _stubs,
    "cuda-home-wrong": _cuda_home,
    "cuda-home-inconsistent": _cuda_home,
    "cuda-home-not-exported": _export,
    "visible-devices-hides-gpus": _visible,
    "debug-variables-set": _unset,
}
