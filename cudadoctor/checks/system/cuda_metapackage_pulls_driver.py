"""Finds a metapackage whose next upgrade takes the driver away from the GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import INSTALL_GUIDE
from cudadoctor.checks.shared.machine import bare, gpu_shown, seen
from cudadoctor.checks.shared.messages import NVIDIA_NETWORK, installed
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.system import OsFacts
from cudadoctor.versions import ComputeCapability

_META = ("cuda", "cuda-drivers")
_ALIVE = ("ubuntu2204", "ubuntu2404", "ubuntu2604", "debian12", "debian13")
"""Repositories that still get new branches; in older ones the newest driver still drives these GPUs."""
_KEPT_FROM = ComputeCapability(7, 5)
"""Branch 580 is the last for Maxwell, Pascal and Volta; from 590 on Turing and newer (read 2026-11-25)."""


@check("APT005", severity=Severity.WARNING)
def cuda_metapackage_pulls_driver(os: OsFacts, distro: DistroFacts, gpus: tuple[GpuFacts, ...]) -> Result:
    """The package `cuda` or `cuda-drivers` will bring a driver that no longer drives this GPU.

    Why:
        `cuda` and `cuda-drivers` name no version: with NVIDIA's repository they mean the newest toolkit and the
        newest driver at every `apt upgrade`. Branches from 590 on no longer drive Maxwell, Pascal and Volta, so that
        the next upgrade leaves such a GPU without a driver.

    How we know:
        The packages `cuda` or `cuda-drivers` are installed, neither held nor pinned, NVIDIA's repository for a living
        release is in apt's sources, and a GPU has a compute capability below 7.5.

    Fix:
        Keep the branch: `sudo apt-get install cuda-drivers-580` and then `sudo apt-get purge cuda cuda-drivers` (look
        at what apt wants to remove before you agree), or pin it: `sudo apt-get install nvidia-driver-pinning-580`, or
        `sudo apt-mark hold cuda-drivers`. For the toolkit install `cuda-toolkit-12-8` by its name: it brings no
        driver.

    Harmless when:
        The packages are held or pinned: then this check is silent.

    Sources:
        https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
    """
    alive = [
        one for one in distro.sources or () if NVIDIA_NETWORK in one.uri and any(name in one.uri for name in _ALIVE)
    ]
    if not bare(os) or not alive:
        return
    metas = [one for one in installed(distro, *_META) if not one.held]
    pinned = installed(distro, "nvidia-driver-pinning-*") or [
        one for one in distro.pins if any(word in one.package for word in ("*", "cuda-drivers", "nvidia-driver"))
    ]
    older = [gpu for gpu in gpus if gpu.compute_capability is not None and gpu.compute_capability < _KEPT_FROM]
    if not metas or pinned or not older:
        return
    yield Problem(
        subject="machine",
        message=f"the package `{metas[0].name}` takes the newest driver at the next upgrade, "
        f"which no longer drives {gpu_shown(older[0])}",
        evidence=tuple(seen(f"package {one.name}", one.version) for one in metas),
        source=INSTALL_GUIDE,
        confidence=Confidence.LIKELY,
    )
