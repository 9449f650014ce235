"""Finds Python interpreters that cannot start."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="Python: environment variables",
    url="https://docs.python.org/3/using/cmdline.html#environment-variables",
    read_on="2026-12-01",
)


@check(
    "PY017",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("python-standard-library-missing",),
            message="Python does not find its own standard library",
            source=_PAGE,
        ),
    ),
)
def python_does_not_start(symptoms: tuple[Symptom, ...]) -> Result:
    """Python does not find its own standard library, so it cannot start.

    Why:
        PYTHONHOME or PYTHONPATH of another installation, or an environment whose base Python was removed, sends
        Python to a directory without its standard library.

    How we know:
        `ModuleNotFoundError: No module named 'encodings'` or "failed to get the Python codec of the filesystem
        encoding".

    Fix:
        Unset PYTHONHOME and PYTHONPATH (`unset PYTHONHOME PYTHONPATH`) and try again. If it still fails, the base
        Python is gone: create the environment again.

    Harmless when:
        Never.

    Sources:
        https://docs.python.org/3/using/cmdline.html#envvar-PYTHONHOME
    """
    yield from decided_by_messages(symptoms)
