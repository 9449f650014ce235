"""What is known of each check without importing it: made by scripts/make_check_index.py.

Most checks have nothing to say about most machines. Besides names and the facts that are asked for, the index holds for
each rule what it looks at on a machine without a GPU, a toolkit and torch, where it yields nothing. A rule depends on
nothing but what it looks at: where all of that is the same on the machine at hand, it yields nothing there either.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Any

import msgspec

from cudadoctor.checks.engine.base import Check
from cudadoctor.facts.base import Facts

Value = str | int | bool | list[Any] | dict[str, Any] | None
PRESENT: dict[str, Any] = {"present": True}
"""A value that is there; what is in it is looked at under its own path."""


class Look(msgspec.Struct, frozen=True, array_like=True):
    """What a rule looked at and what it saw there; of several values each will do."""

    path: str
    """`smi.gpus`, `envs[].torch` (of every element), `shell.variables{CUDA_HOME}`."""
    values: tuple[Value, ...]


class RuleRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rule of a check."""

    parameters: tuple[tuple[str, bool], ...]
    any_of: tuple[str, ...] = ()
    quiet: tuple[Look, ...] | None = None
    """Where all of these hold, the rule yields nothing. None: not known of any machine."""
    kinds: tuple[str, ...] = ()
    """… and none of these messages is there."""


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One check."""

    code: str
    name: str
    severity: int
    module: str
    rules: tuple[RuleRow, ...]
    kinds: tuple[str, ...] = ()
    """Kinds of message that it declares."""

    @property
    def parameters(self) -> tuple[tuple[str, bool], ...]:
        """Those of the first rule."""
        return self.rules[0].parameters

    def load(self) -> Check:
        """The check itself."""
        found: Check = vars(import_module(self.module))[self.name.replace("-", "_")].check
        return found


def row_of(one: Check, rules: tuple[RuleRow, ...]) -> Row:
    """The row of a check."""
    return Row(
        code=one.code,
        name=one.name,
        severity=int(one.severity),
        module=one.rule.__module__,
        rules=rules,
        kinds=tuple(sorted({kind for says in one.messages for kind in says.kinds})),
    )


@cache
def stored() -> tuple[Row, ...]:
    """The rows as they were made; none where there is no such file."""
    try:
        text = pkgutil.get_data("cudadoctor.checks.engine", "index.json")
        return msgspec.json.decode(text or b"[]", type=tuple[Row, ...])
    except (OSError, msgspec.DecodeError):
        return ()


class Judge:
    """What can be said of checks over some facts without importing them."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._kinds = {one.kind for one in facts.symptoms or ()}
        self._seen: dict[str, tuple[Value, ...] | None] = {}

    def settled(self, row: Row) -> bool:
        """Whether no rule of the check has anything to say."""
        return self._kinds.isdisjoint(row.kinds) and all(self._rests(rule) for rule in row.rules)

    def _rests(self, rule: RuleRow) -> bool:
        for name, required in rule.parameters:
            if required and getattr(self._facts, name) is None:
                return True
        if rule.any_of and all(getattr(self._facts, name) is None for name in rule.any_of):
            return True
        if rule.quiet is None or not self._kinds.isdisjoint(rule.kinds):
            return False
        return all(self._holds(look) for look in rule.quiet)

    def _holds(self, look: Look) -> bool:
        if look.path not in self._seen:
            self._seen[look.path] = values_at(self._facts, look.path)
        values = self._seen[look.path]
        return values is not None and all(any(same(one, other) for other in look.values) for one in values)


def same(one: Value, other: Value) -> bool:
    """Equal, and of one kind: no 0 is a False."""
    return type(one) is type(other) and one == other


def values_at(facts: Facts, path: str) -> tuple[Value, ...] | None:
    """What is there, as the index writes it: one value, or that of each element. None where the path leads nowhere."""
    values: list[Any] = [facts]
    try:
        for part in path.split("."):
            name, _, key = part.removesuffix("[]").partition("{")
            values = [getattr(value, name) for value in values]
            if key:
                values = [value.get(key[:-1]) for value in values]
            if part.endswith("[]"):
                values = [element for value in values for element in value]
    except (AttributeError, TypeError):
        return None
    return tuple(plain(value) for value in values)


def plain(value: object) -> Value:
    """A value as the index writes it."""
    if value is None or type(value) in (bool, int, str):
        return value  # type: ignore[return-value]
    if isinstance(value, tuple) and not value:
        return []
    return PRESENT
