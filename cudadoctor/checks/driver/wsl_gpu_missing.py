"""Finds WSL 2 without its GPU device."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Says, Severity, Unknown, check
from cudadoctor.checks.engine.sources import WSL
from cudadoctor.checks.shared.machine import cuda_runs, rows, seen
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts
from cudadoctor.facts.system import OsFacts


@check(
    "WSL002",
    severity=Severity.ERROR,
    messages=(Says(kinds=("wsl-no-adapter",), message="WSL sees no GPU adapter of Windows", source=WSL),),
)
def wsl_gpu_missing(os: OsFacts, driver: DriverFacts, libcuda: LibcudaFacts | None) -> Result:
    """Windows has an NVIDIA driver for WSL, and the GPU device /dev/dxg is missing.

    Why:
        WSL 2 reaches the GPU of Windows through /dev/dxg. It is missing where the WSL kernel is too old, GPU support
        is switched off, or Windows has to be restarted after a driver update.

    How we know:
        WSL 2 (a "microsoft-standard-WSL2" kernel), the libraries of Windows' driver are in /usr/lib/wsl/lib, and
        /dev/dxg is not there.

    Fix:
        In a Windows terminal: `wsl --update`, then `wsl --shutdown`, and open the distribution again; update the NVIDIA
        driver of Windows from https://www.nvidia.com/drivers, and restart Windows. Where /etc/wsl.conf has a section
        [gpu] with `enabled=false`, take it out. Install no Linux driver inside WSL.

    Harmless when:
        Never where CUDA should work. Without any NVIDIA driver of Windows nothing is reported here.

    Sources:
        https://docs.nvidia.com/cuda/wsl-user-guide/
    """
    if os.wsl != 2 or os.container is not None or cuda_runs(libcuda):
        return
    if driver.loaded is None or driver.installed is None:
        yield Unknown(subject="machine", reason="/dev/dxg or /usr/lib/wsl/lib could not be looked at")
    elif not driver.loaded and driver.installed:
        yield Problem(
            subject="machine",
            message="the NVIDIA driver of Windows is there for WSL, and /dev/dxg is missing",
            evidence=rows(seen("/dev/dxg", "no such file"), driver.library_seen),
            source=WSL,
        )
