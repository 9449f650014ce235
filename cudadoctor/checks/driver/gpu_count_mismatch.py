"""Finds GPUs on the bus that nvidia-smi does not list."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, check
from cudadoctor.checks.engine.sources import NVML
from cudadoctor.checks.shared.machine import bare, clean, lends, rows, seen, smi_seen
from cudadoctor.facts.driver import DeviceNode, PciFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.system import OsFacts

_EPERM = 1


@check("NVS005", severity=Severity.ERROR)
def gpu_count_mismatch(
    smi: SmiFacts,
    pci: PciFacts,
    os: OsFacts,
    nodes: tuple[DeviceNode, ...],
    gpus: tuple[GpuFacts, ...] | None,
) -> Result:
    """A GPU that the NVIDIA driver holds is missing from nvidia-smi's list.

    Why:
        The driver took the GPU and could not start it: a failed start leaves a line `RmInitAdapter failed` or an Xid
        in the kernel's log, and nvidia-smi lists the others as if nothing were missing.

    How we know:
        The bus has a GPU that answers and that the nvidia driver holds (/sys/bus/pci), and nvidia-smi lists the others
        without it. A GPU that no longer answers is `gpu-fallen-off-bus`; one that the device cgroup keeps back is not
        reported.

    Fix:
        Look for the GPU's bus id in `sudo dmesg | grep -i nvrm`. A cold start (power off and on) tells a passing fault
        from a defect; then seating, power cables and, for an exchange, the slot. `nvidia-smi drain` and the module's
        option NVreg_ExcludedGpus take a GPU out on purpose: undo that where it was not meant.

    Harmless when:
        A batch system or a container gives this shell a part of the GPUs: then nothing is reported. GPUs that are lent
        to virtual machines are not counted.

    Sources:
        https://docs.nvidia.com/deploy/nvml-api/
    """
    if smi.outcome != "ok" or not smi.gpus or not bare(os) or lends(smi):
        return
    listed = {gpu.bus_id for gpu in smi.gpus}
    index = {gpu.pci_bus_id: gpu.index for gpu in gpus or ()}
    held = [one for one in pci.gpus if one.driver == "nvidia" and one.responds and one.bus_id.endswith(".0")]
    missing = [one for one in held if one.bus_id not in listed]
    if not missing or None in listed:
        return
    if any(node.errno == _EPERM for node in nodes):
        yield Unknown(
            subject="machine", reason="this shell was given a part of the GPUs: the device cgroup refuses some"
        )
        return
    for device in missing:
        yield Problem(
            subject=str(Gpu(index[device.bus_id])) if device.bus_id in index else str(Gpu(device.bus_id)),
            message=f"the GPU at {clean(device.bus_id)} is held by the NVIDIA driver and missing from nvidia-smi's list"
            f" of {len(smi.gpus)}",
            evidence=rows(seen(f"/sys/bus/pci/devices/{device.bus_id}/driver", "nvidia"), smi_seen(smi)),
            source=NVML,
            confidence=Confidence.LIKELY,
        )
