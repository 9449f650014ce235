"""Says that the distribution's CUDA toolkit stands in front of NVIDIA's."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import INSTALL_GUIDE
from cudadoctor.facts.subject import Toolkit
from cudadoctor.facts.system import OsFacts
from cudadoctor.facts.toolkit import ToolkitInventory


@check("TK009", severity=Severity.INFO)
def distribution_toolkit_conflict(os: OsFacts, toolkit: ToolkitInventory) -> Result:
    """The distribution's CUDA toolkit is found before the one from NVIDIA.

    Why:
        `nvidia-cuda-toolkit` of Ubuntu and Debian (10.1 in 20.04, 11.5 in 22.04, 12.0 in 24.04) puts nvcc into
        /usr/bin and its headers into /usr/include, which every compiler searches. A newer toolkit below
        /usr/local/cuda-… is then not the one that builds use, or its headers are mixed with the older ones.

    How we know:
        The first nvcc on PATH is that of the distribution (/usr/bin/nvcc, /usr/lib/nvidia-cuda-toolkit), a toolkit of
        another version is below /usr/local/cuda-…, and CUDA_HOME does not choose it.

    Fix:
        Keep one of the two toolkits. For NVIDIA's: `sudo apt-get remove nvidia-cuda-toolkit nvidia-cuda-dev` and put
        /usr/local/cuda/bin on PATH, before /usr/bin (`cudadoctor shell` writes the lines). A driver is not touched by
        that.

    Harmless when:
        Builds name their compiler (CUDACXX, CMAKE_CUDA_COMPILER, CUDA_HOME), or nothing is built here.

    Sources:
        https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
    """
    if os.jetson is not None:
        return
    used = next((one for one in toolkit.toolkits if one.real_root == toolkit.nvcc_on_path_root), None)
    others = [
        one
        for one in toolkit.toolkits
        if one.origin == "nvidia" and one.nvcc is not None and used is not None and one.version != used.version
    ]
    if (
        used is None
        or used.origin != "distribution"
        or not others
        or toolkit.cuda_home_root not in (None, used.real_root)
    ):
        return
    other = max(others, key=lambda one: str(one.version or ""))
    yield Problem(
        subject=str(Toolkit(used.root)),
        message=f"`nvcc` is that of the distribution ({used.version}), before NVIDIA's {other.version} in {other.root}",
        evidence=(used.seen, other.seen),
        source=INSTALL_GUIDE,
    )
