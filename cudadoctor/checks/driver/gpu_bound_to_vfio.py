"""Finds GPUs that are reserved for virtual machines."""

from __future__ import annotations

from cudadoctor.checks.base import Problem, Result, Severity, check
from cudadoctor.checks.common import active, given_away, is_cpu_build, seen
from cudadoctor.checks.sources import DRIVER_INSTALL
from cudadoctor.facts.driver import PciFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.system import OsFacts


@check("HW003", severity=Severity.INFO)
def gpu_bound_to_vfio(pci: PciFacts, os: OsFacts | None, envs: tuple[EnvFacts, ...] | None) -> Result:
    """A GPU is held by vfio-pci, which reserves it for a virtual machine.

    Why:
        A GPU that is passed through to a guest is not there for programs of the host.

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
                subject=f"gpu:{device.bus_id}",
                message=f"the GPU at {device.bus_id} is held by vfio-pci, reserved for a virtual machine",
                evidence=(seen(f"/sys/bus/pci/devices/{device.bus_id}/driver", "vfio-pci"),),
                source=DRIVER_INSTALL,
                severity=Severity.WARNING if wanted and given_away(pci) else None,
            )
