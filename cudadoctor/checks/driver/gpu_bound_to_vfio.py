"""Finds GPUs that are reserved for virtual machines."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, also, check
from cudadoctor.checks.engine.sources import DRIVER_INSTALL
from cudadoctor.checks.shared.kernel_log import events, says_no_driver, seen_of
from cudadoctor.checks.shared.machine import active, given_away, is_cpu_build, seen
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import PciFacts, SmiFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.subject import Gpu
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check(
    "HW003",
    severity=Severity.INFO,
    messages=(
        Says(
            kinds=("vfio-in-use",),
            message="vfio-pci holds the GPU for a virtual machine, so NVIDIA's module does not get it",
            source=DRIVER_INSTALL,
            beside=("nvrm-another-driver-owns-gpu",),
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def gpu_bound_to_vfio(pci: PciFacts, os: OsFacts | None, envs: tuple[EnvFacts, ...] | None) -> Result:
    """A GPU is held by vfio-pci, which reserves it for a virtual machine.

    Why:
        A GPU that is passed through to a guest is not there for programs of the host.

    How we know:
        The link /sys/bus/pci/devices/…/driver of the GPU leads to vfio-pci (`lspci -k`: "Kernel driver in use:
        vfio-pci"); in a text also that nvidia-smi finds no device.

    Fix:
        Use CUDA inside the guest; or give the GPU back to the host: remove its id from the vfio-pci options, rebuild
        the initramfs, and reboot.

    Harmless when:
        This machine hosts virtual machines and the GPU is meant for them. It is a warning only where every GPU is
        given away and the active environment has a torch that is built for CUDA.

    Sources:
        https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/
    """
    if os is not None and os.wsl is not None:
        return
    env = active(envs or ())
    wanted = env is not None and env.torch is not None and env.torch.cuda is not None and not is_cpu_build(env.torch)
    for device in pci.gpus:
        if device.driver == "vfio-pci":
            yield Problem(
                subject=str(Gpu(device.bus_id)),
                message=f"the GPU at {device.bus_id} is held by vfio-pci, reserved for a virtual machine",
                evidence=(seen(f"/sys/bus/pci/devices/{device.bus_id}/driver", "vfio-pci"),),
                source=DRIVER_INSTALL,
                severity=Severity.WARNING if wanted and given_away(pci) else None,
            )


@also(gpu_bound_to_vfio)
def in_messages(
    symptoms: tuple[Symptom, ...], pci: PciFacts | None, smi: SmiFacts | None, kernel: KernelFacts | None
) -> Result:
    """In lspci a device is shown that vfio-pci holds, and the NVIDIA driver has none."""
    held = every(symptoms, "vfio-in-use")
    told = smi is not None and "no devices were found" in (smi.message or "").lower()
    missed = told or says_no_driver(smi) or every(symptoms, "smi-no-driver") or events(kernel, "held-by-other")
    if pci is None and held and missed:
        yield Problem(
            subject="machine",
            message="the GPU is held by vfio-pci, reserved for a virtual machine",
            evidence=seen_of(*held),
            source=DRIVER_INSTALL,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        )
