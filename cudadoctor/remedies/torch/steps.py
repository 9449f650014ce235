"""Another torch: in the place of the wrong one, or in a new environment beside the broken one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts import subject as subjects
from cudadoctor.facts.base import Facts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.remedies import machine
from cudadoctor.remedies.cures.reinstall_torch import wheel_pairs
from cudadoctor.remedies.plan import PlanStep, Run
from cudadoctor.remedies.torch import wanted as builds
from cudadoctor.remedies.torch.beside import beside
from cudadoctor.remedies.torch.install import Rebuilt, device_of, in_order, install, installs, tool
from cudadoctor.remedies.who import reader

if TYPE_CHECKING:
    from cudadoctor.checks.engine.names import Cause

_OTHER_BUILD: tuple[Cause, ...] = (
    "cpu-only-build",
    "aarch64-wheel-without-cuda",
    "arch-not-in-build-gpu-newer",
    "arch-not-in-build-gpu-older",
    "gpu-too-old-for-cudnn",
    "torch-not-installed",
)
_SAME_AGAIN: tuple[Cause, ...] = ("torchvision-torch-mismatch", "torchaudio-torch-mismatch")
_BESIDE: tuple[Cause, ...] = (
    "mixed-cuda-major-packages",
    "conda-pip-duplicate",
    "two-torch-distributions",
    "site-packages-split-lib-lib64",
    "mkl-incompatible",
)
_PINNED: tuple[Cause, ...] = ("numpy2-vs-old-torch", "nvjitlink-skew")
_OWN = ("venv", "uv", "pyenv")
"""Kinds of environments that pip or uv may change: one user's, and of one purpose."""
_NO_DRIVER_FOR = ("user", "cluster", "image")
"""Readers who cannot have another driver by themselves."""


def build(finding: Finding, facts: Facts, there: Mapping[str, str]) -> Rebuilt | None:
    """The steps for a finding about an environment's torch; None where its cure is another, or only words help.

    `there`: directories where a new environment might be made and something is, with the torch in it (`2.9.1 13.0`).
    """
    subject = subjects.parse(finding.subject)
    if not isinstance(subject, subjects.Env) or machine.on_jetson(facts):
        return None
    env = next((one for one in facts.envs or () if one.prefix == subject.prefix), None)
    if env is None or env.python is None or (finding.name == "mixed-cuda-major-packages" and wheel_pairs(env)):
        return None
    name = finding.name
    if name == "driver-too-old-for-runtime":
        if not (machine.in_container(facts) or reader(facts) in _NO_DRIVER_FOR):
            return None
    elif name not in (*_OTHER_BUILD, *_SAME_AGAIN, *_BESIDE, *_PINNED):
        return None
    if env.kind == "conda" or (name in _BESIDE and env.kind in _OWN):
        return beside(finding, facts, env, there, same=name in (*_SAME_AGAIN, *_BESIDE, *_PINNED))
    if env.kind not in _OWN or name in _BESIDE:
        return None
    if name in _PINNED:
        return _pinned(finding, env)
    return _in_place(finding, facts, env, same=name in _SAME_AGAIN)


def _in_place(finding: Finding, facts: Facts, env: EnvFacts, *, same: bool) -> Rebuilt | None:
    wanted = builds.wanted(facts, env, same=same)
    if wanted is None or env.python is None or not all(installs(words) for words in wanted.commands):
        return None
    steps: list[PlanStep] = []
    had = builds.had(env)
    if had:
        back = builds.back(env)
        shown = " and ".join(f"{name} {version}" for name, version in had)
        steps.append(
            PlanStep(
                id=f"{finding.name}-1",
                title=f"Remove {shown}",
                why="pip keeps an installed build whose version differs only behind the `+`",
                action=Run(
                    argv=tool(env, env.python, "uninstall", *(() if env.kind == "uv" else ("-y",)), *dict(had)),
                    why=f"takes {shown} out of {env.prefix}",
                    safety="safe",
                ),
                done_when=builds.no_longer(env.python, had),
                undo=()
                if back is None
                else (Run(argv=tool(env, env.python, "install", *back), why=f"puts {shown} back", safety="safe"),),
                lasting=f"nobody is known who still offers {shown}: it stays removed"
                if back is None
                else "packages that came with the new build stay",
            )
        )
    installed = install(finding, env, env.python, wanted, number=len(steps) + 1)
    if not had:
        names = ("torch", *(name for name in builds.COMPANIONS if getattr(wanted.choice, name)))
        yes = () if env.kind == "uv" else ("-y",)
        gone = Run(argv=tool(env, env.python, "uninstall", *yes, *names), why="takes it out again", safety="safe")
        installed[-1] = _with_undo(installed[-1], gone)
    steps += in_order(installed, steps)
    return Rebuilt(steps=tuple(steps), smoke=env.prefix, device=device_of(wanted))


def _with_undo(step: PlanStep, run: Run) -> PlanStep:
    return replace(step, undo=(run,))


def _pinned(finding: Finding, env: EnvFacts) -> Rebuilt | None:
    """One package at another version."""
    assert env.python is not None
    package, spec, version = "numpy", "numpy<2", "1."
    why = "the NumPy that this torch was built for"
    if finding.name == "nvjitlink-skew":
        cuda = env.torch.cuda if env.torch is not None else None
        if cuda is None:
            return None
        package = f"nvidia-nvjitlink-cu{cuda.major}" if cuda.major < 13 else "nvidia-nvjitlink"
        version = f"{cuda.major}.{cuda.minor}."
        spec, why = f"{package}=={version}*", "the nvJitLink that the other libraries of this torch were made with"
    old = env.packages.get(package)
    undo: tuple[Run, ...] = ()
    if old is not None:
        argv = tool(env, env.python, "install", f"{package}=={old.version}")
        undo = (Run(argv=argv, why=f"puts {package} {old.version} back", safety="safe"),)
    step = PlanStep(
        id=f"{finding.name}-1",
        title=f"Install {spec}",
        why=why,
        action=Run(argv=tool(env, env.python, "install", spec), why=why, safety="safe"),
        done_when=builds.begins(env.python, package, version),
        undo=undo,
        lasting=None if undo else f"which {package} was there is not known",
        disk_mib=200,
        disk_at=env.prefix,
    )
    return Rebuilt(steps=(step,), smoke=env.prefix, pinned=True)
