"""Another torch: in the place of the wrong one, or in a new environment beside the broken one."""

from __future__ import annotations

import posixpath

from msgspec import Struct

from cudadoctor.checks.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.recommend.model import CONDA_FAMILY
from cudadoctor.remedies import machine
from cudadoctor.remedies.fix import torch_wanted as builds
from cudadoctor.remedies.fix.torch_wanted import Wanted
from cudadoctor.remedies.plan import Exists, PlanStep
from cudadoctor.remedies.steps import Run, Tell
from cudadoctor.remedies.who import reader

_OTHER_BUILD = (
    "cpu-only-build",
    "aarch64-wheel-without-cuda",
    "arch-not-in-build-gpu-newer",
    "arch-not-in-build-gpu-older",
    "torch-not-installed",
)
_SAME_AGAIN = ("torchvision-torch-mismatch", "torchaudio-torch-mismatch")
_BESIDE = (
    "mixed-cuda-major-packages",
    "conda-pip-duplicate",
    "two-torch-distributions",
    "site-packages-split-lib-lib64",
    "mkl-incompatible",
)
_PINNED = ("numpy2-vs-old-torch", "nvjitlink-skew")
_OWN = ("venv", "uv", "pyenv")
"""Kinds of environments that pip or uv may change: one user's, and of one purpose."""
_NO_DRIVER_FOR = ("user", "cluster", "image")
"""Readers who cannot have another driver by themselves."""
_CONDA_HOST = "conda.anaconda.org"


class Rebuilt(Struct, frozen=True, kw_only=True):
    """The steps for one environment."""

    steps: tuple[PlanStep, ...]
    smoke: str | None
    """The environment to prove."""
    device: str = "auto"
    notes: tuple[str, ...] = ()


def build(finding: Finding, facts: Facts) -> Rebuilt | None:
    """The steps for a finding about an environment's torch; None where its cure is another, or only words help."""
    if not finding.subject.startswith("env:") or machine.on_jetson(facts):
        return None
    env = next((one for one in facts.envs or () if f"env:{one.prefix}" == finding.subject), None)
    if env is None or env.python is None:
        return None
    name = finding.name
    if name == "driver-too-old-for-runtime":
        if not (machine.in_container(facts) or reader(facts) in _NO_DRIVER_FOR):
            return None
    elif name not in (*_OTHER_BUILD, *_SAME_AGAIN, *_BESIDE, *_PINNED):
        return None
    if env.kind == "conda" or (name in _BESIDE and env.kind in _OWN):
        return _beside(finding, facts, env, same=name in (*_SAME_AGAIN, *_BESIDE, *_PINNED))
    if env.kind not in _OWN or name in _BESIDE:
        return None
    if name in _PINNED:
        return _pinned(finding, env)
    return _in_place(finding, facts, env, same=name in _SAME_AGAIN)


def _in_place(finding: Finding, facts: Facts, env: EnvFacts, *, same: bool) -> Rebuilt | None:
    wanted = builds.wanted(facts, env, same=same)
    if wanted is None or env.python is None or not all(_installs(words) for words in wanted.commands):
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
                    argv=_tool(env, env.python, "uninstall", *(() if env.kind == "uv" else ("-y",)), *dict(had)),
                    why=f"takes {shown} out of {env.prefix}",
                    safety="safe",
                ),
                done_when=builds.no_longer(env.python, had),
                undo=()
                if back is None
                else (Run(argv=_tool(env, env.python, "install", *back), why=f"puts {shown} back", safety="safe"),),
                lasting=f"nobody is known who still offers {shown}: it stays removed"
                if back is None
                else "packages that came with the new build stay",
            )
        )
    installed = _install(finding, env, env.python, wanted, number=len(steps) + 1)
    if not had:
        names = ("torch", *(name for name in builds.COMPANIONS if getattr(wanted.choice, name)))
        yes = () if env.kind == "uv" else ("-y",)
        gone = Run(argv=_tool(env, env.python, "uninstall", *yes, *names), why="takes it out again", safety="safe")
        installed[-1] = _with_undo(installed[-1], gone)
    steps += _in_order(installed, steps)
    return Rebuilt(steps=tuple(steps), smoke=env.prefix, device=_device(wanted))


