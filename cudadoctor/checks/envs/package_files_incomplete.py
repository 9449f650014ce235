"""Finds libraries that an interrupted installation left incomplete."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(title="ld.so(8)", url="https://man7.org/linux/man-pages/man8/ld.so.8.html", read_on="2026-12-01")


@check(
    "PY018",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("library-file-truncated",),
            message="{file} is incomplete: its installation was interrupted",
            source=_PAGE,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def package_files_incomplete(symptoms: tuple[Symptom, ...]) -> Result:
    """A library in the environment is shorter than it should be: its installation was interrupted.

    Why:
        A full disk, a lost connection or a stopped installer leaves a file that is cut off. The loader refuses it, or
        the program dies when it reads beyond the end.

    How we know:
        The loader's "file too short" or "invalid ELF header" for a shared library.

    Fix:
        Reinstall the package that owns the file: `pip install --force-reinstall --no-deps --no-cache-dir PACKAGE`.
        Check that the disk has free space first (`df -h`).

    Harmless when:
        Never.

    Sources:
        https://man7.org/linux/man-pages/man8/ld.so.8.html
    """
    yield from decided_by_messages(symptoms)
