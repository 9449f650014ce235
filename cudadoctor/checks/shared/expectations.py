"""What an expectation asks for, and whether it is met."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from cudadoctor.facts.driver import DriverFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.expected import Expectation
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.toolkit import ToolkitInventory

_MIB = {"MiB": 1, "GiB": 1024, "TiB": 1024 * 1024}


class Here(Struct, frozen=True, kw_only=True):
    """The facts that expectations are about."""

    gpus: tuple[GpuFacts, ...] | None
    driver: DriverFacts | None
    toolkit: ToolkitInventory | None
    envs: tuple[EnvFacts, ...] | None
    shell: ShellFacts | None


Values = list[str] | None
"""The values that are here; empty: none of it is here; None: not known."""


def found(one: Expectation, here: Here) -> Values:
    """What is here of what is expected."""
    if one.key in ("require", "forbid"):
        return None if here.shell is None else [one.wanted] if one.wanted in here.shell.variables else []
    return _FOUND[one.key](here)


def _count(here: Here) -> Values:
    return None if here.gpus is None else [str(sum(not gpu.lost for gpu in here.gpus))]


def _driver(here: Here) -> Values:
    if here.driver is None:
        return None
    return [str(here.driver.version)] if here.driver.version else None if here.driver.loaded else []


def _toolkits(here: Here) -> Values:
    versions = None if here.toolkit is None else [one.version for one in here.toolkit.toolkits]
    return None if versions is None or None in versions else [str(one) for one in versions]


def _active(here: Here) -> EnvFacts | None:
    return next((one for one in here.envs or () if one.active), None)


def _python(here: Here) -> Values:
    env = _active(here)
    if env is None:
        return None if here.envs is None else []
    return [env.python_version] if env.python_version else None


def _torch(here: Here) -> Values:
    env = _active(here)
    if env is None or env.torch is None:
        return None if here.envs is None else []
    return [env.torch.version] if env.torch.version[:1].isdigit() else None


def _torch_cuda(here: Here) -> Values:
    env = _active(here)
    if env is None or env.torch is None:
        return None if here.envs is None else []
    return [str(env.torch.cuda)] if env.torch.cuda else [] if env.torch.build else None


def _of_gpus(key: str, gpus: tuple[GpuFacts, ...] | None) -> Values:
    """One value a GPU; None where one of them is not known."""
    values: list[str | None] = []
    for gpu in gpus or ():
        by_key = {
            "gpu": gpu.name,
            "compute": str(gpu.compute_capability) if gpu.compute_capability else None,
            "memory": f"{gpu.memory_total_mib} MiB" if gpu.memory_total_mib else None,
            "mig": "true" if gpu.mig_mode == "enabled" else "false",
        }
        values.append(by_key[key])
    known = [value for value in values if value is not None]
    return None if gpus is None or len(known) < len(values) else known


_FOUND: Mapping[str, Callable[[Here], Values]] = {
    "gpus": _count,
    "gpu": lambda here: _of_gpus("gpu", here.gpus),
    "compute": lambda here: _of_gpus("compute", here.gpus),
    "memory": lambda here: _of_gpus("memory", here.gpus),
    "mig": lambda here: _of_gpus("mig", here.gpus),
    "driver": _driver,
    "toolkit": _toolkits,
    "python": _python,
    "torch": _torch,
    "torch_cuda": _torch_cuda,
}


def holds(one: Expectation, here: Values) -> bool:
    """Whether it is met. What is not known is not; what is wanted of GPUs is wanted of each, and of one at least."""
    if here is None:
        return False
    if one.key == "require" or one.wanted == "true":
        return bool(here) and all(value != "false" for value in here)
    if one.key == "forbid" or one.wanted == "false":
        return all(value == "false" for value in here)
    if one.key == "toolkit":
        return any(_fits(one.wanted, value) for value in here)
    if one.key == "gpu":
        return bool(here) and all(one.wanted.lower() in value.lower() for value in here)
    if one.key == "memory":
        return bool(here) and all(_compared(one.wanted, _mib(value)) for value in here)
    return bool(here) and all(_fits(one.wanted, value) for value in here)


def _mib(text: str) -> float:
    number, unit = re.findall(r"[\d.]+|[A-Za-z]+", text)[-2:]
    return float(number) * _MIB[unit]


def _compared(wanted: str, value: float) -> bool:
    """`>=40GiB`: a card of 40 GB shows a little less than its name says, so one per cent is allowed."""
    sign = re.match(r"[<>=]*", wanted)
    limit, word = _mib(wanted), sign[0] if sign else ""
    if word == ">=":
        return value >= 0.99 * limit
    tests = {">": value > limit, "<": value < limit, "<=": value <= limit}
    return tests.get(word, abs(value - limit) <= 0.01 * limit)


def _fits(wanted: str, value: str) -> bool:
    """As PEP 440 compares; a version without an operator also stands for those that it begins (`580`, `2.9`)."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion, Version

    spec = wanted if wanted[0] in "<>=!~" else f"=={wanted}" if wanted.endswith(".*") else f"=={wanted}.*"
    try:
        return SpecifierSet(spec).contains(Version(value), prereleases=True)
    except InvalidVersion:
        return False
