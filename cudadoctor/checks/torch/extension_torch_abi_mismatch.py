"""Finds a compiled companion that was built for another torch."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import CPP_ABI
from cudadoctor.checks.shared.extensions import abi, companions, module, of_extension
from cudadoctor.checks.shared.machine import clean, env_subject, is_cpu_build, release, rows, seen, torch_shown
from cudadoctor.checks.shared.messages import every, shown, subject, torch_of
from cudadoctor.facts.envs import EnvFacts, TorchFacts
from cudadoctor.facts.symptom import Symptom


@check("TB006", severity=Severity.ERROR)
def extension_torch_abi_mismatch(envs: tuple[EnvFacts, ...]) -> Result:
    """A compiled extension (flash-attn, torch-scatter, xformers, mmcv …) was built for another torch.

    Why:
        An extension calls C++ functions of torch by names that hold all their types. Another release of torch has
        other functions, and a torch with the other C++ interface (wheels up to 2.6: the old one; from 2.7 on, and in
        conda-forge: the new one) has the same under other names. So its import ends with "undefined symbol: _ZN3c10…"
        (c10, at, caffe2 and torch are torch's own namespaces). An upgrade of torch alone is the usual way there, and
        pip's build isolation another: it compiles against the newest torch, not the installed one.

    How we know:
        "undefined symbol: _ZN3c10…", "_ZN2at…", "_ZNK5torch…" in a file that is not torch's own, a library of torch
        that this release does not have ("libtorch_cuda_cu.so: cannot open shared object file"), or xFormers' "PyTorch
        2.5.1+cu124 with CUDA 1204 (you have 2.6.0+cu124)". On a live machine the torch that the extension's own version
        or METADATA names.

    Fix:
        Install the extension again for the torch that is here, without the cached wheel of the old one: flash-attn:
        `pip install --no-build-isolation --no-cache-dir --force-reinstall --no-deps flash-attn`, or the wheel from its
        releases page whose name has this torch, CUDA, Python and cxx11abi (which is what `python -c "import torch;
        print(torch.compiled_with_cxx11_abi())"` prints).

        torch-scatter and its kin: `pip install --force-reinstall --no-deps torch-scatter -f
        https://data.pyg.org/whl/torch-2.6.0+cu124.html` with this torch's version and build.

        mmcv: the index of its torch and CUDA, or `mim install mmcv`. xformers: the release whose METADATA names this
        torch. Or go back to the torch that it was built for.

    Harmless when:
        Nothing imports the extension; xformers only says that it goes on without its fast kernels.

    Sources:
        https://docs.pytorch.org/docs/stable/cpp_extension.html
    """
    for env in envs:
        torch = env.torch
        has = release(torch.version)[:2] if torch is not None else ()
        if torch is None or len(has) < len(("major", "minor")):
            continue
        for one in companions(env):
            if one.torch is not None and one.torch != has:
                yield Problem(
                    subject=env_subject(env),
                    message=(
                        f"{torch_shown(env, torch)}: {clean(one.package.name, 40)} {clean(one.package.version, 40)} "
                        f"was built for torch {one.torch[0]}.{one.torch[1]}"
                    ),
                    evidence=rows(torch.seen, seen(one.package.name, one.package.built_for or one.package.version)),
                    source=CPP_ABI,
                    severity=Severity.WARNING if env.active else Severity.INFO,
                    confidence=Confidence.LIKELY,
                )
                break


@also(extension_torch_abi_mismatch)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """By the loader's word about an extension, or xFormers' own."""
    torch = torch_of(envs)
    named = any("file" in one.values for one in every(symptoms, "torch-symbol-undefined"))
    for one in every(symptoms, "torch-symbol-undefined"):
        if named and "file" not in one.values:
            continue
        cuda = "3c104cuda" in one.values.get("symbol", "") or "2at4cuda" in one.values.get("symbol", "")
        if not of_extension(one) or (cuda and torch is not None and is_cpu_build(torch)):
            continue  # a CPU build has none of torch's functions for CUDA: that is the cause then
        yield Problem(
            subject=subject(envs),
            message=f"{module(one)} was built for another torch than {shown(envs)}{abi(one)}",
            evidence=(one.seen,),
            source=CPP_ABI,
            confidence=Confidence.CERTAIN if named else Confidence.LIKELY,
        )
        return
    for one in every(symptoms, "torch-library-not-found"):
        library = one.values["library"]
        if not _other_release(library, torch):
            continue
        yield Problem(
            subject=subject(envs),
            message=f"something was built for another torch than {shown(envs)}, which has no {library}",
            evidence=rows(one.seen, torch.seen if torch is not None else None),
            source=CPP_ABI,
            confidence=Confidence.LIKELY,
        )
        return
    for one in every(symptoms, "xformers-built-for"):
        built, has = one.values["built"], one.values["torch"]
        if release(built) != release(has):
            yield Problem(
                subject=subject(envs),
                message=f"xFormers was built for torch {clean(built, 40)}, and {clean(has, 40)} is installed",
                evidence=(one.seen,),
                source=CPP_ABI,
                severity=Severity.WARNING,
            )
            return


_SPLIT_IN = ((1, 9), (1, 13))
"""Releases of torch with libtorch_cuda_cu.so and libtorch_cuda_cpp.so: BUILD_SPLIT_CUDA, from 1.9 to before 1.13."""
_SPLIT = ("libtorch_cuda_cu.so", "libtorch_cuda_cpp.so")
_FROM_1_5 = ("libtorch_cpu.so", "libtorch_cuda.so")


def _other_release(library: str, torch: TorchFacts | None) -> bool:
    """No torch of this release has a library of that name. A name that all have was only looked for too early."""
    if torch is None or torch.hip is not None:
        return False
    has = release(torch.version)[:2]
    if len(has) < 2 or (library != "libtorch_cpu.so" and is_cpu_build(torch)):
        return False
    if library in _SPLIT:
        return not _SPLIT_IN[0] <= has < _SPLIT_IN[1]
    return library in _FROM_1_5 and has < (1, 5)
