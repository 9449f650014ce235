"""Finds a 32-bit Python where torch was wanted."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PLATFORM_TAGS
from cudadoctor.checks.shared.machine import rows
from cudadoctor.checks.shared.messages import every, first
from cudadoctor.facts.symptom import Symptom

_TORCH = ("torch", "torchvision", "torchaudio")


@check("PY013", severity=Severity.ERROR)
def python_32bit(symptoms: tuple[Symptom, ...]) -> Result:
    """This Python is a 32-bit one, and torch has only wheels for 64-bit Pythons.

    Why:
        pip looks for a wheel with this Python's own platform tag (win32, linux_i686, linux_armv7l). torch was never
        built for these, so pip finds nothing, or only a placeholder of 2017 (0.1.2.post2) that ends with an error.
        A 32-bit Python runs on 64-bit Windows and Linux without a word.

    How we know:
        The path or banner of a 32-bit Python ("Python38-32", "32 bit (Intel)") beside pip's "Could not find a version
        that satisfies the requirement torch", a wheel that "is not a supported wheel on this platform", or the
        placeholder torch 0.1.2.

    Fix:
        Install a 64-bit Python, and torch into that. See what it is: `python -c "import struct;
        print(struct.calcsize('P') * 8)"` prints 64 or 32. Install a 64-bit Python (on Windows the "Windows installer
        (64-bit)", or `uv python install 3.12`), make a new environment with it, and install torch there. On a Raspberry
        Pi or another Arm board install the 64-bit system.

    Harmless when:
        torch is not wanted in this Python.

    Sources:
        https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
    """
    path = first(symptoms, "python-32bit-path")
    failed = first(symptoms, "torch-placeholder") or next(
        (
            one
            for one in every(symptoms, "pip-no-version", "wheel-not-supported")
            if one.values.get("package", one.values.get("name")) in _TORCH
        ),
        None,
    )
    if path is None or failed is None:
        return
    yield Problem(
        subject="machine",
        message="torch was to be installed into a 32-bit Python, and has wheels for 64-bit ones only",
        evidence=rows(path.seen, failed.seen),
        source=PLATFORM_TAGS,
        confidence=Confidence.CERTAIN,
    )
