"""Finds a loaded driver without device nodes."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import INSTALL_GUIDE
from cudadoctor.checks.shared.machine import cuda_runs, has_gpu_node, has_node, own_pci, rows, seen, smi_lists
from cudadoctor.facts.driver import DeviceNode, DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.system import OsFacts

_CODES_OF_THE_DRIVER = frozenset({3, 46, 101, 802, 803, 804})
"""What cuInit gives after it had reached the driver."""


def _was_reached(smi: SmiFacts | None, libcuda: LibcudaFacts | None) -> bool:
    """Whether the driver answered, or was waited for: then it is not its nodes that are the trouble."""
    if "hangs" in (smi and smi.outcome, libcuda and libcuda.outcome):
        return True
    if smi is not None and "version mismatch" in (smi.message or "").lower():
        return True
    return libcuda is not None and libcuda.cuinit in _CODES_OF_THE_DRIVER


@check("DEV001", severity=Severity.ERROR)
def device_nodes_missing(  # noqa: PLR0917  facts, passed by name
    nodes: tuple[DeviceNode, ...],
    driver: DriverFacts,
    os: OsFacts,
    pci: PciFacts | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
) -> Result:
    """The driver is loaded and its device nodes under /dev are missing.

    Why:
        Programs reach the driver through /dev/nvidiactl, /dev/nvidia0 … and /dev/nvidia-uvm. The setuid helper
        nvidia-modprobe makes them at first use; without it, or in a container that was given a part of them, they
        are missing.

    How we know:
        The nvidia module is loaded (/proc/driver/nvidia/version), nvidia-smi or CUDA reaches nothing, and
        /dev/nvidiactl, /dev/nvidia0 or, in a container, /dev/nvidia-uvm is not there. A driver that answers with a code
        of its own (mismatch, 802, 803) was reached, and this is silent.

    Fix:
        As root: `nvidia-modprobe -c0 -u`, or run `nvidia-smi` once; enable nvidia-persistenced so that they are there
        after each start. In a container: start it with GPU access.

    Harmless when:
        Nothing has used the GPU since the start: they are made at first use. While nvidia-smi or CUDA works, this
        check is silent.

    Sources:
        https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
    """
    if not driver.loaded or os.wsl is not None or os.jetson is not None or cuda_runs(libcuda):
        return
    if _was_reached(smi, libcuda):
        return
    if os.container is not None and not nodes:
        return  # the container was given nothing: that is said by its own name
    if pci is not None and pci.gpus and not own_pci(pci):
        return
    missing = []
    if not smi_lists(smi):
        missing += [] if has_node(nodes, "/dev/nvidiactl") else ["/dev/nvidiactl"]
        missing += [] if has_gpu_node(nodes) else ["/dev/nvidia0"]
    if os.container is not None and not has_node(nodes, "/dev/nvidia-uvm"):
        missing.append("/dev/nvidia-uvm")
    if not missing or (smi is None and libcuda is None):
        return
    yield Problem(
        subject="machine",
        message=f"the nvidia module is loaded, and {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing",
        evidence=rows(seen("/dev/nvidia*", ", ".join(node.path for node in nodes) or "none"), driver.seen),
        source=INSTALL_GUIDE,
    )
