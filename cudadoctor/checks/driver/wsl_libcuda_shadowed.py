"""Finds a Linux libcuda in the way of the one that Windows brings."""

from __future__ import annotations

from cudadoctor.checks.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.common import clean, cuda_runs, cuinit_seen, is_compat, is_stub, rows, smi_lists
from cudadoctor.checks.sources import WSL
from cudadoctor.facts.driver import LibcudaFacts, SmiFacts
from cudadoctor.facts.system import OsFacts

_WINDOWS_LIBRARIES = "/usr/lib/wsl/"


@check("WSL001", severity=Severity.ERROR)
def wsl_libcuda_shadowed(os: OsFacts, libcuda: LibcudaFacts, smi: SmiFacts | None) -> Result:
    """Under WSL a Linux libcuda is found before the one that Windows brings.

    Why:
        WSL uses the driver of Windows; its libcuda lies in /usr/lib/wsl/lib. A Linux driver package (nvidia-driver,
        cuda-drivers, or the `cuda` metapackage) puts another one in front of it, which finds no device.

    Fix:
        Remove the Linux driver packages (libnvidia-compute, nvidia-driver, cuda-drivers) and run `ldconfig`; the
        toolkit (cuda-toolkit) may stay.

    Harmless when:
        CUDA works: then this check is silent.

    Sources:
        https://docs.nvidia.com/cuda/wsl-user-guide/
    """
    path = libcuda.path or ""
    if os.wsl != 2 or os.container is not None or cuda_runs(libcuda) or not path:
        return
    if path.startswith(_WINDOWS_LIBRARIES) or is_stub(path) or is_compat(path):
        return
    yield Problem(
        subject=f"file:{clean(path)}",
        message=f"the loader takes {clean(path)} before the libcuda of Windows in /usr/lib/wsl/lib",
        evidence=rows(cuinit_seen(libcuda)),
        source=WSL,
        confidence=Confidence.CERTAIN if smi_lists(smi) else Confidence.LIKELY,
    )
