"""Says that GPUs and InfiniBand do not talk directly."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import GPUDIRECT
from cudadoctor.checks.shared.machine import bare, seen
from cudadoctor.facts.driver import DriverFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.limits import LimitFacts
from cudadoctor.facts.system import OsFacts


@check("CL007", severity=Severity.INFO)
def gpudirect_module_missing(
    limits: LimitFacts, driver: DriverFacts, gpus: tuple[GpuFacts, ...], os: OsFacts
) -> Result:
    """InfiniBand is up and nvidia_peermem is not loaded, so data goes through the host's memory.

    Why:
        With the proprietary kernel module, network cards reach a GPU's memory through nvidia_peermem (GPUDirect RDMA).
        Without it NCCL copies through the host: it works, and is slower between machines.

    How we know:
        A port below /sys/class/infiniband is ACTIVE with link layer InfiniBand, the proprietary kernel module is
        loaded, and /sys/module/nvidia_peermem is not there.

    Fix:
        `modprobe nvidia-peermem` as root, and `echo nvidia-peermem > /etc/modules-load.d/nvidia-peermem.conf` for the
        next boot. It needs the RDMA drivers (MLNX_OFED, DOCA or the kernel's) to be there when the driver is built.

    Harmless when:
        Training stays on one machine. The open kernel module does without it (DMA-BUF, Linux 5.12 and newer).

    Sources:
        https://docs.nvidia.com/networking/display/GPUDirectRDMAv18/Installing+GPUDirect+RDMA
        https://docs.nvidia.com/cuda/gpudirect-rdma/
    """
    ports = [one for one in limits.infiniband if one.state == "ACTIVE" and one.link_layer == "InfiniBand"]
    if not ports or not gpus or not driver.loaded or driver.module != "proprietary" or not bare(os):
        return
    if limits.peermem is False:
        yield Problem(
            subject="machine",
            message="InfiniBand is up, and nvidia_peermem is not loaded: GPUs and network cards do not talk directly",
            evidence=(
                seen("/sys/module/nvidia_peermem", "not there"),
                seen(f"/sys/class/infiniband/{ports[0].device}", "ACTIVE, InfiniBand"),
            ),
            source=GPUDIRECT,
        )
