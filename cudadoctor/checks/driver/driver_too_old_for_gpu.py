"""Finds GPUs that are newer than the installed driver."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.shared.kernel_log import answers, events, last_by_gpu, seen_of, subject
from cudadoctor.checks.shared.machine import gpu_shown, rows, seen, smi_sees
from cudadoctor.facts.driver import DriverFacts, PciFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.system import OsFacts
from cudadoctor.versions import DriverVersion


@check("DRV025", severity=Severity.ERROR)
def driver_too_old_for_gpu(
    gpus: tuple[GpuFacts, ...], driver: DriverFacts, os: OsFacts, pci: PciFacts | None, smi: SmiFacts | None
) -> Result:
    """The GPU is newer than the installed driver, which does not know it.

    Why:
        A driver knows the GPUs that were there when it was made. A newer one is left alone: "installed in this system
        is not supported by the NVIDIA 550.163.01 driver release", and nvidia-smi finds no device or cannot reach the
        driver.

    How we know:
        The GPU's compute capability (from its PCI id or nvidia-smi) needs a later branch than the installed one, by
        NVIDIA's tables, and nvidia-smi does not list the GPU; or the kernel's log has "The NVIDIA GPU … installed in
        this system is not supported by the NVIDIA … driver release" with a PCI id that is newer than the driver. The
        other direction is `gpu-dropped-by-driver`.

    Fix:
        Install a newer driver branch. For GPUs from Blackwell on (RTX 50, B200) that is 570 or newer, with the open
        kernel module. `cudadoctor fix driver-too-old-for-gpu` prints the steps for this machine. Ubuntu 22.04 and
        newer: `sudo apt-get install nvidia-driver-580-server-open`; where the release is too old for it, a newer
        release.

        Debian 12 and 13: NVIDIA's repository, `nvidia-driver-pinning-580` and `nvidia-open`. RHEL and its like:
        NVIDIA's repository, `sudo dnf install nvidia-open`. Then reboot.

    Harmless when:
        nvidia-smi lists the GPU: then this check is silent.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/
    """
    from cudadoctor.compat import drivers

    if os.wsl is not None or os.jetson is not None:
        return
    version = driver.version or driver.library_version
    held = {device.bus_id: device.driver for device in pci.gpus} if pci is not None else {}
    for gpu in gpus:
        if smi_sees(smi, gpu) or gpu.lost or held.get(gpu.pci_bus_id or "") == "vfio-pci" or not driver.installed:
            continue
        if version is None or gpu.compute_capability is None:
            missing = "the driver's version" if version is None else "its compute capability"
            yield Unknown(subject=str(Gpu(gpu.index)), reason=f"{missing} is not known")
            continue
        first = drivers.first_driver_for(gpu.compute_capability)
        if first is not None and version.branch < first.branch:
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{gpu_shown(gpu)} needs driver branch {first.branch} or newer, and {version} is installed",
                evidence=rows(
                    seen(gpu.capability_from or "PCI id", f"compute capability {gpu.compute_capability}"), driver.seen
                ),
                source=drivers.architecture_source(),
                confidence=Confidence.CERTAIN if smi is not None and smi.outcome != "slow" else Confidence.LIKELY,
            )


@also(driver_too_old_for_gpu)
def _logged(kernel: KernelFacts, gpus: tuple[GpuFacts, ...] | None, smi: SmiFacts | None) -> Result:
    """The driver itself says in the kernel's log that it does not support this GPU."""
    from cudadoctor.compat import drivers
    from cudadoctor.compat import gpus as gpus_table

    for event, _ in last_by_gpu(events(kernel, "gpu-not-supported")):
        said = dict(event.values)
        version = DriverVersion.parse(said.get("driver", ""))
        model = gpus_table.by_pci_id(said.get("pci_id", ""))
        if version is None or answers(event.bus_id, kernel, smi):
            continue
        # An id that is in no list is of a GPU that came later.
        first = drivers.first_driver_for(model.compute_capability) if model is not None else None
        if model is not None and (first is None or version.branch >= first.branch):
            continue
        yield Problem(
            subject=subject(event.bus_id, gpus),
            message=f"driver {version} does not know this GPU"
            + (f" ({model.name})" if model is not None and model.name else "")
            + (f": it needs branch {first.branch} or newer" if first is not None else ", which is newer"),
            evidence=seen_of(event),
            source=drivers.architecture_source(),
            confidence=Confidence.CERTAIN if first is not None else Confidence.LIKELY,
        )
