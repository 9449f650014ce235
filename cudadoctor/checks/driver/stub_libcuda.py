"""Finds the toolkit's stub in the place of the real libcuda."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import CUDA_ERRORS
from cudadoctor.checks.shared.machine import (
    absent_without_gpu,
    clean,
    cuda_runs,
    cuinit_seen,
    is_stub,
    rows,
    seen,
    stubs_on_path,
)
from cudadoctor.checks.shared.messages import code, first, quoted
from cudadoctor.facts.driver import LibcudaFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.shell import LoaderFacts, ShellFacts
from cudadoctor.facts.symptom import Symptom

_STUB_LIBRARY = 34
_INSUFFICIENT_DRIVER = 35


@check("LD002", severity=Severity.ERROR)
def stub_libcuda(libcuda: LibcudaFacts, loader: LoaderFacts | None, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The toolkit's stub libcuda is loaded instead of the driver's.

    Why:
        A toolkit brings a libcuda under lib64/stubs that exists for linking only. On LD_LIBRARY_PATH, or copied to
        libcuda.so.1, it wins over the real one, and CUDA gives error 34.

    How we know:
        The libcuda.so.1 that the loader takes lies in a directory `stubs`, or CUDA gives 34 (CUDA_ERROR_STUB_LIBRARY,
        "CUDA driver is a stub library"). In a text also `ldd`'s or strace's path of it, or error 35 ("CUDA driver
        version is insufficient") while LD_LIBRARY_PATH has such a directory: older stubs answer so.

    Fix:
        Take the stubs directory out of LD_LIBRARY_PATH (`echo $LD_LIBRARY_PATH`, then the file that sets it) and out of
        /etc/ld.so.conf.d with `sudo ldconfig`; remove a libcuda.so.1 that somebody linked to it. To link give it to the
        linker only: `-L/usr/local/cuda/lib64/stubs -lcuda`, or LIBRARY_PATH. In a Dockerfile: no `ENV LD_LIBRARY_PATH`
        with stubs in the final stage.

    Harmless when:
        It is used to link on a machine without a GPU, such as the build stage of an image. While the real library
        wins, a stub on the path is information.

    Sources:
        https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html
    """
    path = libcuda.path or ""
    if libcuda.cuinit == _STUB_LIBRARY or (is_stub(path) and not cuda_runs(libcuda)):
        yield Problem(
            subject="machine",
            message=f"the loader takes a stub for libcuda.so.1: {clean(path) or 'cuInit gave 34'}",
            evidence=rows(cuinit_seen(libcuda)),
            source=CUDA_ERRORS,
            severity=absent_without_gpu(gpus),
        )
        return
    for entry in () if loader is None else loader.path_libraries:
        if entry.soname.startswith("libcuda.so") and is_stub(entry.path):
            yield Problem(
                subject="var:LD_LIBRARY_PATH",
                message=f"LD_LIBRARY_PATH leads to a stub of libcuda: {clean(entry.path)}",
                evidence=(seen("LD_LIBRARY_PATH", entry.path),),
                source=CUDA_ERRORS,
                severity=Severity.INFO,
            )
            return


@also(stub_libcuda)
def in_messages(symptoms: tuple[Symptom, ...], libcuda: LibcudaFacts | None) -> Result:
    """Error 34 in a paste, or the path of a stub where the loader names what it took."""
    if libcuda is not None and libcuda.path:
        return
    error, loaded = code(symptoms, _STUB_LIBRARY), first(symptoms, "libcuda-stub-loaded")
    if error is not None or loaded is not None:
        path = loaded.values.get("path") if loaded is not None else None
        yield Problem(
            subject="machine",
            message=f"the loader takes a stub for libcuda.so.1: {clean(path) or 'CUDA gave error 34'}",
            evidence=rows(quoted(error) if error is not None else None, quoted(loaded) if loaded is not None else None),
            source=CUDA_ERRORS,
        )


@also(stub_libcuda)
def from_the_path(symptoms: tuple[Symptom, ...], shell: ShellFacts, libcuda: LibcudaFacts | None) -> Result:
    """A driver that "is insufficient", and a directory of stubs on the loader's path."""
    error = code(symptoms, _INSUFFICIENT_DRIVER)
    stubs = stubs_on_path(shell)
    if error is None or stubs is None or (libcuda is not None and libcuda.path):
        return
    yield Problem(
        subject="machine",
        message=f"LD_LIBRARY_PATH leads to stubs ({clean(stubs)}), and CUDA finds no driver that is good enough",
        evidence=(quoted(error), seen("LD_LIBRARY_PATH", stubs)),
        source=CUDA_ERRORS,
        confidence=Confidence.LIKELY,
    )
