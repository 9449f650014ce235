"""Finds a compiled companion that was built for another CUDA than torch."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import CPP_ABI
from cudadoctor.checks.shared.extensions import companions
from cudadoctor.checks.shared.machine import clean, env_subject, release, rows, seen, torch_shown
from cudadoctor.checks.shared.messages import every, shown, subject
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom

_OWN = ("torchvision", "torchaudio")


@check("TB007", severity=Severity.ERROR)
def extension_built_for_other_cuda(envs: tuple[EnvFacts, ...]) -> Result:
    """A compiled extension was built for another CUDA than the installed torch.

    Why:
        torch loads the CUDA libraries of its own version. An extension for another major needs others
        (libcudart.so.11.0 beside libcudart.so.12), which are not there, or come in twice. torch-scatter and its kin
        compare the two and refuse: "Detected that PyTorch and torch_scatter were compiled with different CUDA
        versions". The CUDA in nvidia-smi's header and that of nvcc have nothing to do with it.

    How we know:
        The local version of the installed extension (+cu118, +pt26cu124) against torch.version.cuda. In a text:
        "Detected that PyTorch and torch_scatter were compiled with different CUDA versions",
        "libbitsandbytes_cuda126.so: cannot open shared object file", "Not compiled with CUDA support", or xFormers'
        "PyTorch 2.6.0+cu118 with CUDA 1108 (you have 2.6.0+cu124)".

    Fix:
        See what torch has: `python -c "import torch; print(torch.__version__, torch.version.cuda)"`, and install the
        extension for exactly that, for torch-scatter and its kin: `pip install --force-reinstall --no-deps
        --no-cache-dir torch-scatter -f https://data.pyg.org/whl/torch-2.6.0+cu124.html`.

        Where there is no wheel for it, compile it with a toolkit of torch's CUDA version (CUDA_HOME), or change torch
        for the build that the extension has. bitsandbytes: a newer release has libraries for newer CUDA (`pip install
        -U bitsandbytes`); BNB_CUDA_VERSION=126 takes another one that it has, of the same major.

    Harmless when:
        Nothing imports the extension, or only its functions for the CPU are used.

    Sources:
        https://docs.pytorch.org/docs/stable/cpp_extension.html
    """
    for env in envs:
        torch = env.torch
        if torch is None or torch.cuda is None:
            continue
        for one in companions(env):
            other_torch = one.torch is not None and one.torch != release(torch.version)[:2]
            if one.cuda is None or one.cuda[0] == torch.cuda.major or other_torch:
                continue
            minor = "" if one.cuda[1] is None else f".{one.cuda[1]}"
            yield Problem(
                subject=env_subject(env),
                message=(
                    f"{torch_shown(env, torch)} is built for CUDA {torch.cuda}, and {clean(one.package.name, 40)} "
                    f"{clean(one.package.version, 40)} for CUDA {one.cuda[0]}{minor}"
                ),
                evidence=rows(torch.seen, seen(one.package.name, one.package.built_for or one.package.version)),
                source=CPP_ABI,
                severity=Severity.WARNING if env.active else Severity.INFO,
                confidence=Confidence.LIKELY,
            )
            break


@also(extension_built_for_other_cuda)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """By the extension's own comparison."""
    for one in every(symptoms, "companion-other-cuda"):
        library = one.values.get("library", "")
        if library.lower() in _OWN:
            continue
        torch, other = one.values.get("torch"), one.values.get("other")
        versions = f": CUDA {clean(other, 8)} against {clean(torch, 8)}" if torch and other else ""
        yield Problem(
            subject=subject(envs),
            message=f"{clean(library, 40)} was built for another CUDA than {shown(envs)}{versions}",
            evidence=(one.seen,),
            source=CPP_ABI,
        )
        return
    for one in every(symptoms, "bitsandbytes-without-cuda", "extension-without-cuda"):
        cuda = one.values.get("cuda")
        yield Problem(
            subject=subject(envs),
            message=(
                f"bitsandbytes has no library for CUDA {clean(cuda[:-1], 4)}.{cuda[-1]}, "
                f"which {shown(envs)} is built for"
                if cuda
                else f"a compiled extension beside {shown(envs)} was built without CUDA"
            ),
            evidence=(one.seen,),
            source=CPP_ABI,
            severity=Severity.WARNING if cuda else None,
            confidence=Confidence.LIKELY,
        )
        return
    for one in every(symptoms, "xformers-built-for"):
        built, has = one.values["built"], one.values["torch"]
        if release(built) == release(has) and "+cu" in built and "+cu" in has and built != has:
            yield Problem(
                subject=subject(envs),
                message=f"xFormers was built for torch {clean(built, 40)}, and {clean(has, 40)} is installed",
                evidence=(one.seen,),
                source=CPP_ABI,
                severity=Severity.WARNING,
            )
            return
