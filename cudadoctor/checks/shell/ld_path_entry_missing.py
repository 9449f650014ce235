"""Finds entries of search paths that do not exist."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, check
from cudadoctor.checks.engine.sources import LD_SO
from cudadoctor.checks.shared import rc_lines as rc
from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.checks.shared.rc_lines import lines, setters
from cudadoctor.facts.shell import PathEntry, ShellFacts
from cudadoctor.facts.subject import File, Var

# Images of NVIDIA name these for drivers that mount them there; elsewhere they are not there, and that is meant.
_RUNTIME_DIRS = ("/usr/local/nvidia/",)


def _ours(entry: PathEntry) -> bool:
    text = entry.text.lower()
    if not text.startswith("/") or f"{text}/".startswith(_RUNTIME_DIRS):
        return False
    return entry.suggestion is not None or "cuda" in text or "nvidia" in text or "cupti" in text


@check("ENV003", severity=Severity.INFO)
def ld_path_entry_missing(shell: ShellFacts) -> Result:
    """An entry of LD_LIBRARY_PATH or PATH names a CUDA directory that does not exist.

    Why:
        A typo (`/usr/loacl/cuda/lib64`) or a toolkit that was removed: the loader skips the entry without a word, and
        the libraries that were meant are not found.

    How we know:
        Each entry with cuda, nvidia or cupti in its name is looked up; where an existing directory differs by a letter
        or two, or by the version, it is named. The lines of the rc files are followed in the same way.

    Fix:
        Correct the entry in the file that sets it, or take it out, and open a new shell.

    Harmless when:
        Nothing needs that directory: torch brings its libraries along. Only where an existing directory was probably
        meant it is a warning.

    Sources:
        https://man7.org/linux/man-pages/man8/ld.so.8.html
    """
    found: set[tuple[str, str]] = set()
    for entry in shell.entries:
        if not entry.text or (entry.variable, entry.text) in found or not _ours(entry):
            continue
        found.add((entry.variable, entry.text))
        written = lines(shell, entry.variable, entry.text)
        subject = str(File(clean(written[0].file), written[0].line)) if written else str(Var(entry.variable))
        if entry.exists is None:
            yield Unknown(subject=str(Var(entry.variable)), reason=f"{clean(entry.text)} could not be looked at")
            continue
        if entry.exists:
            continue
        meant = f"; {clean(entry.suggestion)} is there" if entry.suggestion else ""
        yield Problem(
            subject=subject if len(found) == 1 or written else f"{subject}:{entry.index}",
            message=f"{entry.variable} names {clean(entry.text)}, which does not exist{meant}",
            evidence=(seen(entry.variable, entry.text), *setters(shell, entry.variable, entry.text)),
            source=LD_SO,
            severity=Severity.WARNING if entry.suggestion else None,
            confidence=Confidence.CERTAIN,
        )
    for line in rc.read_lines(shell, "LD_LIBRARY_PATH", "PATH"):
        if line.effect is not None and line.effect.unknown and "cuda" in line.text.lower():
            reason = (
                f"`{clean(line.effect.unknown[0], 80)}` in line {line.line} of {clean(line.file)} cannot be followed"
            )
            yield Unknown(subject=rc.subject(line), reason=reason)
        for element in rc.adds(line):
            if element.exists is not False or (line.variable, element.text) in found:
                continue
            found.add((line.variable, element.text))
            meant = f"; {clean(element.suggestion)} is there" if element.suggestion else ""
            several = sum(one.exists is False for one in rc.adds(line)) > 1
            yield Problem(
                subject=rc.subject(line) + (f":{clean(element.text)}" if several and not element.suggestion else ""),
                message=f"line {line.line} of {clean(line.file)} puts {clean(element.text)} on {line.variable}, "
                f"which does not exist{meant}",
                evidence=rc.evidence(line)[: None if element.suggestion else 1],
                source=LD_SO,
                severity=Severity.WARNING if element.suggestion else None,
                confidence=Confidence.LIKELY,
            )
