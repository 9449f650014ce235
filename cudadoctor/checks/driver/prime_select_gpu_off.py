"""Finds a laptop whose NVIDIA GPU was switched off with prime-select."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import PRIME
from cudadoctor.checks.shared.kernel_log import runs, says_no_driver, seen_of, without_driver
from cudadoctor.checks.shared.machine import active, is_cpu_build, rows, seen
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_CHOSEN = "the NVIDIA GPU is switched off on purpose: prime-select is set to the integrated GPU"
_CONFIGURED = "the NVIDIA GPU is switched off on purpose: modprobe's configuration keeps nvidia from loading"


@check("DRV020", severity=Severity.ERROR)
def prime_select_gpu_off(  # noqa: PLR0917  facts, passed by name
    kernel: KernelFacts,
    driver: DriverFacts,
    os: OsFacts,
    pci: PciFacts | None,
    smi: SmiFacts | None,
    libcuda: LibcudaFacts | None,
    envs: tuple[EnvFacts, ...] | None,
) -> Result:
    """The NVIDIA GPU of this laptop is switched off: prime-select is set to the integrated GPU.

    Why:
        `prime-select intel` writes `alias nvidia off` into modprobe's configuration, so that the module is never
        loaded and the GPU sleeps. nvidia-smi then cannot reach the driver, and `modprobe nvidia` says "could not insert
        'off'".

    How we know:
        /etc/prime-discrete says "off", or modprobe's configuration has `alias nvidia off`; in a text "could not insert
        'off'", or `prime-select intel` beside an nvidia-smi that reaches no driver.

    Fix:
        As root `prime-select on-demand` (the display stays on the integrated GPU and CUDA works) or
        `prime-select nvidia`, then reboot. Where that does not help, look for left-over lines:
        `grep -r nvidia /etc/modprobe.d /lib/modprobe.d`. SUSE: `prime-select offload`. With envycontrol or supergfxctl:
        their hybrid mode.

    Harmless when:
        The battery matters more and nothing here uses CUDA: then it is information.

    Sources:
        https://github.com/canonical/ubuntu-drivers-common/blob/master/share/hybrid/gpu-manager.c
    """
    if not without_driver(driver, os, pci, smi, libcuda):
        return
    lines = [one for one in kernel.modprobe if one.kind == "off" and one.module == "nvidia"]
    if kernel.prime != "off" and not lines:
        return
    env = active(envs or ())
    wanted = env is not None and env.torch is not None and env.torch.cuda is not None and not is_cpu_build(env.torch)
    said = seen("/etc/prime-discrete", kernel.prime) if kernel.prime == "off" else None
    yield Problem(
        subject="machine",
        message=_CHOSEN if said else _CONFIGURED,
        evidence=rows(said, *(one.seen for one in lines[:2])),
        source=PRIME,
        severity=None if wanted else Severity.INFO,
    )


@also(prime_select_gpu_off)
def in_messages(
    symptoms: tuple[Symptom, ...], driver: DriverFacts | None, smi: SmiFacts | None, kernel: KernelFacts | None
) -> Result:
    """Modprobe meets the alias, or somebody typed `prime-select intel` and the driver cannot be reached."""
    if runs(driver, smi) or (kernel is not None and kernel.live):
        return
    off = every(symptoms, "module-aliased-off")
    chosen = every(symptoms, "prime-select-intel")
    unreached = every(symptoms, "smi-no-driver")
    if off or (chosen and (unreached or says_no_driver(smi))):
        yield Problem(
            subject="machine",
            message=_CONFIGURED if off else _CHOSEN,
            evidence=seen_of(*off, *chosen, *unreached),
            source=PRIME,
            confidence=Confidence.CERTAIN if off else Confidence.LIKELY,
        )
