"""Facts from compact TOML: nested tables become structs by their type hints, versions are read from text.

A case names a base machine (bases.toml) and what differs from it: tables are merged, everything else is replaced, and
the text "@unknown" stands for None. What a struct demands and a case need not say (a `seen`, the name of an
environment) is filled in here.
"""

from __future__ import annotations

import collections.abc
import copy
import functools
import importlib
import sys
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from cudadoctor.checks.engine.base import Check
from cudadoctor.checks.engine.outcome import Outcomes
from cudadoctor.checks.engine.runner import run
from cudadoctor.facts.base import Facts
from cudadoctor.facts.driver import DeviceNode, LibcudaFacts, PciDevice, SmiFacts
from cudadoctor.facts.envs import EnvFacts, Package, TorchFacts, TorchLive
from cudadoctor.facts.kernel import DkmsModule, KernelEvent
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.shell import LoaderEntry, PathEntry, RcLine
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.toolkit import CompilerFacts, ToolkitFacts, ToolkitLink
from cudadoctor.versions import ComputeCapability, CudaVersion, DriverVersion

tomllib: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

HERE = Path(__file__).resolve().parent
UNKNOWN = "@unknown"

_FILL: dict[type, dict[str, Any]] = {
    EnvFacts: {"kind": "venv", "name": "ml", "prefix": "/home/u/ml"},
    TorchFacts: {"location": "/home/u/ml/lib/torch"},
    TorchLive: {"outcome": "ok"},
    SmiFacts: {"outcome": "ok"},
    LibcudaFacts: {"outcome": "ok"},
    DeviceNode: {"mode": 0o666, "uid": 0, "gid": 0, "errno": 0},
    PciDevice: {"bus_id": "0000:01:00.0", "device_id": "10de:2236", "driver": "nvidia"},
    CompilerFacts: {"path": "/usr/bin/gcc", "kind": "gcc", "version": "11.4.0"},
    ToolkitFacts: {"real_root": "", "nvcc": "nvcc"},
    ToolkitLink: {"target": "/usr/local/cuda-12.4", "resolved": None},
    LoaderEntry: {"soname": "lib.so"},
    PathEntry: {"variable": "PATH", "index": 0, "exists": True},
    KernelEvent: {"text": "NVRM: as logged"},
    DkmsModule: {"name": "nvidia", "version": "580.95.05"},
    Symptom: {"says": "what the message means"},
    RcLine: {"file": "/home/u/.bashrc", "line": 1, "value": "", "exported": True},
}


def read(path: Path) -> dict[str, Any]:
    """A TOML file."""
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return table


def bases() -> dict[str, dict[str, Any]]:
    """The base machines by name, each merged with the one that it is like; a copy, for a test to change."""
    return copy.deepcopy(_bases())


@functools.cache
def _bases() -> dict[str, dict[str, Any]]:
    raw = read(HERE / "bases.toml")

    def whole(name: str) -> dict[str, Any]:
        table = dict(raw[name])
        like = table.pop("like", None)
        return table if like is None else merge(whole(like), table)

    return {name: whole(name) for name in raw}


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` over `below`, table by table."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def facts_of(case: Mapping[str, Any]) -> Facts:
    """The facts of a case: its base (none: empty), and what it says itself."""
    base = _bases()[case["base"]] if "base" in case else {}
    return build_facts(merge(base, case.get("facts", {})))


def build_facts(table: Mapping[str, Any]) -> Facts:
    """Facts from a whole table."""
    facts = _struct(Facts, table)
    assert isinstance(facts, Facts)
    return facts


def judged(check: Check, case: Mapping[str, Any]) -> Outcomes:
    """One check over a case."""
    return run((check,), facts_of(case))


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _struct(kind: type, table: Mapping[str, Any]) -> object:
    hints = _hints(kind)
    values: dict[str, Any] = dict(_FILL.get(kind, {}))
    for key, value in table.items():
        assert key in hints, f"{kind.__name__} has no field {key}"
        values[key] = None if value == UNKNOWN else _value(hints[key], value)
    for field in msgspec.structs.fields(kind):
        if field.name == "seen" and field.required and "seen" not in values:
            values["seen"] = Seen(where=f"/{kind.__name__}", text="as read")
    if kind is ToolkitFacts:
        values["real_root"] = values["real_root"] or values["root"]
        values["nvcc"] = f"{values['root']}/bin/nvcc" if values["nvcc"] == "nvcc" else values["nvcc"]
    return kind(**values)


def _value(hint: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _value(next(one for one in arguments if one is not type(None)), value)
    if origin is tuple:
        return tuple(_value(arguments[0], one) for one in value)
    if origin in (dict, collections.abc.Mapping):
        inner = arguments[1]
        return {key: _package(key, one) if inner is Package else _value(inner, one) for key, one in value.items()}
    if isinstance(hint, type):
        if issubclass(hint, (DriverVersion, CudaVersion, ComputeCapability)):
            parsed = hint.parse(value)
            assert parsed is not None, f"{value!r} is no {hint.__name__}"
            return parsed
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return _struct(hint, value)
    return value


def _package(name: str, value: str | Mapping[str, str]) -> Package:
    if isinstance(value, str):
        return Package(name=name, version=value)
    return Package(**{"name": name, **value})
