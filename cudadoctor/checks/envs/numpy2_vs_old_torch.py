"""Finds NumPy 2 beside a torch that was built for NumPy 1."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import NUMPY2
from cudadoctor.checks.shared.machine import env_subject, release, rows, seen, torch_shown, weight
from cudadoctor.checks.shared.messages import about, first, shown, subject
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("PY002", severity=Severity.ERROR)
def numpy2_vs_old_torch(envs: tuple[EnvFacts, ...]) -> Result:
    """NumPy 2 is installed beside a torch that was built for NumPy 1.

    Why:
        The binary interface changed with NumPy 2. torch imports with a warning, and `tensor.numpy()` and
        `torch.from_numpy()` end with "Numpy is not available".

    How we know:
        The installed NumPy is 2 or newer and torch older than 2.3 (on Windows 2.4.1), by PyTorch's own record. In a
        text: "A module that was compiled using NumPy 1.x cannot be run in NumPy 2", "Failed to initialize NumPy:
        _ARRAY_API not found", "RuntimeError: Numpy is not available". The last alone is also said where NumPy is not
        installed at all.

    Fix:
        `python -m pip install "numpy<2"` in this environment (conda: `conda install "numpy<2"`), or torch 2.3 or newer
        (on Windows 2.4.1). In a requirements file write `numpy<2` beside the old torch: another package may bring NumPy
        2 back.

    Harmless when:
        The program never passes data between torch and NumPy.

    Sources:
        https://github.com/pytorch/pytorch/issues/107302
    """
    from cudadoctor.compat import torch as torches

    for env in envs:
        numpy = env.packages.get("numpy")
        if env.torch is None or numpy is None:
            continue
        major = release(numpy.version)[:1]
        if not major or major[0] < 2:
            continue
        ready = torches.numpy2_ready(env.torch.version)
        if ready is None:
            yield Unknown(
                subject=env_subject(env), reason=f"whether torch {env.torch.version} takes NumPy 2 is in no table"
            )
        elif not ready:
            yield Problem(
                subject=env_subject(env),
                message=f"{torch_shown(env, env.torch)} was built for NumPy 1, and NumPy {numpy.version} is installed",
                evidence=rows(env.torch.seen, seen("numpy", numpy.version)),
                source=NUMPY2,
                severity=weight(env),
            )


@also(numpy2_vs_old_torch)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None, os: OsFacts | None) -> Result:
    """By NumPy's warning and torch's error: a torch that was made for NumPy 2 has another trouble."""
    from cudadoctor.compat import torch as torches

    own = first(symptoms, "torch-numpy-interface")
    other = first(symptoms, "built-for-numpy-1")
    one = own or first(symptoms, "torch-without-numpy")
    if one is None and other is not None:
        one = first(symptoms, "torch-asks-numpy")  # NumPy's warning quotes the module that it warns of
    env = about(envs)
    windows = os is not None and os.id == "windows"
    ready = torches.numpy2_ready(env.torch.version, windows=windows) if env is not None and env.torch else None
    numpy = env.packages.get("numpy") if env is not None else None
    if ready or (numpy is not None and release(numpy.version)[:1] == (1,)):
        return
    # NumPy warns of every module that is too old for it, and torch misses NumPy also where there is none.
    if one is None or (own is None and other is None and ready is None and numpy is None):
        return
    yield Problem(
        subject=subject(envs),
        message=f"{shown(envs)} was built for NumPy 1 and met NumPy 2",
        evidence=rows(one.seen, other.seen if other is not None else None),
        source=NUMPY2,
        confidence=Confidence.CERTAIN if own is not None or other is not None else Confidence.LIKELY,
    )
