"""Finds a torch that was never built for this Python."""

from __future__ import annotations

from collections.abc import Iterator

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PREVIOUS_VERSIONS
from cudadoctor.checks.shared.machine import active, clean, release
from cudadoctor.checks.shared.messages import every, first
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom


@check("PY003", severity=Severity.ERROR)
def python_version_no_wheel(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """The wanted torch has no wheel for this version of Python.

    Why:
        Each release of torch is built for the four or five Pythons of its time: 1.13 for {{pythons 1.13}}, 2.0 for
        {{pythons 2.0}}, 2.4 for {{pythons 2.4}}, {{torch}} for {{pythons latest}}. For another Python pip says "Could
        not find a version that satisfies the requirement torch==…" and lists the versions that it has for this Python,
        or "… is not a supported wheel on this platform".

    How we know:
        pip's "Could not find a version that satisfies the requirement torch==1.13.1 (from versions: 2.0.0, …)", with
        the Python that runs and the Pythons for which that release was built; uv's "You require CPython 3.13, but we
        only found wheels for `torch`"; or a wheel's own tag (cp310) beside another Python. An index for one CUDA alone
        (`+cu121`) says nothing about Python: `wheel-index-nonexistent`.

    Fix:
        Take a torch from pip's list, or a Python for which the wanted one was made: `uv venv --python 3.10 && uv pip
        install torch==1.13.1`, or `conda create -n old python=3.10`. Ubuntu and Debian have one Python only: use uv,
        conda or pyenv rather than replacing it. `cudadoctor recommend --torch 1.13.1` says which Pythons a release has.

    Harmless when:
        Never: nothing was installed.

    Sources:
        https://pytorch.org/get-started/previous-versions/
    """
    if first(symptoms, "python-32bit-path") is not None:
        return  # that is why
    env = active(envs or ())
    python = ".".join(env.python_version.split(".")[:2]) if env is not None and env.python_version else None
    for found in (*_by_uv(symptoms), *_by_pip(symptoms, python), *_by_wheel(symptoms, python)):
        yield found
        return


def _by_uv(symptoms: tuple[Symptom, ...]) -> Iterator[Problem]:
    for one in every(symptoms, "uv-no-wheel"):
        which = " ".join(filter(None, (one.values["package"], one.values.get("wanted"))))
        yield Problem(
            subject="machine",
            message=f"{clean(which, 60)} has no wheel for Python {clean(one.values['python'], 10)}",
            evidence=(one.seen,),
            source=PREVIOUS_VERSIONS,
        )


def _by_pip(symptoms: tuple[Symptom, ...], python: str | None) -> Iterator[Problem]:
    from cudadoctor.compat import torch as torches

    for one in every(symptoms, "pip-no-version"):
        if one.values.get("package") == "torch" and "wanted" not in one.values and python is not None:
            if one.values.get("versions", "none").strip() == "none" and _too_new(python):
                yield Problem(
                    subject="machine",
                    message=f"no release of torch that is known here has a wheel for Python {clean(python, 10)}",
                    evidence=(one.seen,),
                    source=PREVIOUS_VERSIONS,
                    confidence=Confidence.LIKELY,
                )
            continue
        wanted, listed = one.values.get("wanted"), _listed(one.values.get("versions", ""))
        if one.values.get("package") != "torch" or wanted is None or torches.release(wanted) is None:
            continue
        known = torches.pythons(wanted)
        mine = None if python is None or not known else python in known
        # pip lists what there is for this Python: a release older than all of it was made for older Pythons only.
        older = bool(listed) and release(wanted) < listed[0]
        newer = bool(listed) and release(wanted) > listed[-1]
        # An index for one CUDA version lists what was built for that, and so tells nothing about Python.
        one_build = "+" in wanted or first(symptoms, "pip-torch-index") is not None
        only_listed = mine is None and (one_build or not (older or newer))
        if mine is True or only_listed:
            continue
        which = f"Python {clean(python, 10)}" if python else "this Python"
        for_ = f" It was built for Python {', '.join(known)}." if known else ""
        yield Problem(
            subject="machine",
            message=f"torch {clean(wanted, 40)} has no wheel for {which}.{for_}".rstrip("."),
            evidence=(one.seen,),
            source=PREVIOUS_VERSIONS,
            confidence=Confidence.CERTAIN if mine is False else Confidence.LIKELY,
        )


def _too_new(python: str) -> bool:
    """Newer than every Python that the newest release was built for."""
    from cudadoctor.compat import torch as torches

    known = torches.pythons(torches.newest().torch) or ()
    return bool(known) and all(release(python) > release(one.rstrip("t")) for one in known)


def _by_wheel(symptoms: tuple[Symptom, ...], python: str | None) -> Iterator[Problem]:
    for one in every(symptoms, "wheel-not-supported"):
        tag = one.values["python"]
        if not tag.startswith("cp") or len(tag) < len("cp37") or python is None:
            continue
        made_for = f"{tag[2]}.{tag[3:]}"
        if made_for != python:
            yield Problem(
                subject="machine",
                message=f"the wheel of {clean(one.values['name'], 20)} is for Python {made_for}, and this is {python}",
                evidence=(one.seen,),
                source=PREVIOUS_VERSIONS,
            )


def _listed(text: str) -> list[tuple[int, ...]]:
    """The versions that pip lists, oldest first; none of the placeholder of 2017, which has no Python."""
    found = [release(word.strip()) for word in text.split(",")]
    return sorted(one for one in found if one and one > (0, 2))
