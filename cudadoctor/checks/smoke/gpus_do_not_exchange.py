"""Reports that bytes or sums between GPUs are wrong, or do not arrive."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Severity, check
from cudadoctor.checks.engine.sources import NCCL_TROUBLE
from cudadoctor.checks.shared.smoke_results import EXCHANGE, problems
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.smoke import SmokeFacts


@check("SM007", severity=Severity.ERROR)
def gpus_do_not_exchange(smoke: SmokeFacts, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """The GPUs do not hand data to one another as they should.

    Why:
        Each GPU sends a pattern to each other one and gets it back, then NCCL adds up integers over all of them,
        which must be exact. PCI Express switches with access control (ACS), an IOMMU and virtual machines break the
        direct way: data arrives wrong, late, or never. On NVSwitch machines the fabric manager must run first.

    How we know:
        The tests between GPUs of `cudadoctor smoke` (a pattern sent to each other GPU and back, an all_reduce of
        integers by NCCL, or gloo on the CPU) gave wrong numbers, an error, or no end.

    Fix:
        See which way between the GPUs is broken, and switch it off or repair it. `NCCL_DEBUG=INFO` says which way NCCL
        takes and where it stops; `nvidia-smi topo -m` shows the ways there are.

        `NCCL_P2P_DISABLE=1` helps: the direct way is broken. Turn ACS off on the switches, take `iommu=pt` as kernel
        parameter, or leave P2P off. In a virtual machine that is the host's matter.

        "No space left on device", `/dev/shm`: `--shm-size=1g` or `--ipc=host` for the container.

        On HGX and DGX: `systemctl status nvidia-fabricmanager`, of the driver's exact version.

    Harmless when:
        The GPUs are used one by one and never together.

    Sources:
        https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html
    """
    found = [one for one in smoke.failed if one.name in EXCHANGE]
    what = "data between {where} goes wrong" if smoke.on_gpu else "processes on {where} do not exchange data"
    yield from problems(found, smoke, gpus, what, NCCL_TROUBLE)
