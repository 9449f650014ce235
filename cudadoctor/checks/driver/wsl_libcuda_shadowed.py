"""Finds a Linux libcuda in the way of the one that Windows brings."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import WSL
from cudadoctor.checks.shared.machine import clean, cuda_runs, cuinit_seen, is_compat, is_stub, rows, smi_lists
from cudadoctor.checks.shared.messages import every, installed, speaks_of_container
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.driver import LibcudaFacts, SmiFacts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.facts.subject import File
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_WINDOWS_LIBRARIES = "/usr/lib/wsl/"


@check("WSL001", severity=Severity.ERROR)
def wsl_libcuda_shadowed(os: OsFacts, libcuda: LibcudaFacts, smi: SmiFacts | None) -> Result:
    """Under WSL a Linux libcuda is found before the one that Windows brings.

    Why:
        WSL uses the driver of Windows; its libcuda lies in /usr/lib/wsl/lib. A Linux driver package (nvidia-driver,
        cuda-drivers, or the `cuda` metapackage) puts another one in front of it, which finds no device.

    How we know:
        Under WSL 2 the libcuda.so.1 that the loader takes is not in /usr/lib/wsl/lib, and CUDA does not start; in a
        text nvidia-smi works and CUDA says "no CUDA-capable device is detected" (error 100), or a package
        libnvidia-compute-… is installed.

    Fix:
        `sudo apt-get purge '^libnvidia-compute-.*' '^nvidia-driver-.*' '^cuda-drivers.*'` (read the list that apt shows
        before you agree; the toolkit, cuda-toolkit-…, stays), then `sudo ldconfig`, and `wsl --shutdown` in Windows.
        `ldconfig -p | grep libcuda.so.1` must show /usr/lib/wsl/lib first. Install the toolkit from NVIDIA's
        `wsl-ubuntu` repository, by the name `cuda-toolkit-12-8`, never `cuda` or `cuda-drivers` of another one.

    Harmless when:
        CUDA works: then this check is silent.

    Sources:
        https://docs.nvidia.com/cuda/wsl-user-guide/
    """
    path = libcuda.path or ""
    if os.wsl != 2 or os.container is not None or cuda_runs(libcuda) or not path:
        return
    if path.startswith(_WINDOWS_LIBRARIES) or is_stub(path) or is_compat(path):
        return
    yield Problem(
        subject=str(File(clean(path))),
        message=f"the loader takes {clean(path)} before the libcuda of Windows in /usr/lib/wsl/lib",
        evidence=rows(cuinit_seen(libcuda)),
        source=WSL,
        confidence=Confidence.CERTAIN if smi_lists(smi) else Confidence.LIKELY,
    )


@also(wsl_libcuda_shadowed)
def from_messages(  # noqa: PLR0917  facts, passed by name
    symptoms: tuple[Symptom, ...],
    os: OsFacts | None,
    smi: SmiFacts | None,
    distro: DistroFacts | None,
    libcuda: LibcudaFacts | None,
    runtime: RuntimeFacts | None,
) -> Result:
    """Under WSL 2 nvidia-smi works and CUDA finds no device, or a Linux package with libcuda is installed."""
    two = (os is not None and os.wsl == 2) or any(
        one.values.get("version") == "2" for one in every(symptoms, "wsl-named")
    )
    # What the loader really took on this machine decides before any message.
    if not two or (libcuda is not None and libcuda.path) or speaks_of_container(os, runtime, symptoms):
        return
    no_device = every(symptoms, "cuda-error-100")
    works = smi_lists(smi) or bool(every(symptoms, "smi-answered"))
    packages = installed(distro, "libnvidia-compute-*")
    named = every(symptoms, "wsl-driver-package")
    if not no_device or not (works or packages or named):
        return
    yield Problem(
        subject="file:libcuda.so.1",
        message="under WSL 2 nvidia-smi works and CUDA finds no device: a Linux libcuda is found before that of Windows"
        if works
        else "a Linux driver package is installed in WSL 2: its libcuda is found before that of Windows",
        evidence=(*(one.seen for one in no_device), *(one.seen for one in (*every(symptoms, "smi-answered"), *named))),
        source=WSL,
        confidence=Confidence.LIKELY,
    )
