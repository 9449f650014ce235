"""Finds a job of Slurm that was given no GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import SLURM_GRES
from cudadoctor.checks.shared.context import reaches_no_gpu
from cudadoctor.checks.shared.machine import cuda_runs, rows, seen, withheld
from cudadoctor.checks.shared.messages import first, torch_of
from cudadoctor.facts.context import ContextFacts
from cudadoctor.facts.driver import DeviceNode, LibcudaFacts, SmiFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_JOB = ("SLURM_JOB_ID", "SLURM_JOBID")
_GRANTED = ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "SLURM_GPUS_ON_NODE", "SLURM_GPUS")
_NONE = ("", "NoDevFiles", "-1")


def _job(shell: ShellFacts) -> str | None:
    return next((name for name in _JOB if shell.variables.get(name)), None)


def _granted(shell: ShellFacts) -> bool:
    return any(shell.variables.get(name, "0") not in ("", "0") for name in _GRANTED)


@check("HPC002", severity=Severity.INFO)
def slurm_gpu_not_requested(
    shell: ShellFacts, nodes: tuple[DeviceNode, ...], os: OsFacts, libcuda: LibcudaFacts | None
) -> Result:
    """This Slurm job was given no GPU, although the node has one.

    Why:
        Slurm hides the GPUs that a job did not ask for: by the device cgroup (opening /dev/nvidia0 gives "Operation not
        permitted") and by an empty CUDA_VISIBLE_DEVICES. A step of `srun` may have none although its job has.

    How we know:
        SLURM_JOB_ID is set, none of SLURM_JOB_GPUS, SLURM_STEP_GPUS and SLURM_GPUS_ON_NODE is, and the device cgroup
        refuses the nodes (errno 1) or CUDA_VISIBLE_DEVICES is empty or NoDevFiles. In a text: `srun` or `#SBATCH` lines
        of which none asks for a GPU (`--partition=gpu` does not), and a program or nvidia-smi that finds none.

    Fix:
        Ask for it: `sbatch --gres=gpu:1`, `srun --gpus=1`; for steps of a job that has one, `srun --gpus=1` again or
        `--gpus-per-task=1`. `scontrol show job $SLURM_JOB_ID` shows what was granted (TRES, gres/gpu).

    Harmless when:
        The job computes on the CPU.

    Sources:
        https://slurm.schedmd.com/gres.html
    """
    job, value = _job(shell), shell.variables.get("CUDA_VISIBLE_DEVICES")
    if job is None or _granted(shell) or cuda_runs(libcuda):
        return
    kept_back = withheld(nodes, os)
    if kept_back or (value is not None and value in _NONE):
        yield Problem(
            subject="machine",
            message="this Slurm job was given no GPU",
            evidence=rows(
                seen(job, "set"),
                seen("CUDA_VISIBLE_DEVICES", value or "(empty)") if value is not None else None,
                seen("/dev/nvidia0", "errno 1: kept back by the device cgroup") if kept_back else None,
            ),
            source=SLURM_GRES,
        )


@also(slurm_gpu_not_requested)
def in_messages(
    symptoms: tuple[Symptom, ...],
    shell: ShellFacts,
    nodes: tuple[DeviceNode, ...] | None,
    os: OsFacts | None,
    envs: tuple[EnvFacts, ...] | None,
) -> Result:
    """A program in a job was left without a GPU: in a text. Where this runs itself, the nodes decide."""
    if nodes is not None or (os is not None and os.uid is not None):
        return
    job, value = _job(shell), shell.variables.get("CUDA_VISIBLE_DEVICES")
    said = first(symptoms, "program-finds-no-gpu")
    torch = torch_of(envs)
    # Slurm's gres plugin alone writes NoDevFiles: with it the job is known, whatever else the text shows.
    by_slurm = value == "NoDevFiles"
    refused = torch.seen if by_slurm and torch is not None and torch.live.is_available is False else None
    none = said.seen if said is not None else refused
    if none is not None and (job is not None or by_slurm) and value in _NONE and not _granted(shell):
        yield Problem(
            subject="machine",
            message="the program runs in a Slurm job that was given no GPU",
            evidence=rows(
                none, seen(job, "set") if job is not None else None, seen("CUDA_VISIBLE_DEVICES", value or "(empty)")
            ),
            source=SLURM_GRES,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        )


@also(slurm_gpu_not_requested)
def _by_the_job(
    context: ContextFacts,
    symptoms: tuple[Symptom, ...] | None,
    smi: SmiFacts | None,
    envs: tuple[EnvFacts, ...] | None,
    os: OsFacts | None,
) -> Result:
    """A text shows how the job was started, that nothing in it asks for a GPU, and that a program finds none."""
    if os is not None and os.uid is not None:
        return
    if context.scheduler != "slurm" or context.step != "job" or context.job_gpu is not False:
        return
    none = reaches_no_gpu(symptoms, smi, envs)
    if not none or (smi is not None and smi.gpus):
        return
    yield Problem(
        subject="machine",
        message="nothing in this Slurm job asks for a GPU (`--gres=gpu:1`, `--gpus=1`), so the step was given none",
        evidence=rows(*none, context.scheduler_seen),
        source=SLURM_GRES,
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
    )
