#!/usr/bin/env python3
"""Make the index of checks (cudadoctor/checks/engine/index.json); `--check` only says whether it is up to date.

Each rule is run over the facts of a machine where there is nothing, and everything that it looks at is noted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import msgspec
from msgspec.structs import replace

from cudadoctor.api import examine as api
from cudadoctor.checks.engine import index, registry
from cudadoctor.checks.engine.base import Asked, Rule
from cudadoctor.facts.base import Facts
from cudadoctor.facts.driver import LibcudaFacts, PciFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.toolkit import CompilerFacts
from cudadoctor.host.recording import Recording
from cudadoctor.host.replay import ReplayHost
from cudadoctor.probes.collect import collect

PLACE = Path(__file__).resolve().parents[1] / "cudadoctor/checks/engine/index.json"


class TooMuch(Exception):  # noqa: N818  it ends a trial, nothing is wrong
    """The rule did something that cannot be written down as a look."""


class Noted:
    """Stands for a frozen value and notes what is read of it."""

    def __init__(self, value: object, path: str, notes: dict[str, list[Any]]) -> None:
        self.__dict__["_noted"] = (value, path, notes)

    __class__ = property(lambda self: type(self.__dict__["_noted"][0]))

    def __getattr__(self, name: str) -> Any:
        value, path, notes = self.__dict__["_noted"]
        if name not in getattr(type(value), "__struct_fields__", ()):
            raise TooMuch(f"{path}.{name}")
        return noted(getattr(value, name), f"{path}.{name}", notes)

    def __bool__(self) -> bool:
        return True

    def _refuse(self, *_: object) -> Any:
        raise TooMuch(self.__dict__["_noted"][1])

    __eq__ = __ne__ = __hash__ = __iter__ = __len__ = __contains__ = __getitem__ = __str__ = __repr__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __add__ = __format__ = _refuse


class NotedMap(dict[str, Any]):
    """An empty mapping of names to values that notes for which it is asked."""

    def __init__(self, path: str, notes: dict[str, list[Any]]) -> None:
        super().__init__()
        self._path, self._notes = path, notes

    def _note(self, key: str) -> None:
        self._notes.setdefault(f"{self._path}{{{key}}}", []).append(None)

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return default

    def __contains__(self, key: object) -> bool:
        self._note(str(key))
        return False

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        raise KeyError(key)

    def _refuse(self, *_: object) -> Any:
        raise TooMuch(self._path)

    __iter__ = __len__ = __bool__ = __eq__ = __ne__ = __or__ = __ror__ = _refuse
    keys = values = items = copy = _refuse


class NotedKind(str):  # noqa: PLW1641, SLOT000
    """The kind of a message that is of no kind: notes with which ones it is compared."""

    kinds: set[str]

    def __eq__(self, other: object) -> bool:
        self.kinds.add(str(other))
        return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    def _refuse(self, *_: object) -> Any:
        raise TooMuch("kind")

    __hash__ = __len__ = __contains__ = __getitem__ = __iter__ = __str__ = __format__ = _refuse
    startswith = endswith = removeprefix = removesuffix = partition = rpartition = split = _refuse  # type: ignore[assignment]


class NotedTuple(tuple[Any, ...]):  # noqa: SLOT001
    """Elements that may only be gone through, from the first on."""

    path: str

    def _refuse(self, *_: object) -> Any:
        raise TooMuch(self.path)

    def __bool__(self) -> bool:
        return tuple.__len__(self) > 0

    __len__ = __eq__ = __ne__ = __hash__ = __getitem__ = __add__ = __contains__ = __reversed__ = _refuse


def noted(value: Any, path: str, notes: dict[str, list[Any]]) -> Any:
    if isinstance(value, Mapping):
        if value:
            raise TooMuch(path)
        return NotedMap(path, notes)
    if isinstance(value, tuple) and value:
        made = NotedTuple(noted(one, f"{path}[]", notes) for one in value)
        made.path = path
        return made
    if path in ("envs", "symptoms"):
        # Empty, and yet each element of a longer one must come to the same: that is what the other runs are for.
        made = NotedTuple()
        made.path = path
        return made
    seen = index.plain(value)
    notes.setdefault(path, []).append(seen)
    return Noted(value, path, notes) if seen == index.PRESENT else value


def bare() -> Iterator[Facts]:
    """Machines without GPU, driver, toolkit and torch, with no environment, one and two."""
    nowhere = Seen(where="", text="")
    found = collect(ReplayHost(Recording()), api.Request(fast=True)).facts
    assert found.smi is not None
    assert found.driver is not None
    assert found.kernel is not None
    assert found.distro is not None
    found = replace(
        found,
        driver=replace(found.driver, loaded=False, uvm_loaded=False),
        smi=replace(found.smi, seen=nowhere),
        kernel=replace(found.kernel, events=()),
        pci=PciFacts(gpus=(), seen=nowhere),
        libcuda=LibcudaFacts(outcome="missing"),
        compiler=CompilerFacts(path="", kind="gcc", major=0, version="", seen=nowhere),
        distro=replace(found.distro, sources=()), symptoms=(), gpus=(), gaps=(),
    )  # fmt: skip
    env = EnvFacts(kind="venv", name="a", prefix="/a")
    for active in ((), (True,), (False,), (True, False), (False, True), (False, False)):
        yield replace(found, envs=tuple(replace(env, active=one) for one in active))


def symptoms(kinds: set[str]) -> Iterator[Any]:
    """No message, and one of no kind."""
    message = Noted(None, "symptoms[]", {})
    kind = NotedKind("none")
    kind.kinds = kinds
    message.__dict__["kind"] = kind
    for elements in ((), (message,)):
        made = NotedTuple(elements)
        made.path = "symptoms"
        yield made


def quiet(rule: Rule, asked: Asked) -> index.RuleRow:
    """The row of a rule, with what it looks at where it yields nothing."""
    notes: dict[str, list[Any]] = {}
    kinds: set[str] = set()
    try:
        for facts in bare():
            for messages in symptoms(kinds):
                given = {name: noted(getattr(facts, name), name, notes) for name, _ in asked.parameters}
                if "symptoms" in given:
                    given["symptoms"] = messages
                if next(iter(rule(**given)), None) is not None:
                    raise TooMuch("it yields something")  # noqa: TRY301
        looks: tuple[index.Look, ...] | None = looks_of(notes)
    except (TooMuch, AttributeError, TypeError, KeyError, ValueError):
        looks = None
    return index.RuleRow(
        parameters=asked.parameters,
        any_of=asked.any_of,
        quiet=looks,
        kinds=tuple(sorted(kinds)) if looks is not None else (),
    )


def looks_of(notes: dict[str, list[Any]]) -> tuple[index.Look, ...]:
    looks = []
    for path, values in notes.items():
        different: list[Any] = []
        for value in values:
            if not any(index.same(value, other) for other in different):
                different.append(value)
        if not path.startswith("envs[]") and len(different) > 1:
            raise TooMuch(path)
        looks.append(index.Look(path, tuple(different)))
    return tuple(looks)


def made() -> bytes:
    rows = []
    for one in registry.all_checks():
        rules = ((one.rule, Asked(one.parameters)), *one.more)
        rows.append(index.row_of(one, tuple(quiet(*rule) for rule in rules)))
    # One check a line: a change shows as the lines of the checks that it is about.
    return b"[\n" + b",\n".join(msgspec.json.encode(row) for row in rows) + b"\n]\n"


def main() -> None:
    text = made()
    if "--check" in sys.argv[1:]:
        if not PLACE.exists() or PLACE.read_bytes() != text:
            sys.exit(f"{PLACE.name} is not up to date: run scripts/make_check_index.py")
        return
    PLACE.write_bytes(text)


if __name__ == "__main__":
    main()
