"""Finds GPUs that CUDA_VISIBLE_DEVICES hides."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import ALLOCATION_OF_DEVICES
from cudadoctor.checks.shared.machine import active, clean, seen
from cudadoctor.checks.shared.messages import first
from cudadoctor.checks.shared.rc_lines import setters
from cudadoctor.checks.shared.visible_devices import VARIABLE, leaves_none, scheduler, visibility
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.subject import Var
from cudadoctor.facts.symptom import Symptom

_NO_GPU = ("program-finds-no-gpu", "no-cuda-gpus", "no-cuda-gpus-available")


@check("ENV001", severity=Severity.WARNING)
def visible_devices_hides_gpus(
    shell: ShellFacts,
    gpus: tuple[GpuFacts, ...],
    smi: SmiFacts | None,
    envs: tuple[EnvFacts, ...] | None,
) -> Result:
    """CUDA_VISIBLE_DEVICES hides GPUs, or names some that do not exist.

    Why:
        CUDA shows a program only the devices in the list, up to the first item that names none; what comes after it
        is ignored. An empty value, -1, quotes inside the value, `all` or `cuda:0` hide every GPU.

    How we know:
        The variable's value, read by CUDA's rules, against the GPUs that are there. In a text: a value that leaves none
        beside "No CUDA GPUs are available", or "invalid device ordinal" and "Attempting to deserialize object on CUDA
        device 2 but torch.cuda.device_count() is 1" for an index that is counted anew.

    Fix:
        `unset CUDA_VISIBLE_DEVICES`, or set it to indices that exist, separated by commas and nothing else: a machine
        with one GPU has index 0 only. Programs set it too (`os.environ["CUDA_VISIBLE_DEVICES"] = "1"`): change it
        there. Inside the program the GPUs that are left are counted from 0 again: with `CUDA_VISIBLE_DEVICES=2` the
        device is `cuda:0`.

    Harmless when:
        A batch system or a CI job sets it: then it is information. A list that leaves GPUs out on purpose is silent.

    Sources:
        https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html
    """
    found = visibility(shell, gpus, smi) if gpus else None
    if found is None:
        return
    if found.undecided:
        yield Unknown(subject=str(Var(VARIABLE)), reason=found.undecided)
        return
    if not found.dropped:
        return
    env = active(envs or ())
    wanted = env is not None and env.torch is not None and env.torch.cuda is not None
    setter = scheduler(shell.variables)
    if found.hides_all:
        message = f"{VARIABLE}: `{clean(found.value, 80)}` hides every GPU"
        severity = Severity.ERROR if wanted else Severity.WARNING
    else:
        ignored = clean(", ".join(found.dropped), 80)
        message = f"{VARIABLE}: `{clean(found.value, 80)}` names devices that do not exist; ignored: {ignored}"
        severity = Severity.WARNING
    yield Problem(
        subject=str(Var(VARIABLE)),
        message=message + (f" (set by {setter})" if setter else ""),
        evidence=(seen(VARIABLE, found.value or "(empty)"), *setters(shell, VARIABLE)),
        source=ALLOCATION_OF_DEVICES,
        severity=Severity.INFO if setter else severity,
    )


@also(visible_devices_hides_gpus)
def in_messages(
    symptoms: tuple[Symptom, ...],
    shell: ShellFacts,
    gpus: tuple[GpuFacts, ...] | None,
    smi: SmiFacts | None,
) -> Result:
    """How many GPUs there are is not told; a program was left without one, and the variable asks for others than 0."""
    value = shell.variables.get(VARIABLE)
    if value is None or gpus is not None or smi is not None or scheduler(shell.variables) is not None:
        return
    none = first(symptoms, *_NO_GPU)
    if none is not None and (confidence := leaves_none(value)) is not None:
        hides = (
            "hides every GPU" if confidence is Confidence.CERTAIN else "begins with a GPU that is probably not there"
        )
        yield Problem(
            subject=str(Var(VARIABLE)),
            message=f"{VARIABLE}: `{clean(value, 80)}` {hides}, and the program finds none",
            evidence=(seen(VARIABLE, value or "(empty)"), none.seen),
            source=ALLOCATION_OF_DEVICES,
            severity=Severity.ERROR,
            confidence=confidence,
        )
        return
    high = first(symptoms, "device-index-too-high")
    items = [item.strip() for item in value.split(",")]
    ordinal = first(symptoms, "cuda-error-101")
    if not all(item.isascii() and item.isdigit() for item in items):
        return
    if ordinal is not None and (high is None or "device" not in high.values):
        yield Problem(
            subject=str(Var(VARIABLE)),
            message=f"{VARIABLE}: `{clean(value, 80)}` leaves {len(items)} GPU{'s' if len(items) > 1 else ''}, counted "
            "from 0 again, and the program asks for a number beyond",
            evidence=(seen(VARIABLE, value), ordinal.seen),
            source=ALLOCATION_OF_DEVICES,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        )
    if high is None:
        return
    wanted, count = high.values.get("device"), high.values.get("count")
    listed = wanted is not None and wanted in items and int(wanted) >= len(items)
    if listed and (count is None or int(count) <= len(items)):
        yield Problem(
            subject=str(Var(VARIABLE)),
            message=(
                f"{VARIABLE}: `{clean(value, 80)}` leaves {len(items)} GPU{'s' if len(items) > 1 else ''}, "
                f"counted from 0 again, and the program asks for number {wanted}"
            ),
            evidence=(seen(VARIABLE, value), high.seen),
            source=ALLOCATION_OF_DEVICES,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        )
