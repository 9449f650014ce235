"""Finds GPUs that only the open kernel module drives, under the proprietary one."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Says, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import KERNEL_MODULES
from cudadoctor.checks.shared.kernel_log import answers, events, last_by_gpu, seen_of, subject
from cudadoctor.checks.shared.machine import bare, cuda_runs, gpu_shown, rows, seen, smi_sees
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.system import OsFacts


@check(
    "DRV008",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("nvrm-open-module-required",),
            message="the GPU needs the open kernel modules, and the proprietary one is loaded",
            source=KERNEL_MODULES,
        ),
    ),
)
def proprietary_module_on_open_only_gpu(
    gpus: tuple[GpuFacts, ...],
    driver: DriverFacts,
    os: OsFacts,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
) -> Result:
    """The proprietary kernel module is loaded, and this GPU works with the open one only.

    Why:
        From Blackwell on (RTX 50, B200 …) and on Grace, NVIDIA's driver supports the GPU only through the open kernel
        modules. The proprietary module loads, refuses the GPU, and nvidia-smi finds no device.

    How we know:
        /proc/driver/nvidia/version has no "Open" and the GPU is a Blackwell or newer, or of Grace, that nvidia-smi does
        not list; or dmesg's "installed in this system requires use of the NVIDIA open kernel modules".

    Fix:
        The open modules of the same version. Ubuntu: `sudo apt-get install nvidia-driver-580-server-open` (your
        branch). Debian: `nvidia-open-kernel-dkms`. NVIDIA's repository: `sudo apt-get install nvidia-open` or `sudo
        dnf install nvidia-open --allowerasing`. A .run file: `--kernel-module-type=open`. SUSE: the packages with
        `nvidia-open` in their names. Then reboot.

    Harmless when:
        nvidia-smi lists the GPU: then it works, and this check is silent.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/kernel-modules.html
    """
    from cudadoctor.compat import drivers

    if os.wsl is not None or os.jetson is not None or driver.module != "proprietary":
        if bare(os) and driver.loaded and driver.module is None and gpus:
            yield Unknown(subject="machine", reason="the kind of the kernel module is not known")
        return
    for gpu in gpus:
        if smi_sees(smi, gpu) or gpu.lost or (cuda_runs(libcuda) and len(gpus) == 1):
            continue
        if gpu.compute_capability is None:
            yield Unknown(subject=str(Gpu(gpu.index)), reason="its compute capability is not known")
        elif drivers.needs_open_module(gpu.compute_capability, gpu.name):
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{gpu_shown(gpu)} needs the open kernel module, and the proprietary one is loaded",
                evidence=rows(
                    driver.seen,
                    seen(gpu.capability_from or "PCI id", f"compute capability {gpu.compute_capability}"),
                ),
                source=KERNEL_MODULES,
            )


@also(proprietary_module_on_open_only_gpu)
def _logged(kernel: KernelFacts, gpus: tuple[GpuFacts, ...] | None, smi: SmiFacts | None) -> Result:
    """The module says so in the kernel's log."""
    for event, _ in last_by_gpu(events(kernel, "needs-open-module")):
        if answers(event.bus_id, kernel, smi):
            continue
        yield Problem(
            subject=subject(event.bus_id, gpus),
            message="this GPU needs the open kernel module, and the proprietary one is loaded",
            evidence=seen_of(event),
            source=KERNEL_MODULES,
        )
