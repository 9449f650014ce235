"""Finds a link step that has no libcuda.so."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, check
from cudadoctor.checks.engine.sources import TRITON_LIBCUDA
from cudadoctor.checks.shared.machine import active, env_subject, release, rows, seen
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.shell import LoaderFacts

_LINKS = ((2, 0), (2, 3))
"""triton 2.0 to 2.2 look for libcuda.so beside the libcuda.so.1 of `ldconfig -p` and link with -lcuda
(python/triton/common/build.py there). Read 2026-11-25."""


@check(
    "LD005",
    severity=Severity.INFO,
    messages=(
        Says(
            kinds=("linker-finds-no-libcuda", "triton-finds-no-libcuda"),
            message="the link step finds no libcuda.so to link with",
            source=TRITON_LIBCUDA,
            severity=Severity.ERROR,
            subject="env",
        ),
    ),
)
def libcuda_not_linkable(loader: LoaderFacts, envs: tuple[EnvFacts, ...], gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The linker finds no libcuda.so, only the libcuda.so.1 that programs are started with.

    Why:
        `-lcuda` asks for a file called libcuda.so. The driver's run-time package brings libcuda.so.1; the plain name
        comes with the driver's development files, with the toolkit as a stub for linking (lib64/stubs), or not at all,
        as in most containers and on WSL's /usr/lib/wsl/lib without `ldconfig`. torch.compile and everything on triton
        compile a small C file at run time, and versions before 3 link it with -lcuda.

    How we know:
        "/usr/bin/ld: cannot find -lcuda", or triton's "libcuda.so cannot found" decide. On a live machine the loader's
        cache has libcuda.so.1 and no libcuda.so, beside a triton that links with it (2.0 to 2.2).

    Fix:
        For one program: `export LIBRARY_PATH=/usr/local/cuda/lib64/stubs${LIBRARY_PATH:+:$LIBRARY_PATH}` (gcc searches
        it while linking; never put that directory on LD_LIBRARY_PATH); newer triton also takes
        `TRITON_LIBCUDA_PATH=DIRECTORY`.

        For the machine, as root: `ldconfig`, and where there is still none, `ln -s libcuda.so.1 libcuda.so` in the
        directory that `ldconfig -p | grep libcuda.so.1` shows.

        Ubuntu and Debian: libnvidia-compute or libcuda1 of the driver's own branch brings both. CMake finds the stub by
        itself with `CUDA::cuda_driver`.

    Harmless when:
        Nothing links against libcuda here: torch itself opens libcuda.so.1. Without an old triton this is silent.

    Sources:
        https://github.com/triton-lang/triton/issues/2507
    """
    env = active(envs)
    triton = env.packages.get("triton") if env is not None else None
    if env is None or triton is None or not gpus or not _LINKS[0] <= release(triton.version)[:2] < _LINKS[1]:
        return
    names = {entry.soname: entry.path for entry in loader.cache if entry.soname.startswith("libcuda.so")}
    if "libcuda.so.1" in names and "libcuda.so" not in names:
        yield Problem(
            subject=env_subject(env),
            message=f"triton {triton.version} links with libcuda.so, and the loader's cache has libcuda.so.1 only",
            evidence=rows(seen("ldconfig -p", names["libcuda.so.1"]), seen("triton", triton.version)),
            source=TRITON_LIBCUDA,
            confidence=Confidence.POSSIBLE,
        )
