"""Finds guests whose driver does not fit the vGPU manager of their host."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="Virtual GPU Software User Guide",
    url="https://docs.nvidia.com/vgpu/latest/grid-vgpu-user-guide/index.html",
    read_on="2026-12-01",
)


@check(
    "VIRT014",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("vgpu-guest-incompatible",),
            message="the guest's driver does not work with the host's vGPU manager",
            source=_PAGE,
        ),
    ),
)
def vgpu_guest_host_mismatch(symptoms: tuple[Symptom, ...]) -> Result:
    """The guest's driver and the host's vGPU manager are from branches that do not work together.

    Why:
        A vGPU guest works with a host of the same major release of the vGPU software, or the one before. Otherwise
        the virtual GPU does not start.

    How we know:
        "VGPU message: Guest driver is incompatible with host driver" in the host's or the guest's log.

    Fix:
        Install the guest driver that belongs to the host's vGPU software release (the host's administrator has both),
        then reboot the guest.

    Harmless when:
        Never.

    Sources:
        https://docs.nvidia.com/vgpu/latest/grid-vgpu-user-guide/index.html
    """
    yield from decided_by_messages(symptoms)
