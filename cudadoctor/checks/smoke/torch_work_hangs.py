"""Reports a test that did not end."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Severity, check
from cudadoctor.checks.engine.sources import XID
from cudadoctor.checks.shared.smoke_results import EXCHANGE, problems
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.smoke import SmokeFacts


@check("SM005", severity=Severity.ERROR)
def torch_work_hangs(smoke: SmokeFacts, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """A test did not end.

    Why:
        The work was given to the GPU and no answer came: the process waits in the driver, or for another GPU. What
        waits in the kernel (state D) cannot be ended, not even by root: it is left behind, and the GPU is not usable
        until it is reset or the machine is rebooted.

    How we know:
        A test of `cudadoctor smoke` gave no answer within its limit, which is many times what it usually takes. Tests
        between GPUs are `gpus-do-not-exchange`.

    Fix:
        Read the kernel's log, then reset the GPU or reboot. `dmesg | grep -i -e xid -e nvrm`: Xid 79 (fallen off the
        bus), 119 and 120 (GSP firmware), 109 (context switch).

        `nvidia-smi` hangs too: reboot. It comes back: update the driver; look at power and seating of the card.

        Only with several GPUs: try `NCCL_P2P_DISABLE=1`. Where that helps, ACS or the IOMMU stand in the way.

        At the first start only, for minutes: the build has no machine code for this GPU and compiles PTX first.

    Harmless when:
        The machine was so busy that a test took many times as long as usual: then it says "still at work".

    Sources:
        https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html
        https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html
    """
    found = [one for one in smoke.failed if one.outcome in ("hang", "timeout") and one.name not in EXCHANGE]
    yield from problems(found, smoke, gpus, "torch does not come to an end on {where}", XID)
