"""Says that a release of torch has a defect that its fix release took out."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import TORCH_29
from cudadoctor.checks.shared.machine import env_subject, release, torch_shown
from cudadoctor.compat.source import Source
from cudadoctor.facts.envs import EnvFacts

_BAD: dict[tuple[int, ...], tuple[str, str, Source]] = {
    (2, 9, 0): ("2.9.1", "conv3d with 16-bit floats takes several times the memory and time", TORCH_29),
}
"""Release: the one to take instead, what is wrong, and where it was read (all on 2026-11-25)."""


@check("TB009", severity=Severity.INFO)
def known_bad_torch_release(envs: tuple[EnvFacts, ...]) -> Result:
    """The installed release of torch has a published defect, and a fix release of the same series.

    Why:
        torch 2.9.0 goes round cuDNN in 3D convolutions with bfloat16 and float16, because of a defect in the cuDNN of
        that time, and takes several times the memory and time: video models run out of memory. 2.9.1 uses cuDNN again
        where it is 9.15 or newer.

    How we know:
        The version of torch in the active environment, and that it is built for CUDA. The fault itself is not measured.

    Fix:
        Install the fix release from the same index: for 2.9.0 `python -m pip install --upgrade torch==2.9.1
        torchvision==0.24.1 torchaudio==2.9.1 --index-url https://download.pytorch.org/whl/cu128`, and then a cuDNN of
        9.15 or newer (`python -m pip install --upgrade nvidia-cudnn-cu12`); or go to 2.10.

    Harmless when:
        The program has no 3D convolutions.

    Sources:
        https://github.com/pytorch/pytorch/issues/166643
    """
    for env in envs:
        torch = env.torch
        found = _BAD.get(release(torch.version)[:3]) if torch is not None and torch.cuda is not None else None
        if torch is None or found is None or not env.active or "a0" in torch.version or "dev" in torch.version:
            continue
        instead, what, source = found
        yield Problem(
            subject=env_subject(env),
            message=f"{torch_shown(env, torch)}: {what}; {instead} is its fix release",
            evidence=(torch.seen,),
            source=source,
        )
