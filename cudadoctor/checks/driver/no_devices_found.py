"""Finds a driver that finds no GPU, though one is there."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import SMI
from cudadoctor.checks.shared.context import session_decides
from cudadoctor.checks.shared.kernel_log import events, seen_of
from cudadoctor.checks.shared.machine import bare, cuda_runs, node_seen, own_pci, rows, smi_seen, withheld
from cudadoctor.checks.shared.visible_devices import scheduler
from cudadoctor.facts.context import ContextFacts
from cudadoctor.facts.driver import DeviceNode, DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.system import OsFacts


def says_no_devices(smi: SmiFacts) -> bool:
    """nvidia-smi reached the driver, and the driver has no GPU."""
    return (smi.outcome == "ok" and not smi.gpus) or "no devices were found" in (smi.message or "").lower()


@check("NVS002", severity=Severity.ERROR)
def no_devices_found(  # noqa: PLR0917  facts, passed by name
    smi: SmiFacts,
    os: OsFacts,
    driver: DriverFacts | None,
    pci: PciFacts | None,
    gpus: tuple[GpuFacts, ...] | None,
    libcuda: LibcudaFacts | None,
    nodes: tuple[DeviceNode, ...] | None,
    shell: ShellFacts | None,
) -> Result:
    """The driver is loaded and finds no GPU, though one is there.

    Why:
        The driver refused the GPU or could not start it: an architecture that the branch or the kind of module does not
        support, firmware that is missing, a memory region that the BIOS did not assign, power cables, or a defect. Each
        of these has a check of its own; this one is left where none of them is seen.

    How we know:
        nvidia-smi says "No devices were found" (exit status 6) and a GPU is on the PCI bus that this machine keeps for
        itself. In a text without the bus nvidia-smi's sentence decides, and "RmInitAdapter failed" in the log makes it
        certain. Where the device cgroup refuses all nodes, a batch system gave this session none.

    Fix:
        `sudo dmesg | grep -i nvrm` names the reason. "requires use of the NVIDIA open kernel modules": install them
        (`proprietary-module-on-open-only-gpu`). "not supported by open nvidia.ko": the proprietary ones.

        "is not supported by the NVIDIA … driver release": another branch. "This PCI I/O region … is invalid": the
        firmware's setup. "RmInitAdapter failed" alone: switch the machine off and on, install the newest driver of the
        branch, then seat the card anew. In a Slurm job: ask for a GPU (`--gres=gpu:1`).

    Harmless when:
        The machine has no NVIDIA GPU, or every GPU is handed to virtual machines: then nothing is reported. A job that
        asked its batch system for no GPU sees none: then it is information.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
    """
    if not says_no_devices(smi) or cuda_runs(libcuda):
        return
    devices = own_pci(pci)
    gone = pci is not None and not pci.gpus and gpus == () and bare(os) and driver is not None and bool(driver.loaded)
    if not devices and not gone:
        return
    if withheld(nodes, os):
        by = scheduler(shell.variables) if shell is not None else None
        yield Problem(
            subject="machine",
            message="this session was given none of the machine's GPUs: opening their nodes gives EPERM"
            + (f" ({by})" if by else ""),
            evidence=rows(smi_seen(smi), *(node_seen(node) for node in nodes or () if node.errno == 1)),
            source=SMI,
            severity=Severity.INFO if by else Severity.WARNING,
            confidence=Confidence.LIKELY,
        )
        return
    where = ", ".join(device.bus_id for device in devices)
    yield Problem(
        subject="machine",
        message=(
            f"the driver finds no GPU, and there is one on the PCI bus ({where})"
            if devices
            else "the NVIDIA driver is loaded, and no NVIDIA GPU is on the PCI bus any more"
        ),
        evidence=rows(smi_seen(smi), pci.seen if pci is not None else None),
        source=SMI,
        confidence=Confidence.CERTAIN if devices else Confidence.LIKELY,
    )


@also(no_devices_found)
def _of_a_paste(
    smi: SmiFacts,
    pci: PciFacts | None,
    kernel: KernelFacts | None,
    os: OsFacts | None,
    context: ContextFacts | None,
) -> Result:
    """Somebody shows that nvidia-smi finds nothing, and what is on the bus is not known."""
    if session_decides(context):
        return  # a job, a pod, one of several users: this session was given no GPU
    if pci is not None or "no devices were found" not in (smi.message or "").lower():
        return
    if os is not None and (not bare(os) or os.uid is not None):
        return  # where this runs itself the bus is asked; without a bus (a sandbox) nothing is known
    refused = events(kernel, "init-failed")
    yield Problem(
        subject="machine",
        message="the driver is loaded and finds no GPU that it can use",
        evidence=rows(smi_seen(smi), *seen_of(*refused)),
        source=SMI,
        confidence=Confidence.CERTAIN if refused else Confidence.LIKELY,
    )
