"""Says that this is a cluster's login node."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import SLURM_GRES
from cudadoctor.checks.shared.context import reaches_no_gpu
from cudadoctor.checks.shared.machine import rows, seen
from cudadoctor.checks.shared.visible_devices import scheduler
from cudadoctor.facts.context import ContextFacts
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.limits import LimitFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_ASK = {
    "slurm": "`srun --gres=gpu:1 --pty bash`",
    "pbs": "`qsub -I -l select=1:ngpus=1`",
    "lsf": "`bsub -Is -gpu num=1 bash`",
}


@check("HPC001", severity=Severity.INFO)
def login_node_without_gpu(limits: LimitFacts, gpus: tuple[GpuFacts, ...], shell: ShellFacts, os: OsFacts) -> Result:
    """This is a node of a cluster without a GPU, outside of a job: the GPUs are on other nodes.

    Why:
        Login nodes have the batch system's commands and no GPU. CUDA cannot find one there, and that is meant.

    How we know:
        The commands of Slurm, PBS or LSF are on PATH, no job's variable is set (SLURM_JOB_ID, PBS_JOBID, LSB_JOBID),
        and no GPU is on the bus. In a text: the words "login node" or a prompt of one, and a program or nvidia-smi that
        finds no GPU.

    Fix:
        Start a job that asks for a GPU and look there: Slurm `srun --gres=gpu:1 --pty bash`, PBS
        `qsub -I -l select=1:ngpus=1`, LSF `bsub -Is -gpu num=1 bash`. The cluster's own page names partition and
        account. Installing torch works on the login node: name the CUDA build yourself.

    Harmless when:
        Always: it is how clusters are built.

    Sources:
        https://slurm.schedmd.com/gres.html
    """
    kind = limits.scheduler
    if kind is None or gpus or os.container is not None or scheduler(shell.variables) is not None:
        return
    yield Problem(
        subject="machine",
        message=f"this node of a cluster has no GPU; ask the batch system for one: {_ASK[kind]}",
        evidence=(seen("batch system", kind),),
        source=SLURM_GRES,
    )


@also(login_node_without_gpu)
def _in_a_text(
    context: ContextFacts,
    symptoms: tuple[Symptom, ...] | None,
    smi: SmiFacts | None,
    envs: tuple[EnvFacts, ...] | None,
    os: OsFacts | None,
) -> Result:
    """Somebody looks for a GPU on the node where jobs are only started."""
    if (os is not None and os.uid is not None) or context.step != "login-node" or context.job_gpu:
        return
    none = reaches_no_gpu(symptoms, smi, envs)
    missing = smi is not None and smi.outcome in ("missing", "failed") and smi.seen is not None
    if (not none and not missing) or (smi is not None and smi.gpus):
        return
    ask = _ASK.get(context.scheduler or "", "Slurm: `srun --gres=gpu:1 --pty bash`")
    yield Problem(
        subject="machine",
        message=f"a login node has no GPU and needs none; ask the batch system for one: {ask}",
        evidence=rows(*(none or ((smi.seen,) if smi is not None else ())), context.scheduler_seen),
        source=SLURM_GRES,
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
    )
