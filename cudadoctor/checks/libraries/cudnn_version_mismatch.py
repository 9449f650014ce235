"""Finds another cuDNN than the one that torch was built with."""

from __future__ import annotations

from collections.abc import Iterator

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import CUDNN_API, CUDNN_TORCH
from cudadoctor.checks.shared.cuda_libraries import subject_of, torch_env
from cudadoctor.checks.shared.machine import clean, env_subject, release, rows, seen, torch_shown, weight
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.libraries import ResolvedLibrary
from cudadoctor.facts.symptom import Symptom


@check("CL001", severity=Severity.WARNING)
def cudnn_version_mismatch(envs: tuple[EnvFacts, ...]) -> Result:
    """Two versions of cuDNN are loaded, or another one than torch was built with.

    Why:
        From version 8 on cuDNN is several files (libcudnn.so, libcudnn_ops…, libcudnn_cnn…) that load one another by
        name. Where some come from torch's wheel and some from the system, a call ends with
        CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH, CUDNN_STATUS_VERSION_MISMATCH or an undefined symbol. torch itself
        refuses a cuDNN of another major version, or of an older minor one, than it was compiled against.

    How we know:
        The loader's search is followed for each libcudnn that torch needs: parts of other versions than the main
        library. In a text: "cuDNN version incompatibility: PyTorch was compiled against (9, 1, 0) but found runtime
        version (8, 9, 7)", CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH, "Could not load library libcudnn_cnn_infer.so.8 …
        undefined symbol".

    Fix:
        torch brings its cuDNN. Take the directory with the other one out of LD_LIBRARY_PATH; or put torch's own back:
        `pip install --force-reinstall --no-deps nvidia-cudnn-cu12==VERSION` with the version that `pip show torch`
        demands.

        In a conda environment: `conda install cudnn` of the build that torch names, not pip's beside it. A program that
        needs another cuDNN than torch goes into a separate environment.

    Harmless when:
        All parts come from one place and are as new as torch's own: newer minor versions of the same major are
        compatible, and silent.

    Sources:
        https://docs.nvidia.com/deeplearning/cudnn/latest/api/overview.html
        https://github.com/pytorch/pytorch/blob/main/torch/backends/cudnn/__init__.py
    """
    for env in envs:
        if env.torch is None or env.libraries is None:
            continue
        parts = [one for one in env.libraries if one.soname.startswith("libcudnn") and one.path is not None]
        main = next((one for one in parts if one.soname.startswith("libcudnn.so")), None)
        if main is None or main.version is None:
            continue
        for part in _other(parts, main):
            yield Problem(
                subject=env_subject(env),
                message=(
                    f"{torch_shown(env, env.torch)} would get cuDNN {clean(main.version)} from {clean(main.path)} and "
                    f"{clean(part.soname)} of {clean(part.version)} from {clean(part.path)}"
                ),
                evidence=rows(
                    seen(main.path or "", f"{main.version}, by {main.how}"),
                    seen(part.path or "", f"{part.version}, by {part.how}"),
                ),
                source=CUDNN_API,
                severity=weight(env),
                confidence=Confidence.LIKELY,
            )
            break


def _other(parts: list[ResolvedLibrary], main: ResolvedLibrary) -> Iterator[ResolvedLibrary]:
    """Parts of another release than the library that loads them, by major, minor and patch."""
    for part in parts:
        if part.version is not None and release(part.version)[:3] != release(main.version or "")[:3]:
            yield part


@also(cudnn_version_mismatch)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """By what torch or cuDNN said."""
    env = torch_env(envs)
    installed = (
        next((env.packages[name] for name in sorted(env.packages) if "cudnn" in name), None)
        if env is not None
        else None
    )
    for one in every(symptoms, "cudnn-version-incompatible"):
        wanted, found = (one.values[name].replace(" ", "").replace(",", ".") for name in ("wanted", "found"))
        yield Problem(
            subject=subject_of(envs, one),
            message=f"torch was compiled against cuDNN {wanted} and was given {found}",
            evidence=rows(one.seen, seen(installed.name, installed.version) if installed is not None else None),
            source=CUDNN_TORCH,
            severity=Severity.ERROR,
        )
        return
    for one in every(symptoms, "xla-cudnn-incompatible"):
        yield Problem(
            subject="machine",
            message=f"the program was built with cuDNN {clean(one.values['wanted'])} and was given "
            f"{clean(one.values['found'])}",
            evidence=rows(one.seen, seen(installed.name, installed.version) if installed is not None else None),
            source=CUDNN_API,
            severity=Severity.ERROR,
        )
        return
    for one in every(symptoms, "cudnn-parts-differ", "cudnn-symbol-undefined"):
        yield Problem(
            subject=subject_of(envs, one),
            message="the parts of cuDNN that were loaded are of different versions",
            evidence=rows(one.seen, seen(installed.name, installed.version) if installed is not None else None),
            source=CUDNN_API,
            severity=Severity.ERROR,
        )
        return
