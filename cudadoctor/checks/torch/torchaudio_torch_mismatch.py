"""Finds a torchaudio for another torch."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import TORCHAUDIO
from cudadoctor.checks.shared.machine import clean, env_subject, release, rows, seen, torch_shown
from cudadoctor.checks.shared.messages import every, shown, subject
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom

# From 2.9 on torchaudio moved to torch's stable interface (pytorch/audio#4142): the numbers alone no longer decide.
_STABLE_FROM = (2, 9)


@check("TB010", severity=Severity.ERROR)
def torchaudio_torch_mismatch(envs: tuple[EnvFacts, ...]) -> Result:
    """The installed torchaudio was built for another torch, or for another CUDA.

    Why:
        Up to 2.8 each torchaudio is compiled against the torch of its own number. With another one its import ends with
        an undefined symbol in libtorchaudio.so or _torchaudio.so, or with "PyTorch and TorchAudio were compiled with
        different CUDA versions". An upgrade of torch alone, or a torchaudio of the general index beside a torch from
        PyTorch's own, is the usual way there.

    How we know:
        The torch that torchaudio's METADATA asks for, or the numbers of the two. In a text: "OSError:
        …/torchaudio/lib/libtorchaudio.so: undefined symbol", "Detected that PyTorch and TorchAudio were compiled with
        different CUDA versions".

    Fix:
        Install torch, torchvision and torchaudio again in one command, from one index; `cudadoctor recommend --torch
        VERSION --with torchvision,torchaudio` prints it. Up to torch {{last-torch-with-torchaudio}} each release has a
        torchaudio of its own; for a newer torch install torchaudio {{torchaudio}}, which is on the default index only.
        Where nothing needs it: `python -m pip uninstall torchaudio`.

    Harmless when:
        Nothing imports torchaudio.

    Sources:
        https://docs.pytorch.org/audio/stable/installation.html
    """
    from cudadoctor.compat import torch as torches

    for env in envs:
        audio = env.packages.get("torchaudio")
        if env.torch is None or audio is None:
            continue
        if release(audio.version)[:2] >= _STABLE_FROM:
            continue
        pinned = audio.requires_torch
        expected = torches.companions(env.torch.version)
        if pinned is None and (expected is None or expected.torchaudio is None):
            yield Unknown(
                subject=env_subject(env), reason=f"the torchaudio for torch {env.torch.version} is in no table"
            )
            continue
        fits = (
            release(pinned)[:2] == release(env.torch.version)[:2]
            if pinned is not None
            else expected is not None and release(expected.torchaudio or "")[:2] == release(audio.version)[:2]
        )
        if not fits:
            yield Problem(
                subject=env_subject(env),
                message=(
                    f"{torch_shown(env, env.torch)} has torchaudio {clean(audio.version, 40)} beside it, "
                    "which was made for another torch"
                ),
                evidence=rows(env.torch.seen, seen("torchaudio", audio.version)),
                source=TORCHAUDIO,
                severity=Severity.WARNING if env.active else Severity.INFO,
                confidence=Confidence.LIKELY,
            )


@also(torchaudio_torch_mismatch)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """By what torchaudio, or the loader about it, said."""
    for one in every(symptoms, "companion-other-cuda", "torch-symbol-undefined"):
        if one.values.get("library", "").lower() == "torchaudio" or "/torchaudio/" in one.values.get("file", ""):
            yield Problem(
                subject=subject(envs),
                message=f"torchaudio does not fit {shown(envs)}: it was built for another one",
                evidence=(one.seen,),
                source=TORCHAUDIO,
            )
            return