def _with_undo(step: PlanStep, run: Run) -> PlanStep:
    from msgspec.structs import replace

    return replace(step, undo=(run,))


def _in_order(new: list[PlanStep], before: list[PlanStep]) -> list[PlanStep]:
    from msgspec.structs import replace

    last = before[-1].id if before else None
    out: list[PlanStep] = []
    for step in new:
        out.append(replace(step, needs=(last,)) if last is not None else step)
        last = step.id
    return out


def _installs(words: tuple[str, ...]) -> bool:
    return words[:4] == ("python", "-m", "pip", "install") or words[:3] == ("uv", "pip", "install")


def _tool(env: EnvFacts, python: str, command: str, *words: str) -> tuple[str, ...]:
    """Pip or uv for one interpreter; an environment of uv has no pip of its own."""
    if env.kind == "uv":
        return ("uv", "pip", command, "--python", python, *words)
    return (python, "-m", "pip", command, *words)


def _install(finding: Finding, env: EnvFacts, python: str, wanted: Wanted, *, number: int) -> list[PlanStep]:
    """The resolver's commands for this interpreter."""
    out: list[PlanStep] = []
    for words in wanted.commands:
        rest = words[4:] if words[0] == "python" else words[3:]
        out.append(
            PlanStep(
                id=f"{finding.name}-{number + len(out)}",
                title=f"Install {wanted.title}",
                why=wanted.why,
                action=Run(argv=_tool(env, python, "install", *rest), why=wanted.why, safety="safe"),
                network=_hosts(wanted),
                disk_mib=builds.disk(wanted.choice),
                disk_at=posixpath.dirname(posixpath.dirname(python)),
                done_when=builds.shows(python, wanted.choice),
            )
        )
    return out


def _hosts(wanted: Wanted) -> tuple[str, ...]:
    url = wanted.choice.index_url
    return (url.split("/")[2],) if url is not None and url.startswith("https://") else ()


def _device(wanted: Wanted) -> str:
    return "auto" if wanted.choice.cuda else "cpu"


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
        argv = _tool(env, env.python, "install", f"{package}=={old.version}")
        undo = (Run(argv=argv, why=f"puts {package} {old.version} back", safety="safe"),)
    step = PlanStep(
        id=f"{finding.name}-1",
        title=f"Install {spec}",
        why=why,
        action=Run(argv=_tool(env, env.python, "install", spec), why=why, safety="safe"),
        done_when=builds.begins(env.python, package, version),
        undo=undo,
        lasting=None if undo else f"which {package} was there is not known",
        disk_mib=200,
        disk_at=env.prefix,
    )
    return Rebuilt(steps=(step,), smoke=env.prefix)


def _beside(finding: Finding, facts: Facts, env: EnvFacts, *, same: bool) -> Rebuilt | None:
    """A new environment; the broken one is not touched."""
    wanted = builds.wanted(facts, env, same=same)
    if wanted is None:
        return None
    conda = wanted.choice.manager in CONDA_FAMILY
    prefix = _free(facts, env, wanted)
    steps = _conda(finding, facts, wanted, prefix) if conda else _venv(finding, env, wanted, prefix)
    if steps is None:
        return None
    enter = f"conda activate {prefix}" if conda else f"source {prefix}/bin/activate"
    told = PlanStep(
        id=f"{finding.name}-{len(steps) + 1}",
        title=f"Use {prefix} from now on",
        why=f"{env.prefix} stays as it is: remove it yourself when the new one does all that you need",
        action=Tell(text=f"Enter the new environment: `{enter}`. {env.prefix} stays as it is.", safety="safe"),
        needs=(steps[-1].id,),
    )
    others = sorted(
        f"{one.name} {one.version}"
        for one in env.packages.values()
        if one.name not in ("torch", "pytorch", "python", "cudatoolkit", *builds.COMPANIONS)
        and not one.name.startswith(("nvidia-", "cuda"))
    )
    notes = (
        f"{env.prefix} is left as it is, and {prefix} is made beside it"
        + (f"; of torch's company it had {', '.join(others)}" if others else "")
        + ": install there what else you need",
    )
    return Rebuilt(steps=(*steps, told), smoke=prefix, device=_device(wanted), notes=notes)


