"""Which build of torch, for which Python, by which manager: the resolver's choice, fitted to what is on the machine."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.errors import CudaDoctorError
from cudadoctor.facts.base import Facts
from cudadoctor.recommend import detect, request
from cudadoctor.recommend.answer import recommend
from cudadoctor.recommend.candidates import Candidate
from cudadoctor.recommend.dialect import python_for
from cudadoctor.recommend.model import CONDA_FAMILY, Manager, Recommendation, Request, Value
from cudadoctor.recommend.resolve import resolve, without
from cudadoctor.recommend.rules import named
from cudadoctor.recommend.unknown import not_known
from cudadoctor.remedies.install.request import Asked, Ground, Interpreter
from cudadoctor.versions import DriverVersion

_DROPS = (("cuda",), ("torch",), ("cuda", "torch"), ("python",), ("cuda", "torch", "python"))
"""What is forgotten of a request that nothing fits, until something does."""
_OLDEST_VENV = (3, 3)
"""The first Python with the module venv."""


class Chosen(Struct, frozen=True, kw_only=True):
    """The build to install."""

    best: Candidate | None
    """None: nothing fits, or the request is in no table."""
    request: Request
    """The one that `best` is the answer to."""
    answer: Recommendation
    """Of the resolver, to the request as it was made."""
    manager: Manager
    python: str | None = None
    """`3.10`, of the environment."""
    interpreter: Interpreter | None = None
    """What makes a virtual environment."""
    newer_driver: bool = False
    """The build needs a driver that is newer than the one here."""
    notes: tuple[str, ...] = ()
    impossible: tuple[str, ...] = ()


class _Found(Struct, frozen=True, kw_only=True):
    best: Candidate
    request: Request
    newer_driver: bool
    interpreter: Interpreter | None = None


def choose(facts: Facts, asked: Asked, ground: Ground, *, driver_to_be: Value[DriverVersion] | None = None) -> Chosen:
    """The build. `driver_to_be`: the driver that the machine would get where it has none, or one that is too old.

    Raises CudaDoctorError for malformed words.
    """
    manager, notes, impossible = _manager(facts, asked, ground)
    base = detect.from_facts(facts)
    if asked.driver or (base.driver is None and base.cuda_driver is None):
        base = replace(base, driver=driver_to_be if base.gpus and base.gpus.value else None, cuda_driver=None)
    wanted = request.build(replace(asked.words, manager=manager, style=None), base)
    if manager in CONDA_FAMILY and not _in_conda(facts) and not _is_asked(wanted, "python"):
        wanted = replace(wanted, python=None)  # conda brings its own: the system's is no reason for an old one
    published = replace(wanted, style=Value(value="published", origin="asked")) if _published(asked) else wanted
    answer = recommend(published)
    for one in _ways(wanted, ground):
        found = _fitting(one, asked, facts, ground, driver_to_be)
        if found is not None:
            if one.manager.value != manager:
                notes.append(_instead(one.manager.value, manager, wanted))
            return _chosen(found, answer, notes, impossible)
    if not_known(wanted) is not None:  # a value that is in no table: there is nothing near it to plan
        impossible += [one.text for one in answer.reasons]
        said = {word.strip(",;:") for text in impossible for word in text.split()}
        others = [one.text for one in answer.alternatives if one.command is None]
        notes += [one for one in others if one.split()[-1] not in said]  # the nearest values are named already
        return Chosen(
            best=None, request=wanted, answer=answer, manager=manager, notes=tuple(notes), impossible=tuple(impossible)
        )
    impossible += _why_not(wanted)
    for names in _DROPS:
        if not any(_is_asked(wanted, name) for name in names):
            continue
        for one in _ways(without(wanted, *names), ground):
            found = _fitting(one, asked, facts, ground, driver_to_be)
            if found is not None:
                return _chosen(found, answer, notes, impossible)
    return Chosen(
        best=None, request=wanted, answer=answer, manager=manager, notes=tuple(notes), impossible=tuple(impossible)
    )


def _why_not(wanted: Request) -> list[str]:
    """Why nothing fits. A Python that was only found here is no reason: another can be had."""
    free = wanted if _is_asked(wanted, "python") else without(wanted, "python")
    for one in (free, wanted):
        answer = recommend(one)
        found = [
            reason.text
            for reason in answer.reasons
            # That no driver is known excludes nothing.
            if reason.rule not in ("published", "wrong", "platform") and "not checked" not in reason.text
        ]
        if answer.command is None and found:
            return found[:2]
        if resolve(one).best is None:  # the command is pip's, for a conda environment; a plan installs conda's builds
            return [reason.text for reason in answer.reasons if reason.rule == "channel"]
    return [reason.text for reason in recommend(wanted).reasons[:2]]


def interpreters(facts: Facts, ground: Ground) -> Iterator[Interpreter]:
    """Pythons that can make a virtual environment, the one that the user's shell starts first."""
    known = {one.path: one for one in ground.pythons}
    seen: set[tuple[str, str]] = set()
    first = [one for one in facts.envs or () if one.active or one.kind != "pyenv"]
    others = [one for one in facts.envs or () if one not in first]
    for env in (*first, *sorted(others, key=lambda one: _numbers(one.python_version or ""), reverse=True)):
        if env.kind not in ("system", "pyenv") or env.python is None or env.python_version is None:
            continue
        version = ".".join(env.python_version.split(".")[:2])
        one = known.get(env.python) or Interpreter(path=env.python, version=version)
        if _new_enough(version) and (one.path, version) not in seen:
            seen.add((one.path, version))
            yield Interpreter(path=one.path, version=version, ensurepip=one.ensurepip)
    for one in sorted(ground.pythons, key=lambda each: _numbers(each.version), reverse=True):
        if _new_enough(one.version) and (one.path, one.version) not in seen:
            seen.add((one.path, one.version))
            yield one


