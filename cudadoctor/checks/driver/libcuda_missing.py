"""Finds a machine with a GPU where the loader finds no libcuda."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import INSTALL_GUIDE
from cudadoctor.checks.shared.machine import UNSURE, active, expects_gpu, own_pci, rows, seen, unsure
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.system import OsFacts


@check("LD004", severity=Severity.ERROR)
def libcuda_missing(  # noqa: PLR0917  facts, passed by name
    libcuda: LibcudaFacts,
    gpus: tuple[GpuFacts, ...] | None,
    os: OsFacts | None,
    driver: DriverFacts | None,
    pci: PciFacts | None,
    envs: tuple[EnvFacts, ...] | None,
    kernel: KernelFacts | None,
) -> Result:
    """The loader finds no libcuda.so.1, the library through which every CUDA program starts.

    Why:
        libcuda belongs to the driver, not to the toolkit and not to torch. Distributions put it into a package of its
        own, which a display-only installation leaves out; or it lies in a directory that the loader does not search.

    How we know:
        Loading libcuda.so.1 by its name fails ("libcuda.so.1: cannot open shared object file: No such file or
        directory") on a machine with a GPU, and torch does not reach CUDA either. In a container that was given the GPU
        it is `container-driver-capabilities-missing`.

    Fix:
        Install the driver's compute package, of the driver's own version. Ubuntu: `sudo apt-get install
        libnvidia-compute-580` (with -server for a -server driver).

        Debian: `libcuda1`. RHEL-like: `nvidia-driver-cuda`. Fedora with RPM Fusion: `xorg-x11-drv-nvidia-cuda`. Where
        the file is there (`find /usr /opt -name 'libcuda.so.1*'`): `sudo ldconfig`.

        WSL: it is in /usr/lib/wsl/lib, and comes with the driver of Windows. Do not link a toolkit's stub in its place.

    Harmless when:
        The GPU only draws a desktop; or torch finds it all the same, by a search path of its own (NixOS): then this
        check is silent.

    Sources:
        https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
    """
    if libcuda.outcome != "missing" or not expects_gpu(gpus, os, driver):
        return
    if (os is not None and os.wsl == 1) or (pci is not None and pci.gpus and not own_pci(pci)):
        return
    env = active(envs or ())
    if env is not None and env.torch is not None and env.torch.live.is_available:
        return
    if os is None or unsure(os, kernel, pci, driver):
        yield UNSURE
        return
    yield Problem(
        subject="machine",
        message="the loader finds no libcuda.so.1, so no CUDA program can start",
        evidence=rows(libcuda.seen or seen("libcuda.so.1", libcuda.error or "not found")),
        source=INSTALL_GUIDE,
    )
