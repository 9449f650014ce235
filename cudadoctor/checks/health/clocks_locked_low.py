"""Notes GPUs whose clocks were set below their default."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import SMI
from cudadoctor.checks.shared.machine import named, rows, seen, smi_seen
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.subject import Gpu


@check("PERF004", severity=Severity.INFO)
def clocks_locked_low(smi: SmiFacts) -> Result:
    """The GPU's application clock was set below its default.

    Why:
        `nvidia-smi -ac` sets the clock for computing; a value left from a measurement or from saving power makes every
        program slower by the same part.

    How we know:
        `nvidia-smi -q`: "Applications Clocks, Graphics" is below "Default Applications Clocks".

    Fix:
        As root: `nvidia-smi -rac` (application clocks) and `nvidia-smi -rgc` (locked clocks) put the default back.

    Harmless when:
        The administrator limits the clocks on purpose, for power or for even measurements.

    Sources:
        https://docs.nvidia.com/deploy/nvidia-smi/
    """
    for gpu in smi.gpus:
        now, usual = gpu.application_clock_mhz, gpu.application_clock_default_mhz
        if now is not None and usual is not None and 0 < now < usual:
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{named(gpu)}: its application clock is set to {now} MHz, below its default of {usual} MHz",
                evidence=rows(seen("nvidia-smi, Applications Clocks", f"Graphics: {now} MHz"), smi_seen(smi)),
                source=SMI,
            )
