"""Finds GPUs that CUDA_VISIBLE_DEVICES hides."""

from __future__ import annotations

from cudadoctor.checks.base import Problem, Result, Severity, Unknown, check
from cudadoctor.checks.common import active, clean, seen
from cudadoctor.checks.rc import setters
from cudadoctor.checks.sources import ALLOCATION_OF_DEVICES
from cudadoctor.checks.visibility import VARIABLE, scheduler, visibility
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.shell import ShellFacts


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

    Fix:
        `unset CUDA_VISIBLE_DEVICES`, or set it to indices that exist, separated by commas and nothing else.

    Harmless when:
        A batch system or a CI job sets it: then it is information. A list that leaves GPUs out on purpose is silent.

    Sources:
        https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html
    """
    found = visibility(shell, gpus, smi) if gpus else None
    if found is None:
        return
    if found.undecided:
        yield Unknown(subject=f"var:{VARIABLE}", reason=found.undecided)
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
        subject=f"var:{VARIABLE}",
        message=message + (f" (set by {setter})" if setter else ""),
        evidence=(seen(VARIABLE, found.value or "(empty)"), *setters(shell, VARIABLE)),
        source=ALLOCATION_OF_DEVICES,
        severity=Severity.INFO if setter else severity,
    )
