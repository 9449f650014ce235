"""Finds the host driver of NVIDIA vGPU, which brings no CUDA."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import VGPU_HOST
from cudadoctor.checks.shared.kernel_log import seen_of
from cudadoctor.checks.shared.machine import active, bare, cuda_runs, is_cpu_build, rows, seen
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_SAYS = "this host runs NVIDIA's vGPU manager, whose driver supports virtual machines and brings no CUDA"


@check("VIRT010", severity=Severity.ERROR)
def vgpu_host_driver_no_cuda(
    kernel: KernelFacts,
    driver: DriverFacts | None,
    os: OsFacts,
    libcuda: LibcudaFacts | None,
    envs: tuple[EnvFacts, ...] | None,
) -> Result:
    """The host runs NVIDIA's vGPU manager, whose driver brings no CUDA.

    Why:
        The driver for hypervisors (`vgpu-kvm`) divides a GPU for virtual machines. nvidia-smi works on the host and
        shows "CUDA Version: N/A"; CUDA programs there, and in containers there, fail with "CUDA driver version is
        insufficient for CUDA runtime version", however new the driver is.

    How we know:
        The loaded module is the vGPU manager (nvidia_vgpu_vfio, a version that ends in -vgpu-kvm, "Host VGPU Mode"),
        and CUDA does not start; in a text its name beside "CUDA driver version is insufficient for CUDA runtime
        version".

    Fix:
        Run CUDA in a virtual machine with the guest driver of the same vGPU release and a licence. Or, if the GPU is to
        be used on the host itself: remove the vGPU manager and install the data-centre driver.

    Harmless when:
        The host only serves virtual machines: then it is information.

    Sources:
        https://github.com/DualCoder/vgpu_unlock/issues/51
        https://docs.nvidia.com/vgpu/12.0/grid-management-sdk-user-guide/index.html
    """
    if not kernel.vgpu_host or not bare(os) or cuda_runs(libcuda) or (libcuda is not None and libcuda.outcome == "ok"):
        return
    env = active(envs or ())
    wanted = env is not None and env.torch is not None and env.torch.cuda is not None and not is_cpu_build(env.torch)
    yield Problem(
        subject="machine",
        message=_SAYS,
        evidence=rows(seen("/sys/module/nvidia_vgpu_vfio", "loaded"), driver.seen if driver is not None else None),
        source=VGPU_HOST,
        severity=None if wanted else Severity.INFO,
    )


@also(vgpu_host_driver_no_cuda)
def in_messages(symptoms: tuple[Symptom, ...]) -> Result:
    """The vGPU manager, and CUDA that finds no driver."""
    manager = every(symptoms, "vgpu-manager")
    insufficient = every(symptoms, "cuda-driver-insufficient")
    if manager and insufficient:
        yield Problem(
            subject="machine",
            message=_SAYS,
            evidence=seen_of(manager[0], insufficient[0]),
            source=VGPU_HOST,
            confidence=Confidence.LIKELY,
        )
