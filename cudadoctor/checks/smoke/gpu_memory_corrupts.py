"""Reports that GPU memory, or the way to it, changes bytes."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Severity, check
from cudadoctor.checks.engine.sources import MEMORY_ERRORS
from cudadoctor.checks.shared.smoke_results import MEMORY, problems
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.smoke import SmokeFacts


@check("SM002", severity=Severity.ERROR)
def gpu_memory_corrupts(smoke: SmokeFacts, gpus: tuple[GpuFacts, ...] | None) -> Result:
    """Bytes written to the GPU's memory did not come back as they were.

    Why:
        Known patterns (all zeros, all ones, 0x55, 0xAA, a counter) go to the GPU, from place to place there, and
        back. Any difference is damage: in the GPU's memory, on the PCI Express link, or in the machine's own memory.
        GPUs without ECC say nothing of it; training goes on with wrong numbers.

    How we know:
        The test `memory-patterns` of `cudadoctor smoke` wrote known patterns and compared every byte that came back:
        the first place that differs, the pattern and what was read are in the result.

    Fix:
        Test the GPU alone, without overclocking, then in another slot. Run it again alone: `cudadoctor smoke --only
        memory-patterns`. Note the pattern and the place.

        Take away overclocking of GPU and memory; look at temperature and power (`nvidia-smi -q -d TEMPERATURE,POWER`).

        Look for Xid 48, 63, 64, 94, 95 in `dmesg` and at `nvidia-smi -q -d ECC,ROW_REMAPPER`; where a remap is pending,
        reset the GPU or reboot.

        Put the card into another slot or machine. Where the fault goes with it: replace it. Data-centre cards: `dcgmi
        diag -r 3`.

    Harmless when:
        Never: a byte that changed is a fault, also where it happens once.

    Sources:
        https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/error-recovery-and-response-flags.html
        https://docs.nvidia.com/datacenter/dcgm/latest/user-guide/dcgm-diagnostics.html
    """
    found = [one for one in smoke.failed if one.outcome == "fail" and one.wrong and one.name in MEMORY]
    yield from problems(found, smoke, gpus, "memory of {where} does not keep what is written", MEMORY_ERRORS)
