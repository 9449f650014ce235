"""Finds a toolkit whose programs this driver does not run."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, Unknown, check
from cudadoctor.checks.engine.sources import COMPAT
from cudadoctor.checks.shared.machine import clean, rows, runtime_served, toolkit_shown, toolkits_in_use
from cudadoctor.facts.driver import DriverFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.subject import Toolkit
from cudadoctor.facts.system import OsFacts
from cudadoctor.facts.toolkit import ToolkitInventory
from cudadoctor.versions import RuntimeVersion


@check("TK004", severity=Severity.WARNING)
def toolkit_newer_than_driver(
    toolkit: ToolkitInventory, driver: DriverFacts, gpus: tuple[GpuFacts, ...], os: OsFacts | None
) -> Result:
    """The toolkit in use is too new for the driver: what it compiles does not run here.

    Why:
        A program needs a driver of its toolkit's CUDA major (before CUDA 11: of its exact version). Otherwise it ends
        with "CUDA driver version is insufficient for CUDA runtime version".

    How we know:
        The version of the toolkit in use against what the driver supports ("CUDA Version" in the head of nvidia-smi,
        cuDriverGetVersion), else against NVIDIA's table of oldest drivers.

    Fix:
        Update the driver (Ubuntu: `sudo ubuntu-drivers install`; Debian and RHEL-like: NVIDIA's repository; under WSL:
        the driver of Windows), or compile with a toolkit that the driver supports: nvidia-smi's "CUDA Version"
        or older, several stand side by side (`export CUDA_HOME=/usr/local/cuda-12.4`). Without an
        administrator: `conda install -c nvidia cuda-toolkit=12.4` and `export CUDA_HOME=$CONDA_PREFIX`.

    Harmless when:
        What is compiled here runs on another machine. A newer minor version of the same major is fine, and silent.

    Sources:
        https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
    """
    if not gpus or not driver.loaded:
        return
    for one in toolkits_in_use(toolkit):
        if one.version is None:
            yield Unknown(subject=str(Toolkit(clean(one.real_root))), reason="its version is not known")
            continue
        served, oldest = runtime_served(driver, RuntimeVersion(one.version.major, one.version.minor), os)
        if served is None:
            yield Unknown(subject=str(Toolkit(clean(one.real_root))), reason="what the driver supports is not known")
        elif not served:
            runs = f"driver {driver.version}" if driver.version else f"a driver for CUDA {driver.cuda_version}"
            needs = f"driver {oldest} or newer" if oldest else f"a driver for CUDA {one.version.major}"
            yield Problem(
                subject=str(Toolkit(clean(one.real_root))),
                message=f"{toolkit_shown(one)} makes programs that need {needs}; this machine runs {runs}",
                evidence=rows(one.seen, driver.seen),
                source=COMPAT,
            )
