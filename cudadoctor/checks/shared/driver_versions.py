"""Module version against library versions: what the two mismatch checks share."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cudadoctor.checks.engine.base import Confidence
from cudadoctor.checks.shared.context import attempt
from cudadoctor.checks.shared.kernel_log import events, seen_of
from cudadoctor.checks.shared.machine import (
    cuda_runs,
    cuinit_seen,
    is_compat,
    library_version,
    rows,
    seen,
    smi_lists,
    smi_seen,
)
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.context import ContextFacts
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts
from cudadoctor.versions import DriverVersion

_MISMATCH_WORDS = "driver/library version mismatch"
_DRIVER_MISMATCH = 803


class Verdict(Struct, frozen=True, kw_only=True):
    """How the libraries stand to the module."""

    kind: Literal["agree", "newer", "mixed", "unknown", "stale-module", "old-initramfs"]
    """newer: a reboot loads the module that fits; stale-module: the one on disk does not fit either; old-initramfs: a
    reboot loads an older one than that on disk."""
    text: str = ""
    evidence: tuple[Seen, ...] = ()
    confidence: Confidence = Confidence.CERTAIN


def compare(  # noqa: PLR0917  facts, passed by name
    driver: DriverFacts,
    os: OsFacts,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
    kernel: KernelFacts | None,
    context: ContextFacts | None,
) -> Verdict:
    """Libraries against the loaded module, and what a reboot would load."""
    return _with_disk(_of_files(driver, os, smi, libcuda), kernel, driver, context)


def _of_files(driver: DriverFacts, os: OsFacts, smi: SmiFacts | None, libcuda: LibcudaFacts | None) -> Verdict:
    """Libraries against the loaded module. Under WSL and on a Jetson the numbers mean other things: they agree."""
    if os.wsl is not None or os.jetson is not None or not driver.loaded:
        return Verdict(kind="agree")
    nvml_says = smi is not None and _MISMATCH_WORDS in (smi.message or "").lower()
    cuda_says = libcuda is not None and libcuda.cuinit == _DRIVER_MISMATCH and not is_compat(libcuda.path or "")
    started = libcuda is not None and libcuda.outcome == "ok"  # cuInit has compared them
    if (started and not nvml_says) or (cuda_runs(libcuda) and smi_lists(smi)):
        return Verdict(kind="agree")
    module = driver.version
    of_file, of_libcuda = driver.library_version, library_version(libcuda.path if libcuda is not None else None)
    found = {version for version in (of_file, of_libcuda) if version is not None}
    evidence = rows(
        driver.seen,
        driver.library_seen,
        seen(libcuda.path or "", "loaded as libcuda.so.1") if libcuda is not None and of_libcuda is not None else None,
        smi_seen(smi) if smi is not None and nvml_says else None,
        cuinit_seen(libcuda) if libcuda is not None and cuda_says else None,
    )
    complains = nvml_says or cuda_says
    other = {version for version in found if version != module}
    # Where NVML answers it has compared them, too: what differs then is a file that nobody was seen to load.
    if smi_lists(smi) and not cuda_says and of_libcuda in (None, module):
        other = set()
    if module is None or not found or not other:
        if complains:
            text = "the driver's libraries and its loaded kernel module are of different versions"
            return Verdict(kind="newer", text=text, evidence=evidence, confidence=Confidence.LIKELY)
        if module is None and found:
            return Verdict(kind="unknown", text="the version of the loaded kernel module is not known")
        return Verdict(kind="agree")
    silent = smi is not None and smi.outcome in ("slow", "hangs")
    confidence = Confidence.CERTAIN if complains and os.container is None else Confidence.LIKELY
    shown = " and ".join(str(version) for version in sorted(found))
    if not smi_lists(smi) and found == other and all(version > module for version in other):
        text = (
            f"the driver's libraries are {shown} and the loaded kernel module is {module}: "
            "the driver was upgraded and the machine not rebooted"
        )
        if os.container is not None:
            text = f"the driver's libraries in this container are {shown} and the host's kernel module is {module}"
        return Verdict(kind="newer", text=text, evidence=evidence, confidence=confidence)
    if silent and not complains:
        return Verdict(kind="unknown", text="nvidia-smi did not answer, so it is not known which library it uses")
    text = f"the loaded kernel module is {module} and the driver's libraries are {shown}: two installations are mixed"
    return Verdict(kind="mixed", text=text, evidence=evidence, confidence=confidence)


_FRESH = 120.0
"""Seconds after the start: a mismatch so early is of what is installed, and a reboot brings it back."""


def from_messages(  # noqa: PLR0917  facts, passed by name
    symptoms: tuple[Symptom, ...] | None,
    kernel: KernelFacts | None,
    smi: SmiFacts | None,
    driver: DriverFacts | None,
    os: OsFacts | None,
    context: ContextFacts | None,
) -> Verdict:
    """What the messages of a paste say; of a live machine its files are judged, not old lines of its log."""
    return _with_disk(_of_messages(symptoms, kernel, smi, driver, os), kernel, driver, context)


def _with_disk(
    verdict: Verdict, kernel: KernelFacts | None, driver: DriverFacts | None, context: ContextFacts | None
) -> Verdict:
    """What a reboot would load: the module on disk, or what the early boot has. Only where versions differ."""
    if verdict.kind not in ("newer", "mixed"):
        return verdict
    rebooted = attempt(context, "reboot")
    evidence = (*verdict.evidence, *((rebooted.seen,) if rebooted is not None else ()))
    file = kernel.module if kernel is not None else None
    library = driver.library_version if driver is not None else None
    loaded = driver.version if driver is not None else None
    if file is not None and file.version is not None and library is not None:
        evidence = (*evidence, file.seen)
        if not _same(file.version, library):
            return Verdict(
                kind="stale-module",
                text=f"the kernel module on disk is {file.version} and the driver's libraries are {library}: the "
                "module was not rebuilt or not upgraded with them, and a reboot loads the same one",
                evidence=evidence,
            )
        if rebooted is not None and (loaded is None or not _same(file.version, loaded)):
            return Verdict(
                kind="old-initramfs",
                text=f"the kernel module on disk is {file.version}, as the libraries are, and another one is loaded "
                "even after a reboot: the initramfs holds an old module",
                evidence=evidence,
                confidence=Confidence.LIKELY,
            )
    elif verdict.kind == "newer" and rebooted is not None:
        return Verdict(
            kind="mixed",
            text="the driver's libraries and the loaded kernel module still differ after a reboot: compare the module "
            "on disk (`modinfo -F version nvidia`), the loaded one (/sys/module/nvidia/version) and the libraries",
            evidence=evidence,
            confidence=Confidence.LIKELY,
        )
    return verdict


def _same(one: str, other: DriverVersion) -> bool:
    """Whether two versions may be one; NVML prints two numbers of three."""
    left, right = one.split("."), str(other).split(".")
    return all(a.lstrip("0") == b.lstrip("0") for a, b in zip(left, right, strict=False))


def _of_messages(
    symptoms: tuple[Symptom, ...] | None,
    kernel: KernelFacts | None,
    smi: SmiFacts | None,
    driver: DriverFacts | None,
    os: OsFacts | None,
) -> Verdict:
    if (kernel is not None and kernel.live) or (os is not None and (os.wsl is not None or os.jetson is not None)):
        return Verdict(kind="agree")
    named = _named(symptoms, kernel)
    if named is not None:
        return named
    nvml = every(symptoms, "nvml-mismatch", "nvrm-api-mismatch", "nvml-driver-library-mismatch")
    told = smi is not None and smi.outcome == "failed" and "version mismatch" in (smi.message or "").lower()
    error = every(symptoms, "cuda-error-803")
    if not nvml and not told and not error:
        return Verdict(kind="agree")
    if driver is not None and driver.loaded and os is not None:
        return Verdict(kind="agree")  # the first rule can run, and judges from the files and from NVML's words
    evidence = (*seen_of(*nvml, *error), *((smi_seen(smi),) if told and smi is not None else ()))
    if driver is not None and driver.version is not None and driver.library_version is not None:
        return _compared(driver.library_version, driver.version, evidence)
    return Verdict(
        kind="newer",
        text="the driver's libraries and the loaded kernel module are of different versions: most often the driver was "
        "upgraded and the machine not rebooted",
        evidence=evidence,
        confidence=Confidence.LIKELY,
    )


def _named(symptoms: tuple[Symptom, ...] | None, kernel: KernelFacts | None) -> Verdict | None:
    """The kernel's log and TensorFlow name both versions."""
    for event in events(kernel, "api-mismatch"):
        values = dict(event.values)
        client, module = (DriverVersion.parse(values.get(name, "")) for name in ("client", "module"))
        if client is None or module is None or client == module:
            continue
        early = float(values.get("at", "inf")) < _FRESH
        if early and client > module:
            return Verdict(
                kind="mixed",
                text=f"right after the start the loaded kernel module is {module} and the driver's libraries are "
                f"{client}: what is installed does not belong together, and a reboot does not help",
                evidence=seen_of(event),
                confidence=Confidence.LIKELY,
            )
        return _compared(client, module, seen_of(event))
    library, module_said = every(symptoms, "tf-library-version"), every(symptoms, "tf-module-version")
    if library and module_said:
        one, other = (DriverVersion.parse(row[0].values["version"]) for row in (library, module_said))
        if one is not None and other is not None and one != other:
            return _compared(one, other, seen_of(library[0], module_said[0]))
    return None


def _compared(library: DriverVersion, module: DriverVersion, evidence: tuple) -> Verdict:  # type: ignore[type-arg]
    # NVML prints two numbers of three ("580.178"): then the third says nothing.
    if library > module:
        text = f"the driver's libraries are {library} and the loaded kernel module is {module}: "
        return Verdict(
            kind="newer", text=f"{text}the driver was upgraded and the machine not rebooted", evidence=evidence
        )
    text = f"the loaded kernel module is {module} and the driver's libraries are {library}: two installations are mixed"
    return Verdict(kind="mixed", text=text, evidence=evidence)