def _free(facts: Facts, env: EnvFacts, wanted: Wanted) -> str:
    """A place for the new environment: one that is free, or holds what is wanted already."""
    folder, name = posixpath.split(env.prefix)
    if env.kind == "conda" and facts.conda is not None and env.prefix in facts.conda.roots:
        folder, name = f"{env.prefix}/envs", "base"
    elif env.kind == "pyenv":
        home = facts.shell.home if facts.shell is not None else None
        folder = f"{home}/.venvs" if home else folder
    known = {one.prefix: one for one in facts.envs or ()}
    number = 1
    while True:
        prefix = f"{folder}/{name}-fixed{'' if number == 1 else f'-{number}'}"
        there = known.get(prefix)
        if there is None or _is(there, wanted):
            return prefix
        number += 1


def _is(env: EnvFacts, wanted: Wanted) -> bool:
    torch = env.torch
    if torch is None or torch.version.partition("+")[0] != wanted.choice.torch:
        return False
    cuda = f"{torch.cuda.major}.{torch.cuda.minor}" if torch.cuda is not None else None
    return cuda == wanted.choice.cuda


def _conda(finding: Finding, facts: Facts, wanted: Wanted, prefix: str) -> list[PlanStep] | None:
    words = wanted.commands[0]
    if len(wanted.commands) != 1 or words[1:3] != ("create", "-n"):
        return None
    program = facts.conda.executable if words[0] == "conda" and facts.conda is not None else None
    argv: tuple[str, ...] = (program or words[0], "create", "-y", "-p", prefix, *words[4:])
    blind = facts.libcuda is None or facts.libcuda.outcome != "ok"
    if blind and wanted.choice.cuda and "conda-forge" in wanted.choice.channels[:1]:
        argv = ("env", f"CONDA_OVERRIDE_CUDA={wanted.choice.cuda}", *argv)  # the solver sees no driver now
    home = facts.shell.home if facts.shell is not None else None
    return [
        PlanStep(
            id=f"{finding.name}-1",
            title=f"Make the environment {prefix} with {wanted.title}",
            why=wanted.why,
            action=Run(argv=argv, why=wanted.why, safety="safe"),
            network=(_CONDA_HOST,),
            disk_mib=builds.disk(wanted.choice) + 1000,
            disk_at=prefix,
            done_when=builds.shows(f"{prefix}/bin/python", wanted.choice, companions=False),
            makes=(prefix,),
            touches=(f"{home}/.conda/environments.txt",) if home else (),
        )
    ]


def _venv(finding: Finding, env: EnvFacts, wanted: Wanted, prefix: str) -> list[PlanStep] | None:
    assert env.python is not None
    if not all(_installs(words) for words in wanted.commands):
        return None
    argv = ("uv", "venv", "--python", env.python, prefix) if env.kind == "uv" else (env.python, "-m", "venv", prefix)
    made = PlanStep(
        id=f"{finding.name}-1",
        title=f"Make the environment {prefix}",
        why="a new one: the broken one stays as it is",
        action=Run(argv=argv, why=f"an empty environment with the Python of {env.prefix}", safety="safe"),
        done_when=Exists(path=f"{prefix}/bin/python", what="executable"),
        makes=(prefix,),
        disk_mib=50,
        disk_at=prefix,
    )
    return [made, *_in_order(_install(finding, env, f"{prefix}/bin/python", wanted, number=2), [made])]
