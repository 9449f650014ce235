"""Finds a session that is refused the GPU's device nodes while others see the GPUs."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import SLURM_GRES
from cudadoctor.checks.shared.context import reaches_no_gpu
from cudadoctor.checks.shared.machine import rows
from cudadoctor.facts.context import ContextFacts
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("HPC060", severity=Severity.ERROR)
def cgroup_denies_gpu_devices(
    context: ContextFacts, smi: SmiFacts, symptoms: tuple[Symptom, ...] | None, os: OsFacts | None
) -> Result:
    """This session may not open the GPU's device nodes, although the driver works and others see the GPUs.

    Why:
        A device cgroup decides which nodes a job step, a service or a container may open. Where it refuses
        /dev/nvidia0, nvidia-smi reaches the driver and lists nothing. The driver, the GPU and torch are in order.

    How we know:
        nvidia-smi says "No devices were found" in a job that was given a GPU, for one user while root or the host lists
        GPUs, or in a container that was started with GPU access while its host lists them.

    Fix:
        In the session: `ls -l /dev/nvidia*`, then `head -c0 /dev/nvidia0`: "Operation not permitted" is the cgroup,
        "Permission denied" the mode of the node.

        Slurm: `scontrol show job $SLURM_JOB_ID -d` lists the GPUs that were allocated; the administrator compares
        gres.conf (`File=/dev/nvidia0`, or `AutoDetect=nvml`) with the node. A systemd service: `systemctl show -p
        DevicePolicy -p DeviceAllow` with its name. A container: start it again, without `--contain` in apptainer.

    Harmless when:
        The session is meant to have no GPU.

    Sources:
        https://slurm.schedmd.com/gres.html
    """
    if os is not None and os.uid is not None:
        return  # where this runs itself the nodes are opened: `no-devices-found` says what came of it
    if "no devices were found" not in (smi.message or "").lower():
        return
    given = context.step == "job" and context.job_gpu is True
    contained = context.container is not None and context.container_gpu is True and context.gpus_elsewhere == "host"
    if context.step == "login-node" or not (given or contained or context.gpus_elsewhere == "root"):
        return
    why = (
        "this job was given a GPU and sees none"
        if given
        else "root sees the GPUs and this user none"
        if context.gpus_elsewhere == "root"
        else "the host lists GPUs and the container, which was started with GPU access, none"
    )
    place = context.scheduler_seen if given else context.elsewhere_seen
    yield Problem(
        subject="machine",
        message=f"{why}: its device nodes are refused or missing, the driver is in order",
        evidence=rows(*reaches_no_gpu(symptoms, smi, None), place),
        source=SLURM_GRES,
        confidence=Confidence.LIKELY,
    )
