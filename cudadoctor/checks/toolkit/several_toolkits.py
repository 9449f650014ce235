"""Says that several CUDA toolkits are installed."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import INSTALL_GUIDE
from cudadoctor.checks.shared.machine import toolkit_shown, toolkits_in_use
from cudadoctor.facts.toolkit import ToolkitInventory


@check("TK011", severity=Severity.INFO)
def several_toolkits(toolkit: ToolkitInventory) -> Result:
    """Several CUDA toolkits are installed; a build takes the one that CUDA_HOME or PATH names.

    Why:
        Toolkits stand side by side without harm. Which one compiles is decided by CUDA_HOME (torch's extensions), by
        the first nvcc on PATH (make, CMake), and by the link /usr/local/cuda where neither is set.

    How we know:
        Toolkits with nvcc below /usr/local/cuda-…, /usr and /opt, of two versions or more.

    Fix:
        Nothing has to be done: name the toolkit for a build. For one build: `CUDA_HOME=/usr/local/cuda-12.4 pip install
        …`. For good: export CUDA_HOME and put its bin first on PATH. To move the link: `update-alternatives --config
        cuda` as root.

    Harmless when:
        Always; torch itself uses none of them.

    Sources:
        https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
    """
    found = [one for one in toolkit.toolkits if one.nvcc and one.version and one.origin in ("nvidia", "distribution")]
    if len({one.version.release for one in found if one.version}) < 2:
        return
    used = toolkits_in_use(toolkit)
    yield Problem(
        subject="machine",
        message=f"{len(found)} CUDA toolkits are installed: {', '.join(toolkit_shown(one) for one in found[:6])}"
        + (f"; a build here takes {used[0].root}" if used else ""),
        evidence=tuple(one.seen for one in found[:6]),
        source=INSTALL_GUIDE,
    )
