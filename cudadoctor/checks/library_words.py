"""Library and module versions that messages name: what the two mismatch checks share for pasted text."""

from __future__ import annotations

from cudadoctor.checks.base import Confidence
from cudadoctor.checks.common import smi_seen
from cudadoctor.checks.kernel_log import events, met, seen_of
from cudadoctor.checks.library_versions import Verdict
from cudadoctor.facts.driver import DriverFacts, SmiFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts
from cudadoctor.versions import DriverVersion

_FRESH = 120.0
"""Seconds after the start: a mismatch so early is of what is installed, and a reboot brings it back."""


def said(
    symptoms: tuple[Symptom, ...] | None,
    kernel: KernelFacts | None,
    smi: SmiFacts | None,
    driver: DriverFacts | None,
    os: OsFacts | None,
) -> Verdict:
    """What the messages of a paste say; of a live machine its files are judged, not old lines of its log."""
    if (kernel is not None and kernel.live) or (os is not None and (os.wsl is not None or os.jetson is not None)):
        return Verdict(kind="agree")
    named = _named(symptoms, kernel)
    if named is not None:
        return named
    nvml = met(symptoms, "nvml-mismatch")
    told = smi is not None and smi.outcome == "failed" and "version mismatch" in (smi.message or "").lower()
    error = met(symptoms, "cuda-error-803")
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
    library, module_said = met(symptoms, "tf-library-version"), met(symptoms, "tf-module-version")
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
