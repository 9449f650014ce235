"""Reports that CUDA's driver library does not start."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, Unknown, check
from cudadoctor.checks.engine.sources import CUDA_ERRORS
from cudadoctor.checks.shared.machine import UNSURE, clean, cuinit_seen, cuinit_text, expects_gpu, given_away, unsure
from cudadoctor.checks.shared.visible_devices import hides_all
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.system import OsFacts

_NO_DEVICE = 100


@check("TR002", severity=Severity.ERROR)
def cuda_driver_init_fails(  # noqa: PLR0917  facts, passed by name
    libcuda: LibcudaFacts,
    gpus: tuple[GpuFacts, ...] | None,
    os: OsFacts | None,
    driver: DriverFacts | None,
    pci: PciFacts | None,
    shell: ShellFacts | None,
    smi: SmiFacts | None,
    kernel: KernelFacts | None,
) -> Result:
    """CUDA does not start: cuInit gives an error, though a GPU is there.

    Why:
        cuInit is the first call of every CUDA program. Its code tells what is missing: 34 a stub library, 46 the GPU is
        refused, 100 no device, 802 the fabric is not ready, 803 library and module differ, 804 cuda-compat on a GPU
        that does not allow it, 805 to 807 MPS, 999 the driver gave no reason (unified memory, suspend, a container's
        devices). Where a more exact reason is known, this stands below it.

    How we know:
        libcuda.so.1 is loaded in a process of its own and cuInit is called: what is reported is its code, or a count of
        0 devices though the bus or nvidia-smi has a GPU. It is the sign that is left when no other check names the
        reason.

    Fix:
        Look at the kernel's log (`sudo dmesg | grep -iE 'nvrm|xid'`) for the reason. With 999 and a working nvidia-smi:
        as root `modprobe nvidia_uvm`, and after a suspend `modprobe -r nvidia_uvm` first, or reboot.

        With 100: see whether CUDA_VISIBLE_DEVICES is set (`echo $CUDA_VISIBLE_DEVICES`). In a container: start it anew
        with GPU access and try nvidia-smi on the host. Under WSL: update the driver of Windows, then `wsl --shutdown`.

    Harmless when:
        The GPUs are hidden by CUDA_VISIBLE_DEVICES (reported by its own name), or there is none: then it is silent.

    Sources:
        https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html
    """
    if libcuda.outcome == "slow":
        yield Unknown(subject="machine", reason="libcuda did not answer in the time that this run had")
    if not expects_gpu(gpus, os, driver) or (os is not None and os.wsl == 1) or given_away(pci):
        return
    if unsure(os, kernel, pci, driver, shell):
        yield UNSURE
        return
    if libcuda.outcome == "ok" and libcuda.device_count == 0 and not hides_all(shell, gpus, smi):
        yield Problem(
            subject="machine",
            message="CUDA starts and sees no device, though a GPU is there",
            evidence=(cuinit_seen(libcuda),),
            source=CUDA_ERRORS,
        )
    if libcuda.outcome != "failed":
        return
    if libcuda.cuinit == _NO_DEVICE and hides_all(shell, gpus, smi):
        return
    loaded = f", from {clean(libcuda.path)}" if libcuda.path else ""
    said = f"libcuda: {clean(libcuda.error)}" if libcuda.cuinit is None and libcuda.error else cuinit_text(libcuda)
    yield Problem(
        subject="machine",
        message=f"CUDA does not start: {said}{loaded}",
        evidence=(cuinit_seen(libcuda),),
        source=CUDA_ERRORS,
    )
