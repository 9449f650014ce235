"""Finds an nvidia-smi that never answers."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, Unknown, check
from cudadoctor.checks.engine.sources import SMI
from cudadoctor.checks.shared.machine import smi_seen
from cudadoctor.facts.driver import SmiFacts


@check("NVS004", severity=Severity.ERROR)
def nvidia_smi_hangs(smi: SmiFacts) -> Result:
    """nvidia-smi never answers.

    Why:
        It waits in the kernel driver. A GPU that stopped answering, a driver in trouble, or a broken device node lets
        every program wait that asks the driver.

    How we know:
        nvidia-smi was started and did not end although its limit was long enough; where the doctor's own time ran out
        first it is not known, and not a hang.

    Fix:
        Read the kernel's log (`sudo dmesg | grep -iE 'nvrm|xid'`), and reboot; a process that waits in the driver
        (state D in `ps`) cannot be ended. If it hangs again: switch off and on, then ask the GPUs one by one
        (`nvidia-smi -i 0`). On servers with many GPUs `sudo systemctl enable --now nvidia-persistenced` takes away the
        slow start.

    Harmless when:
        It is only slow: without persistence mode the first call on a machine with many GPUs takes half a minute. Slow
        is not reported as a hang.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
    """
    if smi.outcome == "slow":
        yield Unknown(subject="machine", reason="nvidia-smi did not answer in the time that this run had")
    if smi.outcome == "hangs":
        yield Problem(
            subject="machine",
            message="nvidia-smi does not answer: it hangs",
            evidence=(smi_seen(smi),),
            source=SMI,
        )
