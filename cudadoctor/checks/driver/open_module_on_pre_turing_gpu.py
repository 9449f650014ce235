"""Finds GPUs that the open kernel module cannot drive."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import KERNEL_MODULES
from cudadoctor.checks.shared.kernel_log import answers, events, last_by_gpu, seen_of, subject
from cudadoctor.checks.shared.machine import cuda_runs, gpu_shown, rows, seen, smi_sees
from cudadoctor.checks.shared.messages import first, quoted
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("DRV009", severity=Severity.ERROR)
def open_module_on_pre_turing_gpu(
    gpus: tuple[GpuFacts, ...],
    driver: DriverFacts,
    os: OsFacts,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
) -> Result:
    """The open kernel module is loaded, and this GPU is too old for it.

    Why:
        The open kernel modules need the GPU System Processor, which came with Turing. Maxwell, Pascal and Volta work
        with the proprietary module only, and only up to branch 580.

    How we know:
        /proc/driver/nvidia/version says "NVIDIA UNIX Open Kernel Module" (or `modinfo nvidia`: license Dual MIT/GPL),
        and the GPU's compute capability is below 7.5; or dmesg's "installed in this system is not supported by open
        nvidia.ko because it does not include the required GPU System Processor (GSP)".

    Fix:
        Ubuntu: `sudo apt-get install nvidia-driver-580-server` in place of `nvidia-driver-580-server-open`. Debian:
        `nvidia-kernel-dkms` in place of `nvidia-open-kernel-dkms`.

        NVIDIA's repository: `sudo apt-get install cuda-drivers-580` (remove `nvidia-open` first), RHEL 8 and 9 `sudo
        dnf module reset nvidia-driver` and `sudo dnf module install nvidia-driver:580-dkms`.

        A .run file: `--kernel-module-type=proprietary`. Then reboot, and hold the branch: 590 and newer no longer drive
        these GPUs at all.

    Harmless when:
        nvidia-smi lists the GPU: then it works, and this check is silent. Beside a newer GPU that does the work it is
        information.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/kernel-modules.html
    """
    from cudadoctor.compat import drivers

    if os.wsl is not None or os.jetson is not None or driver.module != "open":
        return
    others_work = cuda_runs(libcuda) or any(smi_sees(smi, gpu) for gpu in gpus)
    for gpu in gpus:
        if smi_sees(smi, gpu) or gpu.lost or (cuda_runs(libcuda) and len(gpus) == 1):
            continue
        if gpu.compute_capability is None:
            yield Unknown(subject=str(Gpu(gpu.index)), reason="its compute capability is not known")
        elif not drivers.open_module_possible(gpu.compute_capability):
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{gpu_shown(gpu)} is older than Turing, and the open kernel module is loaded",
                evidence=rows(
                    driver.seen,
                    seen(gpu.capability_from or "PCI id", f"compute capability {gpu.compute_capability}"),
                ),
                source=KERNEL_MODULES,
                severity=Severity.INFO if others_work else None,
            )


@also(open_module_on_pre_turing_gpu)
def _logged(kernel: KernelFacts, gpus: tuple[GpuFacts, ...] | None, smi: SmiFacts | None) -> Result:
    """The module says so in the kernel's log."""
    from cudadoctor.compat import drivers
    from cudadoctor.compat import gpus as gpus_table

    for event, _ in last_by_gpu(events(kernel, "open-module-unsupported")):
        if answers(event.bus_id, kernel, smi):
            continue
        found = gpus_table.by_pci_id(dict(event.values).get("pci_id", ""))
        cc = found.compute_capability if found is not None else None
        if cc is not None and drivers.open_module_possible(cc):
            continue  # a confidential virtual machine says the same of a newer GPU
        yield Problem(
            subject=subject(event.bus_id, gpus),
            message="the open kernel module is loaded, and this GPU has no system processor (GSP): "
            "it is older than Turing",
            evidence=seen_of(event),
            source=KERNEL_MODULES,
        )


@also(open_module_on_pre_turing_gpu)
def in_messages(symptoms: tuple[Symptom, ...], kernel: KernelFacts | None, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """Any line of the module's message, where the log around it is cut."""
    from cudadoctor.compat import drivers

    refused = first(symptoms, "nvrm-open-module-needs-gsp")
    if refused is None or events(kernel, "open-module-unsupported"):
        return
    known = [gpu.compute_capability for gpu in gpus or () if gpu.compute_capability is not None]
    if known and all(drivers.open_module_possible(one) for one in known):
        return  # a confidential virtual machine says the same of a newer GPU
    yield Problem(
        subject="machine",
        message="the open kernel module is loaded, and the GPU has no system processor (GSP): it is older than Turing",
        evidence=(quoted(refused),),
        source=KERNEL_MODULES,
        confidence=Confidence.LIKELY,
    )
