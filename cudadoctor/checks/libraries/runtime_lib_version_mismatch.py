"""Finds a program that asks for the libraries of another CUDA than the one that is here."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, also, check
from cudadoctor.checks.engine.sources import LD_SO
from cudadoctor.checks.shared.cuda_libraries import fits, toolkit_with, torch_env
from cudadoctor.checks.shared.machine import active, clean, env_subject, release, rows, torch_shown
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.toolkit import ToolkitInventory
from cudadoctor.versions import CudaVersion

_NUMBERED = re.compile(r"(lib[A-Za-z]{2,20})(?:_\w{2,30})?\.so\.(\d{1,2})(?:\.|\Z)")
_WHEELS = {
    "libcudart": "nvidia-cuda-runtime",
    "libcublas": "nvidia-cublas",
    "libcublasLt": "nvidia-cublas",
    "libcudnn": "nvidia-cudnn",
    "libnvJitLink": "nvidia-nvjitlink",
}
"""Library → its wheel, of those whose version begins with the number in the library's name."""


@check(
    "LD008",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("jax-runtime-older",),
            message="JAX loaded {library} {found} and was built with {wanted}: not its own library",
            source=LD_SO,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def runtime_lib_version_mismatch(
    symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...], toolkit: ToolkitInventory | None
) -> Result:
    """A program needs the CUDA libraries of another release than the environment has.

    Why:
        The name that the loader looks for carries the release: libcudart.so.10.1, libcudart.so.11.0 (all of CUDA 11),
        libcudart.so.12. torch brings the libraries of the CUDA that it was built with; a package beside it that was
        compiled for another CUDA asks for names that are not there.

    How we know:
        "libcudart.so.11.0: cannot open shared object file" with a number that belongs to another CUDA than
        torch.version.cuda, or, where no torch is told, than the CUDA that the text says is there.

    Fix:
        Install that package for torch's own CUDA (its wheel index or its name carries cu121 and the like), or build it
        here: `pip install --no-build-isolation --no-cache-dir --force-reinstall NAME` with a toolkit of torch's CUDA
        release in CUDA_HOME.

        Or install the torch build for the CUDA that it asks for. A link from one name to another (libcudart.so.12 as
        libcudart.so.11.0) does not help: the symbols differ.

    Harmless when:
        Never: what asks for the library cannot be loaded. torch without it works.

    Sources:
        https://man7.org/linux/man-pages/man8/ld.so.8.html
    """
    env = torch_env(envs)
    if env is None or env.torch is None or env.torch.cuda is None:
        return
    cuda = env.torch.cuda
    for one in every(symptoms, "cuda-library-not-found"):
        library = one.values["library"]
        if fits(library, cuda.cuda) is not False:
            continue
        root = toolkit_with(library, toolkit)
        there = f"; {clean(root)} has it, which is another CUDA than torch's" if root is not None else ""
        yield Problem(
            subject=env_subject(env),
            message=(
                f"something asks for {clean(library)}, and {torch_shown(env, env.torch)} was built with CUDA {cuda}"
                f"{there}"
            ),
            evidence=rows(one.seen, env.torch.seen),
            source=LD_SO,
            confidence=Confidence.LIKELY,
        )
        return


@also(runtime_lib_version_mismatch)
def in_messages(
    symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None, toolkit: ToolkitInventory | None
) -> Result:
    """The reporter says which CUDA is there, all of it another one than the library belongs to."""
    env = torch_env(envs)
    if env is not None and env.torch is not None and env.torch.cuda is not None:
        return  # then that decides
    told = {one.values["cuda"]: one for one in every(symptoms, "cuda-told")}
    versions = [CudaVersion.parse(text) for text in told]
    for one in every(symptoms, "cuda-library-not-found"):
        library = one.values["library"]
        fitting = [None if cuda is None else fits(library, cuda) for cuda in versions]
        if not fitting or any(fit is not False for fit in fitting) or toolkit_with(library, toolkit) is not None:
            continue
        yield Problem(
            subject=env_subject(env) if env is not None else "machine",
            message=f"something asks for {clean(library)}, and the CUDA here is said to be {', '.join(told)}",
            evidence=rows(one.seen, next(iter(told.values())).seen),
            source=LD_SO,
            confidence=Confidence.LIKELY,
        )
        return


@also(runtime_lib_version_mismatch)
def by_wheels(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...]) -> Result:
    """The wheel that brings this library is there, of another release than the name that is looked for."""
    env = active(envs)
    if env is None:
        return
    for one in every(symptoms, "cuda-library-not-found"):
        match = _NUMBERED.match(one.values["library"])
        wheel = _WHEELS.get(match.group(1)) if match else None
        if match is None or wheel is None:
            continue
        there = [package for name, package in env.packages.items() if name == wheel or name.startswith(f"{wheel}-cu")]
        if not there or any(release(package.version)[:1] == (int(match.group(2)),) for package in there):
            continue
        shown = ", ".join(f"{package.name} {clean(package.version, 30)}" for package in there)
        yield Problem(
            subject=env_subject(env),
            message=f"something needs {clean(one.values['library'])}, and the environment has {shown}",
            evidence=rows(one.seen),
            source=LD_SO,
            confidence=Confidence.LIKELY,
        )
        return
