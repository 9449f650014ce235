"""Finds builds of packages that cannot see the installed torch."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="pip: build isolation", url="https://pip.pypa.io/en/stable/reference/build-system/", read_on="2026-12-01"
)


@check(
    "PY016",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("build-needs-undeclared-torch",),
            message="a package imports torch while it is built, and its isolated build environment has none",
            source=_PAGE,
            subject="env",
        ),
        Says(
            kinds=("torch-module-not-found",),
            message="a package imports torch while it is built, and its isolated build environment has none",
            source=_PAGE,
            subject="env",
            beside=("package-build-isolated",),
            confidence=Confidence.LIKELY,
        ),
    ),
)
def build_isolation_hides_torch(symptoms: tuple[Symptom, ...]) -> Result:
    """A package is built in an isolated environment, which does not contain the installed torch.

    Why:
        pip and uv build a source package in a new, empty environment with only the requirements it declares. Packages
        such as flash-attn, torch-scatter or DeepSpeed import torch while they are built and do not declare it, so
        their build fails although torch is installed.

    How we know:
        `No module named 'torch'` inside pip's "Getting requirements to build wheel", "Preparing metadata" or
        `setup.py egg_info`; uv's hint that the package depends on torch but does not declare it as a build
        dependency; DeepSpeed's "Unable to import torch, pre-compiling ops will be disabled".

    Fix:
        Build against the installed torch: `pip install --no-build-isolation PACKAGE`, after `pip install setuptools
        wheel ninja packaging`.

        With uv: `uv pip install --no-build-isolation PACKAGE`, or in pyproject.toml
        `[tool.uv.extra-build-dependencies]` with `PACKAGE = ["torch"]`. If torch is not installed yet, install it
        first.

    Harmless when:
        A prebuilt wheel of the package exists for this torch: then nothing has to be built.

    Sources:
        https://pip.pypa.io/en/stable/reference/build-system/#build-isolation
        https://docs.astral.sh/uv/concepts/projects/config/#build-isolation
    """
    yield from decided_by_messages(symptoms)
