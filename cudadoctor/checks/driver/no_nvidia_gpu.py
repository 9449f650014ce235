"""Says that there is no NVIDIA GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import INSTALL_GUIDE
from cudadoctor.checks.shared.machine import cuda_runs, own_pci, rows, smi_lists
from cudadoctor.facts.context import ContextFacts
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_ASKED = ("cuda-asked-for", "no-nvidia-driver")
"""Messages of programs that wanted CUDA. On a live machine torch says such things to the doctor itself."""
_MISSED = (
    *(*_ASKED, "program-finds-no-gpu", "smi-no-driver", "smi-cannot-communicate", "smi-no-devices"),
    *("nvml-driver-not-loaded", "nvml-library-not-found", "nvidia-smi-not-found", "cuda-error-100"),
)
"""Messages where an NVIDIA GPU was looked for and not found."""


@check("HW001", severity=Severity.INFO)
def no_nvidia_gpu(  # noqa: PLR0917  facts, passed by name
    gpus: tuple[GpuFacts, ...] | None,
    os: OsFacts,
    pci: PciFacts | None,
    driver: DriverFacts | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
    symptoms: tuple[Symptom, ...] | None,
) -> Result:
    """There is no NVIDIA GPU in this machine.

    Why:
        CUDA runs on NVIDIA GPUs only. Without one torch computes on the CPU, and nothing is broken.

    How we know:
        No device of NVIDIA's (vendor 10de, display class) is on the PCI bus, nvidia-smi lists none and no driver is
        loaded; under WSL 2 Windows offers no driver. Where the bus cannot be looked at, it is not known.

    Fix:
        Nothing has to be done to compute on the CPU. Where a GPU should be here: look at the slot, the BIOS and, in a
        virtual machine or a cloud, whether the machine's type has a GPU.

    Harmless when:
        The machine is meant to compute on its CPU: it is an error only in a pasted report, where a program asked for
        CUDA and failed. A Jetson's GPU is no PCI device and is not missed here.

    Sources:
        https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
    """
    if gpus or own_pci(pci) or os.jetson is not None or os.wsl == 1 or cuda_runs(libcuda) or smi_lists(smi):
        return
    if os.wsl == 2:
        if driver is None or driver.installed is None or os.container is not None:
            yield Unknown(subject="machine", reason="whether Windows offers a GPU to this WSL is not known")
            return
        if driver.installed:
            return
        yield Problem(
            subject="machine",
            message="Windows offers no NVIDIA GPU to this WSL: it has none, or its NVIDIA driver is not installed",
            source=INSTALL_GUIDE,
            confidence=Confidence.LIKELY,
        )
        return
    if gpus is None:
        yield Unknown(subject="machine", reason="the PCI bus could not be looked at")
        return
    if driver is not None and driver.loaded and os.container is None:
        return
    asked = next((one for one in symptoms or () if _asks(one)), None)
    yield Problem(
        subject="machine",
        message="there is no NVIDIA GPU in this machine" + (", and a program asked for CUDA" if asked else ""),
        evidence=rows(pci.seen if pci is not None else None, asked.seen if asked is not None else None),
        source=INSTALL_GUIDE,
        severity=Severity.ERROR if asked is not None else None,
        confidence=Confidence.CERTAIN if pci is not None and asked is None else Confidence.LIKELY,
    )


def _asks(one: Symptom) -> bool:
    """A program wanted CUDA; collect_env's line on what torch was built with only describes it."""
    if one.kind == "torch-without-cuda" and "not compiled" not in one.seen.text.lower():
        return False
    return one.kind in _ASKED and one.seen.where.startswith("line ")


@also(no_nvidia_gpu)
def by_instance_type(
    context: ContextFacts,
    os: OsFacts | None,
    gpus: tuple[GpuFacts, ...] | None,
    smi: SmiFacts | None,
    symptoms: tuple[Symptom, ...] | None,
) -> Result:
    """A text names the type of the cloud machine, and that type has no GPU of NVIDIA's."""
    instance = context.instance
    if instance is None or instance.maker == "nvidia" or gpus or smi_lists(smi) or (os is not None and os.uid):
        return
    failed = smi.seen if smi is not None and smi.outcome in ("failed", "missing") else None
    met = next((one.seen for one in symptoms or () if one.kind in _MISSED), failed)
    if met is None:
        return
    has = f"has {instance.gpu} accelerators" if instance.maker is not None else "has no GPU"
    yield Problem(
        subject="machine",
        message=f"the instance type {instance.type} ({instance.provider}) {has}: no NVIDIA driver helps there",
        evidence=rows(instance.seen, met),
        source=INSTALL_GUIDE,
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
    )
