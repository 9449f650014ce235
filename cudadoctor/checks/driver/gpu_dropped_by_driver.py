"""Finds GPUs that the installed driver branch no longer drives."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import DRIVER_INSTALL
from cudadoctor.checks.shared.kernel_log import answers, events, last_by_gpu, seen_of, subject
from cudadoctor.checks.shared.machine import clean, gpu_shown, rows, seen, smi_lists, smi_sees
from cudadoctor.facts.driver import DriverFacts, PciFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.system import OsFacts
from cudadoctor.versions import DriverVersion


@check(
    "DRV007",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("nvrm-legacy-gpu-ignored",),
            message="the installed driver branch no longer supports the GPU: an older, legacy branch does",
            source=DRIVER_INSTALL,
        ),
    ),
)
def gpu_dropped_by_driver(
    gpus: tuple[GpuFacts, ...], driver: DriverFacts, os: OsFacts, pci: PciFacts | None, smi: SmiFacts | None
) -> Result:
    """The installed driver branch no longer supports this GPU.

    Why:
        NVIDIA ends the support of old architectures with a branch: Kepler stays at 470, Maxwell, Pascal and Volta
        stay at 580. A newer driver loads and ignores the GPU.

    How we know:
        The GPU's compute capability is below what the installed branch drives (NVIDIA's table: 470 ends Kepler, 580
        Maxwell, Pascal and Volta), and nvidia-smi does not list it; or dmesg's "The NVIDIA … GPU installed in this
        system is supported through the NVIDIA 470.xx Legacy drivers. … The 580.65.06 NVIDIA driver will ignore this
        GPU".

    Fix:
        Install the last branch that supports the GPU, with the proprietary module, and hold it there.

        Maxwell, Pascal, Volta (GTX 900, GTX 10, P100, V100, Titan V), branch 580: Ubuntu `sudo apt-get install
        nvidia-driver-580-server`; NVIDIA's repository for Ubuntu and Debian: `sudo apt-get install
        nvidia-driver-pinning-580`, then `sudo apt-get install cuda-drivers-580`; RHEL and its like, 8 and 9: `sudo dnf
        module switch-to nvidia-driver:580-dkms`, then `sudo dnf install cuda-drivers`; Fedora with RPM Fusion: `sudo
        dnf install akmod-nvidia-580xx xorg-x11-drv-nvidia-580xx-cuda`; openSUSE: `sudo zypper install
        nvidia-driver-G06-kmp-meta`; Arch: `nvidia-580xx-dkms` and `nvidia-580xx-utils` from the AUR.

        Kepler (GTX 600 and 700, K20 to K80), branch 470: Ubuntu up to 24.04 `nvidia-driver-470`, Debian 11 and 12
        `nvidia-tesla-470-driver`, Fedora `akmod-nvidia-470xx`.

        Where nothing above holds the branch: `sudo apt-mark hold PACKAGE` or `sudo dnf versionlock add PACKAGE`. Then
        reboot. CUDA 12 is the last for Maxwell to Volta, CUDA 11 for Kepler.

    Harmless when:
        Another, newer GPU of this machine does the work: then this is information.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/
    """
    from cudadoctor.compat import drivers

    if os.wsl is not None or os.jetson is not None:
        return
    version = driver.version or driver.library_version
    held = {device.bus_id: device.driver for device in pci.gpus} if pci is not None else {}
    others_work = any(smi_sees(smi, gpu) for gpu in gpus)
    for gpu in gpus:
        if smi_sees(smi, gpu) or gpu.lost or held.get(gpu.pci_bus_id or "") == "vfio-pci":
            continue
        if version is None or gpu.compute_capability is None:
            if driver.installed or driver.loaded:
                missing = "the driver's version" if version is None else "its compute capability"
                yield Unknown(subject=str(Gpu(gpu.index)), reason=f"{missing} is not known")
            continue
        gone = drivers.dropped(gpu.compute_capability, version)
        if gone is None:
            yield Unknown(subject=str(Gpu(gpu.index)), reason=f"whether driver {version} supports it is in no table")
        elif gone:
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=(
                    f"{gpu_shown(gpu)} has compute capability {gpu.compute_capability}, which driver {version} "
                    "no longer supports"
                ),
                evidence=rows(
                    seen(gpu.capability_from or "PCI id", f"compute capability {gpu.compute_capability}"), driver.seen
                ),
                source=drivers.architecture_source(),
                severity=Severity.INFO if others_work else None,
                confidence=Confidence.CERTAIN if smi is not None and smi.outcome != "slow" else Confidence.LIKELY,
            )


@also(gpu_dropped_by_driver)
def _logged(kernel: KernelFacts, gpus: tuple[GpuFacts, ...] | None, smi: SmiFacts | None) -> Result:
    """The driver itself says in the kernel's log that an older branch supports this GPU."""
    from cudadoctor.compat import drivers

    for event in events(kernel, "legacy-gpu"):
        said = dict(event.values)
        name = clean(said.get("name", "the GPU"), 80)
        known = [gpu for gpu in gpus or () if gpu.name and (gpu.name in name or name in gpu.name)]
        yield Problem(
            subject=str(Gpu(known[0].index)) if known else subject(None, gpus),
            message=f"{name} is served by branch {said.get('branch', '?')} at the newest, "
            f"and driver {said.get('driver', 'in use')} ignores it",
            evidence=seen_of(event),
            source=drivers.architecture_source(),
            severity=Severity.INFO if kernel.live and smi_lists(smi) else None,
        )


@also(gpu_dropped_by_driver)
def _refused(kernel: KernelFacts, gpus: tuple[GpuFacts, ...] | None, smi: SmiFacts | None) -> Result:
    """The driver says in the kernel's log that it does not support a GPU which an older branch served."""
    from cudadoctor.compat import drivers
    from cudadoctor.compat import gpus as gpus_table

    for event, _ in last_by_gpu(events(kernel, "gpu-not-supported")):
        said = dict(event.values)
        version = DriverVersion.parse(said.get("driver", ""))
        model = gpus_table.by_pci_id(said.get("pci_id", ""))
        last = drivers.last_driver_for(model.compute_capability) if model is not None else None
        if model is None or version is None or last is None or version.branch <= last:
            continue
        if answers(event.bus_id, kernel, smi):
            continue
        yield Problem(
            subject=subject(event.bus_id, gpus),
            message=f"{model.name or 'this GPU'} is served by branch {last} at the newest, not by {version}",
            evidence=seen_of(event),
            source=drivers.architecture_source(),
            severity=Severity.INFO if kernel.live and smi_lists(smi) else None,
        )
