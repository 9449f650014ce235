"""Says that conda's channel `pytorch` gets no more releases."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PYTORCH_CHANNEL
from cudadoctor.checks.shared.machine import active, env_subject, rows, seen
from cudadoctor.facts.envs import CondaFacts, EnvFacts
from cudadoctor.facts.subject import File

_FROZEN = ("pytorch", "pytorch-nightly", "pytorch-lts")


def _is_frozen(channel: str | None) -> bool:
    return (channel or "").rstrip("/").removesuffix("/linux-64").rpartition("/")[2] in _FROZEN


@check("CON001", severity=Severity.INFO)
def conda_channel_frozen(envs: tuple[EnvFacts, ...], conda: CondaFacts | None) -> Result:
    """The conda channel `pytorch` is frozen: its last torch is {{conda-last}}.

    Why:
        The PyTorch project stopped building conda packages after {{conda-last}}. Updates from that channel will not
        come.

    How we know:
        conda's own record of the installed pytorch names the channel `pytorch` (or pytorch-nightly, pytorch-lts), or
        conda's configuration lists that channel.

    Fix:
        For a newer torch: `python -m pip install torch --index-url {{index cuda 12}}` in a new conda environment, or
        conda-forge's torch {{conda-forge torch}}: `conda create -n ml -c conda-forge --override-channels pytorch-gpu`.
        Take torch and torchvision from the same channel; conda-forge may supply the rest.

    Harmless when:
        An older torch is wanted on purpose: what the channel has stays there.

    Sources:
        https://github.com/pytorch/pytorch/issues/138506
    """
    env = active(envs)
    for name in ("pytorch", "torch"):
        package = env.packages.get(name) if env is not None else None
        if env is not None and package is not None and _is_frozen(package.channel):
            yield Problem(
                subject=env_subject(env),
                message=f"torch {package.version} comes from conda's channel `pytorch`, which ends with torch 2.5",
                evidence=rows(seen(package.name, f"{package.version} from {package.channel}")),
                source=PYTORCH_CHANNEL,
            )
            return
    listed = next((channel for channel in (conda.channels if conda is not None else ()) if _is_frozen(channel)), None)
    if listed is not None and conda is not None:
        yield Problem(
            subject=str(File(conda.condarc[0])) if conda.condarc else "machine",
            message="conda is set to the channel `pytorch`, which ends with torch 2.5",
            evidence=(seen(".condarc", listed),),
            source=PYTORCH_CHANNEL,
        )