def describe(chosen: Chosen) -> str:
    """`torch 1.7.1 with CUDA 10.1`."""
    assert chosen.best is not None
    return named(chosen.best)


def _in_conda(facts: Facts) -> bool:
    active = next((one for one in facts.envs or () if one.active), None)
    return active is not None and active.kind in ("conda", "pixi")


def _published(asked: Asked) -> bool:
    if asked.words.style is not None:
        return request.style_name(asked.words.style) == "published"
    return asked.as_published


def _manager(facts: Facts, asked: Asked, ground: Ground) -> tuple[Manager, list[str], list[str]]:
    words = asked.words
    conda_only = bool(asked.conda or asked.conda_installer or asked.channels or asked.as_published)
    pip_only = bool(asked.index_url or asked.find_links)
    if words.manager is not None:
        manager = request.manager_name(words.manager)
    elif conda_only:
        manager = "conda"
    elif pip_only:
        manager = "pip"
    else:
        manager = detect.from_facts(facts).manager.value
    family = manager in CONDA_FAMILY
    if family and pip_only:
        option = "--index-url" if asked.index_url else "--find-links"
        raise CudaDoctorError(f"{option} is for pip and uv, and the manager is {manager}: name it with --manager")
    if not family and conda_only:
        given = (("--conda", asked.conda), ("--conda-installer", asked.conda_installer), ("--channel", asked.channels))
        option = next((name for name, value in given if value), "--as-published")
        raise CudaDoctorError(f"{option} is for conda, and the manager is {manager}: leave --manager out")
    if manager in ("uv", "micromamba", "pixi") and manager not in ground.programs:
        instead: Manager = "pip" if manager == "uv" else "conda"
        text = f"{manager} is not on PATH, and it is not installed from here: install it first, or leave --manager out"
        return instead, [f"planned with {instead} instead of {manager}"], [text]
    return manager, [], []


def _ways(wanted: Request, ground: Ground) -> Iterator[Request]:
    """The request; then, where no Python here fits it, by a manager that brings its own."""
    yield wanted
    if wanted.manager.value != "pip":
        return
    others: list[Manager] = ["uv"] if "uv" in ground.programs else []
    for manager in (*others, "conda"):
        python = wanted.python if wanted.python is not None and wanted.python.origin == "asked" else None
        yield replace(wanted, manager=Value(value=manager, origin="default"), python=python)


def _instead(manager: str, asked: str, wanted: Request) -> str:
    python = wanted.python.value if wanted.python is not None and wanted.python.origin == "asked" else None
    lacking = f"Python {python} is not on this machine" if python else "no Python on this machine has such a build"
    return f"planned with {manager}, which brings a Python of its own, instead of {asked}: {lacking}"


def _fitting(
    wanted: Request, asked: Asked, facts: Facts, ground: Ground, newer: Value[DriverVersion] | None
) -> _Found | None:
    """What fits, with the driver as it is; else with the newer one that can be had."""
    if wanted.manager.value != "pip":
        if wanted.manager.value == "uv" and (wanted.python is None or wanted.python.origin != "asked"):
            wanted = replace(wanted, python=None)
        return _attempt(wanted, asked, newer)
    pinned = wanted.python.value if wanted.python is not None and wanted.python.origin == "asked" else None
    for one in interpreters(facts, ground):
        if pinned is not None and one.version != pinned.removesuffix("t"):
            continue
        value = wanted.python if pinned is not None else Value(value=one.version, origin="detected")
        found = _attempt(replace(wanted, python=value), asked, newer)
        if found is not None:
            return replace(found, interpreter=one)
    return None


def _attempt(wanted: Request, asked: Asked, newer: Value[DriverVersion] | None) -> _Found | None:
    if recommend(wanted).verdict in ("ok", "outdated"):
        best = resolve(wanted).best
        return None if best is None else _Found(best=best, request=wanted, newer_driver=False)
    if asked.driver is False or (wanted.driver is None and wanted.cuda_driver is None):
        return None
    relaxed = replace(without(wanted, "driver", "cuda_driver"), driver=newer)
    if recommend(relaxed).verdict in ("ok", "outdated"):
        best = resolve(relaxed).best
        return None if best is None else _Found(best=best, request=relaxed, newer_driver=True)
    return None


def _chosen(found: _Found, answer: Recommendation, notes: list[str], impossible: list[str]) -> Chosen:
    manager = found.request.manager.value
    python = found.interpreter.version if found.interpreter is not None else python_for(found.best, found.request)
    if python is None and manager == "uv":
        python = python_for(found.best, replace(found.request, manager=Value(value="conda", origin="default")))
    return Chosen(
        best=found.best,
        request=found.request,
        answer=answer,
        manager=manager,
        python=python,
        interpreter=found.interpreter,
        newer_driver=found.newer_driver,
        notes=tuple(notes),
        impossible=tuple(impossible),
    )


def _is_asked(wanted: Request, name: str) -> bool:
    value = getattr(wanted, name)
    return value is not None and value.origin == "asked"


def _new_enough(version: str) -> bool:
    return _numbers(version) >= _OLDEST_VENV


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))
