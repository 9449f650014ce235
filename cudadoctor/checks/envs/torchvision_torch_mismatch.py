"""Finds a torchvision for another torch."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import TORCHVISION
from cudadoctor.checks.shared.machine import env_subject, release, rows, seen, torch_shown, weight
from cudadoctor.checks.shared.messages import every, shown, subject
from cudadoctor.facts.envs import EnvFacts, Package, TorchFacts
from cudadoctor.facts.symptom import Symptom

_BUILD = re.compile(r"(?:\A|[_+])(cpu|cu(?:da)?(\d{2,3}))(?:\.|_|\Z)")
# torchvision 0.3 was the first with compiled operators (torchvision/csrc, `torchvision.ops`).
_COMPILED_FROM = (0, 3)
_DECISIVE = ("companion-other-cuda", "torch-symbol-undefined", "torchvision-without-cuda")
_MESSAGES = (*_DECISIVE, "torchvision-operator-missing")


def _own_build(version: str) -> bool:
    """A version as torchvision's source gives itself: `0.20.0a0+afc54f7`."""
    return re.search(r"\d(?:a|b|rc|\.dev)\d", version) is not None


def _build(package: Package) -> str | None:
    """`cpu` or the CUDA major, from the version's local part or conda's build string; None where neither says."""
    for text in (package.version.partition("+")[2], package.build or ""):
        match = _BUILD.search(text)
        if match:
            digits = match.group(2)
            return "cpu" if digits is None else digits[:2] if digits[0] == "1" else digits[:1]
    return None


def _torch_build(torch: TorchFacts) -> str | None:
    if torch.cuda is not None:
        return str(torch.cuda.major)
    return "cpu" if torch.build == "cpu" else None


@check("TB003", severity=Severity.ERROR)
def torchvision_torch_mismatch(envs: tuple[EnvFacts, ...]) -> Result:
    """The installed torchvision was built for another torch, or for another CUDA.

    Why:
        Each torchvision is compiled against one torch: {{torchvision 2.5}} for 2.5, {{torchvision 2.6}} for 2.6,
        {{torchvision 2.7}} for 2.7 and so on. With another one its import ends with "operator torchvision::nms does not
        exist" or an undefined symbol; a CPU build beside a CUDA torch lacks the operators on the GPU.

    How we know:
        The version of torchvision against the one that belongs to torch (its METADATA, else PyTorch's table), and the
        builds (+cu126, +cpu). In a text: "RuntimeError: operator torchvision::nms does not exist", "Couldn't load
        custom C++ ops", "Could not run 'torchvision::nms' with arguments from the 'CUDA' backend", "PyTorch and
        torchvision were compiled with different CUDA major versions".

    Fix:
        Install torch, torchvision and torchaudio again in one command, from one index: `python -m pip install
        --force-reinstall torch torchvision --index-url {{index cuda 12}}` (or the index of your build), or with exact
        numbers from the page of previous versions.

        conda: `conda install -c conda-forge pytorch-gpu torchvision`. Not pip's torchvision beside conda's torch.

    Harmless when:
        Nothing imports torchvision.

    Sources:
        https://github.com/pytorch/vision#installation
    """
    from cudadoctor.compat import torch as torches

    for env in envs:
        vision = env.packages.get("torchvision")
        if env.torch is None or vision is None:
            continue
        torch, evidence = env.torch, rows(env.torch.seen, seen("torchvision", vision.version))
        expected = torches.companions(torch.version)
        wanted = expected.torchvision if expected is not None else None
        if release(vision.version) < _COMPILED_FROM:
            continue  # Python only, and fits any torch
        pinned = vision.requires_torch
        if pinned is not None and release(pinned)[:3] == release(torch.version)[:3]:
            wanted = vision.version  # it says itself that it belongs to this torch
        elif wanted is not None and pinned is None and _own_build(vision.version):
            yield Unknown(
                subject=env_subject(env), reason=f"torchvision {vision.version} was built here, for whatever torch"
            )
            continue
        if wanted is None:
            yield Unknown(subject=env_subject(env), reason=f"the torchvision for torch {torch.version} is in no table")
        elif release(vision.version)[:2] != release(wanted)[:2]:
            yield Problem(
                subject=env_subject(env),
                message=f"{torch_shown(env, torch)} goes with torchvision {wanted}, and {vision.version} is installed",
                evidence=evidence,
                source=TORCHVISION,
                severity=weight(env),
            )
            continue
        ours, theirs = _torch_build(torch), _build(vision)
        if ours is not None and theirs is not None and ours != theirs:
            cpu = "cpu" in (ours, theirs)
            yield Problem(
                subject=env_subject(env),
                message=(
                    f"{torch_shown(env, torch)} is a build for {_words(ours)}, and torchvision {vision.version} "
                    f"one for {_words(theirs)}"
                ),
                evidence=evidence,
                source=TORCHVISION,
                severity=weight(env) or (Severity.WARNING if cpu else None),
            )


def _words(build: str) -> str:
    return "the CPU" if build == "cpu" else f"CUDA {build}"


@also(torchvision_torch_mismatch)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """By what torchvision, or the loader about it, said."""
    for one in every(symptoms, *_MESSAGES):
        if one.kind == "companion-other-cuda" and one.values.get("library", "").lower() != "torchvision":
            continue
        if one.kind == "torch-symbol-undefined" and "/torchvision/" not in one.values.get("file", ""):
            continue
        if one.kind == "torch-symbol-undefined" and one.values["file"].endswith("/image.so"):
            continue  # images are read another way then, and torchvision works
        what = "is a CPU build" if one.kind == "torchvision-without-cuda" else "was built for another one"
        yield Problem(
            subject=subject(envs),
            message=f"torchvision does not fit {shown(envs)}: it {what}",
            evidence=(one.seen,),
            source=TORCHVISION,
            confidence=Confidence.CERTAIN if one.kind in _DECISIVE else Confidence.LIKELY,
        )
        return
