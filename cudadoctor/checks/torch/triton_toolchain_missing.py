"""Finds a triton that has nothing to compile with."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import TRITON
from cudadoctor.checks.shared.machine import clean
from cudadoctor.checks.shared.messages import every, subject
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom


@check("TR004", severity=Severity.ERROR)
def triton_toolchain_missing(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """A C compiler or the headers of Python are missing, which triton (`torch.compile`, vLLM …) needs.

    Why:
        triton compiles a small C module for this Python when it first meets a GPU. It needs a C compiler (gcc or clang,
        or the one that CC names) and the header Python.h of exactly this Python. Slim images, fresh servers and
        Pythons of the distribution have neither. Plain torch works without them.

    How we know:
        "RuntimeError: Failed to find C compiler. Please specify via CC environment variable", or "fatal error:
        Python.h: No such file or directory" while something is compiled.

    Fix:
        Install a C compiler and the headers of this Python. Ubuntu, Debian: `sudo apt-get install build-essential
        python3-dev`; for another Python than the system's the package of its version, such as python3.11-dev.

        RHEL, Rocky, Alma, Fedora: `sudo dnf install gcc gcc-c++ python3-devel` (or python3.11-devel). Without root, in
        a conda environment: `conda install -c conda-forge gxx_linux-64` (which sets CC; its Python has the headers).
        Pythons of uv, pyenv and conda bring Python.h along.

        In a Dockerfile: start from a -devel image, or install gcc. To go on without triton: TORCH_COMPILE_DISABLE=1.

    Harmless when:
        Nothing uses `torch.compile` or triton kernels.

    Sources:
        https://github.com/triton-lang/triton/blob/main/python/triton/runtime/build.py
    """
    for one in every(symptoms, "no-c-compiler", "no-python-header"):
        compiler = one.kind == "no-c-compiler"
        yield Problem(
            subject=subject(envs),
            message=(
                "triton found no C compiler (neither CC nor gcc nor clang)"
                if compiler
                else f"something compiled here needs the headers of this Python: {clean(one.seen.text, 100)}"
            ),
            evidence=(one.seen,),
            source=TRITON,
            confidence=Confidence.CERTAIN if compiler else Confidence.LIKELY,
        )
        return
