"""Finds a driver without its unified-memory module."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import UVM_TROUBLE
from cudadoctor.checks.shared.kernel_log import seen_of
from cudadoctor.checks.shared.machine import bare, cuinit_seen, cuinit_text, has_node, refused, rows, smi_lists
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import DeviceNode, DriverFacts, LibcudaFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_UNKNOWN_ERROR = 999
_OPERATING_SYSTEM = 304


@check(
    "DRV006",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("uvm-symbol-unknown",),
            message="nvidia_uvm cannot be linked into this kernel, so CUDA does not work though nvidia-smi does",
            source=UVM_TROUBLE,
        ),
        Says(
            kinds=("enroot-uvm-not-loaded",),
            message="nvidia_uvm is not loaded on the node",
            source=UVM_TROUBLE,
            unless=("nvml-library-not-found", "container-driver-not-loaded"),
            confidence=Confidence.LIKELY,
        ),
    ),
)
def uvm_module_not_loaded(
    driver: DriverFacts,
    libcuda: LibcudaFacts,
    os: OsFacts,
    nodes: tuple[DeviceNode, ...] | None,
    smi: SmiFacts | None,
) -> Result:
    """The nvidia_uvm module is not loaded, or its device node is missing.

    Why:
        nvidia-smi does not need unified memory and works; CUDA needs it and fails at its start with error 999
        ("unknown error"; 30 in runtimes before 10.1). As a rule the setuid helper nvidia-modprobe loads the module
        at the first use of CUDA.

    How we know:
        cuInit gives 999 or 304 ("OS call failed or operation not supported on this OS") while nvidia-smi works, and
        nvidia_uvm is not in /proc/modules or /dev/nvidia-uvm is missing. Nodes that are there and refused are another
        fault. In a text: modprobe finds no nvidia_uvm and CUDA gives "unknown error".

    Fix:
        As root: `modprobe nvidia_uvm` and `nvidia-modprobe -c0 -u`. For good: install nvidia-modprobe (Ubuntu and
        Debian `sudo apt-get install nvidia-modprobe`, RHEL-like and Fedora: a part of the driver's packages), or `echo
        nvidia_uvm | sudo tee /etc/modules-load.d/nvidia-uvm.conf`.

        If modprobe does not find it, the driver's packages are incomplete: install them again. In a container: load it
        on the host, then recreate the container.

    Harmless when:
        CUDA has not been used since the start: it is loaded then, at first use. While CUDA starts, this check is
        silent.

    Sources:
        https://github.com/pytorch/pytorch/issues/49081
    """
    if not bare(os) or not driver.loaded or libcuda.cuinit not in (_UNKNOWN_ERROR, _OPERATING_SYSTEM):
        return
    if refused(nodes, 13) or refused(nodes, 1):
        return
    no_node = bool(nodes) and not has_node(nodes or (), "/dev/nvidia-uvm")
    if driver.uvm_loaded is None and nodes is None:
        yield Unknown(subject="machine", reason="it is not known whether nvidia_uvm is loaded")
        return
    if driver.uvm_loaded is not False and not no_node:
        return
    what = "nvidia_uvm is not loaded" if driver.uvm_loaded is False else "/dev/nvidia-uvm is missing"
    yield Problem(
        subject="machine",
        message=f"{what}, and CUDA does not start without it ({cuinit_text(libcuda)})",
        evidence=rows(cuinit_seen(libcuda), driver.seen),
        source=UVM_TROUBLE,
        confidence=Confidence.CERTAIN if smi_lists(smi) else Confidence.LIKELY,
    )


@also(uvm_module_not_loaded)
def in_messages(
    symptoms: tuple[Symptom, ...], kernel: KernelFacts | None, nodes: tuple[DeviceNode, ...] | None
) -> Result:
    """No nvidia_uvm is found by modprobe, and CUDA gives its error without a reason: it reached the driver."""
    if kernel is not None and kernel.live:
        return
    missing = [one for one in every(symptoms, "module-not-found-by-name") if one.values["module"].endswith("uvm")]
    unknown = every(symptoms, "cuda-unknown-error")
    without = every(symptoms, "tf-no-kernel-driver", "smi-no-driver", "module-not-in-directory")
    gone = every(symptoms, "uvm-node-missing")
    names = {one.path for one in nodes or ()}
    listed = {"/dev/nvidia0", "/dev/nvidiactl"} <= names and "/dev/nvidia-uvm" not in names
    if not missing and not without and (gone or (unknown and listed)):
        yield Problem(
            subject="machine",
            message="/dev/nvidia-uvm is not there: nvidia_uvm is not loaded"
            + (", and CUDA does not start without it" if unknown else ""),
            evidence=seen_of(*gone[:1], *unknown[:1]),
            source=UVM_TROUBLE,
            confidence=Confidence.LIKELY,
        )
        return
    if missing and unknown and not without:
        yield Problem(
            subject="machine",
            message="nvidia_uvm cannot be loaded, and CUDA does not start without it",
            evidence=seen_of(missing[0], unknown[0]),
            source=UVM_TROUBLE,
            confidence=Confidence.LIKELY,
        )
