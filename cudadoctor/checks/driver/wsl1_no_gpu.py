"""Finds WSL 1."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import WSL
from cudadoctor.checks.shared.machine import active, clean, seen
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("WSL003", severity=Severity.WARNING)
def wsl1_no_gpu(os: OsFacts, envs: tuple[EnvFacts, ...] | None) -> Result:
    """The system is WSL 1, which has no GPU.

    Why:
        WSL 1 translates system calls; only WSL 2, which runs a real kernel, reaches the GPU of Windows.

    How we know:
        The kernel's release is 4.4.0 or older with "Microsoft" in it, and there is no /dev/dxg: that is WSL 1 (`uname
        -r`). In a text a Windows build below 18362, which has no WSL 2.

    Fix:
        In Windows: `wsl --set-version` with this distribution's name and 2, then `wsl --shutdown`. `wsl -l -v` lists
        the names.

    Harmless when:
        Nothing here is meant to use a GPU. It is an error only where the active environment's torch is built for CUDA.

    Sources:
        https://docs.nvidia.com/cuda/wsl-user-guide/
    """
    if os.wsl != 1:
        return
    env = active(envs or ())
    wanted = env is not None and env.torch is not None and env.torch.cuda is not None
    yield Problem(
        subject="machine",
        message="this is WSL 1, which gives Linux programs no GPU; WSL 2 does",
        evidence=(seen("/proc/sys/kernel/osrelease", clean(os.kernel, 80)),),
        source=WSL,
        severity=Severity.ERROR if wanted else None,
        confidence=Confidence.CERTAIN,
    )


_FIRST_WSL2 = 18362
"""Windows 10 1903, the first build that has WSL 2 at all (learn.microsoft.com, read 2026-11-25)."""


@also(wsl1_no_gpu)
def from_messages(symptoms: tuple[Symptom, ...], os: OsFacts | None) -> Result:
    """A Windows that is older than WSL 2, or the text says that it is WSL 1."""
    if os is not None and os.wsl == 2:
        return
    named = every(symptoms, "wsl-named")
    versions = {one.values.get("version") for one in named}
    builds = [one for one in every(symptoms, "windows-build") if int(one.values.get("build", "99999")) < _FIRST_WSL2]
    missed = every(symptoms, "no-nvidia-driver", "smi-no-driver", "cuda-error-100", "tf-no-kernel-driver")
    if "1" in versions and "2" not in versions and missed and not builds:
        yield Problem(
            subject="machine",
            message="this is WSL 1, which gives Linux programs no GPU",
            evidence=tuple(one.seen for one in (*named[:1], *missed[:1])),
            source=WSL,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        )
        return
    if not named or "2" in versions or not builds:
        return
    yield Problem(
        subject="machine",
        message=f"Windows build {builds[0].values['build']} has WSL 1 only, which gives Linux programs no GPU",
        evidence=tuple(one.seen for one in (*builds, *named[:1])),
        source=WSL,
        severity=Severity.ERROR,
    )
