"""Finds a WSL whose Linux side is in order and whose CUDA does not start."""

from __future__ import annotations

from cudadoctor.checks.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.common import cuinit_seen, cuinit_text, rows
from cudadoctor.checks.sources import WSL
from cudadoctor.checks.visibility import hides_all
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.system import OsFacts


@check("WSL004", severity=Severity.ERROR)
def wsl_windows_side_broken(  # noqa: PLR0917  facts, passed by name
    os: OsFacts,
    libcuda: LibcudaFacts,
    driver: DriverFacts,
    shell: ShellFacts | None,
    gpus: tuple[GpuFacts, ...] | None,
    smi: SmiFacts | None,
) -> Result:
    """Under WSL the right libcuda is loaded and CUDA does not start: the fault is on the Windows side.

    Why:
        /dev/dxg is there and the library is the one of Windows, so the Linux side is in order. The driver of Windows
        is too old or broken, or the Windows build has a known fault.

    Fix:
        In Windows: install the newest NVIDIA driver, run Windows Update and `wsl --update`, then `wsl --shutdown`.

    Harmless when:
        All GPUs are hidden by CUDA_VISIBLE_DEVICES: then this check is silent.

    Sources:
        https://docs.nvidia.com/cuda/wsl-user-guide/
    """
    if os.wsl != 2 or os.container is not None or not driver.loaded or libcuda.outcome != "failed":
        return
    if not (libcuda.path or "").startswith("/usr/lib/wsl/") or libcuda.cuinit not in (100, 101, 304, 999):
        return
    if hides_all(shell, gpus, smi):
        return
    yield Problem(
        subject="machine",
        message=f"WSL is in order and the driver of Windows does not start CUDA: {cuinit_text(libcuda)}",
        evidence=rows(cuinit_seen(libcuda)),
        source=WSL,
        confidence=Confidence.LIKELY,
    )
