"""Another build of torch, or another environment."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.checks.envs.mixed_cuda_major_packages import SHARED
from cudadoctor.facts.base import Facts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.remedies.cures.torch_command import install_steps
from cudadoctor.remedies.machine import env_of, on_jetson
from cudadoctor.remedies.plan import PlanStep, Remedy
from cudadoctor.remedies.steps import advice, pip_install, run

_JETSON = Remedy(
    summary="Install NVIDIA's torch for this JetPack",
    steps=(
        advice("Take NVIDIA's wheel or container for this board's JetPack; the general wheels have no CUDA for it."),
    ),
)


def other_build(finding: Finding, facts: Facts) -> Remedy:
    """A build that this driver and these GPUs can run."""
    if on_jetson(facts):
        return _JETSON
    steps = install_steps(facts, env_of(finding.subject, facts))
    return Remedy(summary="Install the build of torch that fits this driver and these GPUs", steps=steps)


def install(finding: Finding, facts: Facts) -> Remedy:
    """A torch where there is none."""
    if on_jetson(facts):
        return _JETSON
    if facts.gpus == ():
        return Remedy(
            summary="Install torch, if this environment is to have it",
            steps=(advice("To compute on the CPU: install torch from https://download.pytorch.org/whl/cpu."),),
        )
    steps = install_steps(facts, env_of(finding.subject, facts))
    return Remedy(summary="Install torch, if this environment is to have it", steps=steps)


def together(finding: Finding, facts: Facts) -> Remedy:
    """The torchvision that belongs to torch."""
    env = env_of(finding.subject, facts)
    torch = env.torch if env is not None else None
    wanted = _companion(torch.version) if torch is not None else None
    words = "Install torch, torchvision and torchaudio again in one command, from one index or channel."
    steps: tuple[PlanStep, ...] = (advice(words),)
    if wanted is not None:
        steps = (
            advice(f"The torchvision that belongs to torch {torch.version if torch else ''} is {wanted}. {words}"),
        )
    return Remedy(summary="Install torch and torchvision again, in one command", steps=steps)


def _companion(version: str) -> str | None:
    from cudadoctor.compat import torch

    found = torch.companions(version)
    return None if found is None else found.torchvision


def numpy(finding: Finding, facts: Facts) -> Remedy:
    """NumPy 1 for an old torch."""
    env = env_of(finding.subject, facts)
    steps: list[PlanStep] = []
    if env is not None and env.python is not None and env.kind != "system":
        steps.append(pip_install(env.python, ("numpy<2",), "the NumPy that this torch was built for"))
    else:
        steps.append(advice("Install `numpy<2` into the environment."))
    steps.append(advice("Or install torch 2.3 or newer, which takes NumPy 2."))
    return Remedy(summary="Install numpy<2, or a newer torch", steps=tuple(steps))


def mkl(finding: Finding, facts: Facts) -> Remedy:
    """MKL 2024.0."""
    env = env_of(finding.subject, facts)
    if env is None or env.kind != "conda":
        return Remedy(summary="Install MKL 2024.0", steps=(advice("Install mkl 2024.0 into the environment."),))
    conda = ((facts.conda.executable if facts.conda is not None else None) or "conda",)
    return Remedy(
        summary="Install MKL 2024.0 into the environment",
        steps=(
            run(
                (*conda, "install", "--prefix", env.prefix, "-y", "mkl=2024.0"),
                "the last MKL with the symbol that this torch needs",
                "install mkl=2024.0 with conda",
                network=("conda.anaconda.org",),
                disk_at=env.prefix,
                disk_mib=9000,
            ),
        ),
    )


def wheel_pairs(env: EnvFacts | None) -> tuple[tuple[str, str], ...]:
    """(the wheel that torch does not need, the one it does) for each library of CUDA 12 and 13 that share files."""
    torch = env.torch if env is not None else None
    if env is None or torch is None or torch.cuda is None or torch.cuda.major not in (12, 13):
        return ()
    wanted = torch.cuda.major
    pairs = ((f"{library}-cu{25 - wanted}", f"{library}-cu{wanted}") for library in sorted(SHARED))
    return tuple((other, own) for other, own in pairs if other in env.packages and own in env.packages)


def one_of_each_pair(finding: Finding, facts: Facts) -> Remedy:
    """Wheels of two CUDA versions that overwrite each other: keep the ones that torch needs."""
    env = env_of(finding.subject, facts)
    pairs = wheel_pairs(env)
    if env is None or not pairs:
        return new_environment(finding, facts)
    python = env.python or "python"
    pins = dict(env.torch.pins) if env.torch is not None else {}
    again = [f"{own}=={pins.get(own, env.packages[own].version)}" for _, own in pairs]
    return Remedy(
        summary=f"Uninstall {' and '.join(other for other, _ in pairs)}, then reinstall the ones that torch needs",
        steps=(
            run(
                (python, "-m", "pip", "uninstall", "-y", *(other for other, _ in pairs)),
                "uninstall the wheels of the other CUDA version; files that both share go with them",
                "uninstall the wheels of the other CUDA version",
            ),
            run(
                (python, "-m", "pip", "install", "--force-reinstall", "--no-deps", *again),
                "put back the files that torch needs",
                "reinstall the wheels that torch needs",
            ),
        ),
    )


def new_environment(finding: Finding, facts: Facts) -> Remedy:
    """An environment that is mixed up."""
    env = env_of(finding.subject, facts)
    where = f" (env `{env.name}` stays as it is until the new one works)" if env is not None else ""
    return Remedy(
        summary="Make a new environment and install torch there",
        steps=(
            advice(f"Make a new environment{where}."),
            advice("Install torch and what goes with it there in one command, from one index or channel."),
        ),
    )
