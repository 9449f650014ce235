"""Finds the checks: every module of every family folder, imported when it is needed."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache

import cudadoctor.checks
from cudadoctor.checks.engine import index
from cudadoctor.checks.engine.base import Check
from cudadoctor.checks.engine.index import Row, RuleRow
from cudadoctor.errors import CudaDoctorError, NoChecksError
from cudadoctor.facts.base import Facts

FAMILIES = (
    *("driver", "health", "system", "container", "libraries", "toolkit", "shell", "envs", "torch"),
    *("smoke", "fleet"),
)
"""From hardware up to torch; a family without a folder is not there yet."""


def _modules() -> Iterator[str]:
    for root in cudadoctor.checks.__path__:
        for family in FAMILIES:
            for module in pkgutil.iter_modules([f"{root}/{family}"]):
                yield f"cudadoctor.checks.{family}.{module.name}"


@cache
def rows() -> tuple[Row, ...]:
    """Every check by code, as the index has it; a module that it does not have is imported.

    Raises NoChecksError where there is none (a broken installation).
    """
    known: dict[str, list[Row]] = {}
    for row in index.stored():
        known.setdefault(row.module, []).append(row)
    found: dict[str, Row] = {}
    for module in _modules():
        for row in known.get(module) or map(_unread, _checks_in(module)):
            if row.code in found:
                raise NoChecksError(f"two checks have the code {row.code}")
            found[row.code] = row
    if not found:
        raise NoChecksError("no check was found: this installation of cudadoctor is incomplete; install it again")
    return tuple(found[code] for code in sorted(found))


def _checks_in(module: str) -> Iterator[Check]:
    loaded = importlib.import_module(module)
    for one in {id(rule): getattr(rule, "check", None) for rule in vars(loaded).values()}.values():
        if isinstance(one, Check) and one.rule.__module__ == module:
            yield one


def _unread(one: Check) -> Row:
    """A check of which nothing is known but what it declares."""
    asked = (one.parameters, ()), *((more.parameters, more.any_of) for _, more in one.more)
    return index.row_of(one, tuple(RuleRow(parameters=facts, any_of=any_of) for facts, any_of in asked))


@cache
def all_checks() -> tuple[Check, ...]:
    """Every check, by code, imported. Raises NoChecksError where none was found (a broken installation)."""
    found: dict[str, Check] = {}
    for module in _modules():
        for one in _checks_in(module):
            if one.code in found:
                raise NoChecksError(f"two checks have the code {one.code}")
            found[one.code] = one
    if not found:
        raise NoChecksError("no check was found: this installation of cudadoctor is incomplete; install it again")
    return tuple(found[code] for code in sorted(found))


def askable(facts: Facts) -> tuple[Row, ...]:
    """Every check but those of smoke tests and expectations where there are none: nobody asked for these, so they are
    not skipped.
    """
    absent = {(name, True) for name in ("smoke", "expected") if getattr(facts, name) is None}
    return tuple(one for one in rows() if absent.isdisjoint(one.parameters))


def selected(word: str) -> tuple[str, ...]:
    """Codes that a selector names: a code, a name, a prefix of codes, or ALL. Raises CudaDoctorError for none."""
    plain = word.strip()
    found = tuple(
        one.code
        for one in rows()
        if plain.upper() == "ALL" or one.code.startswith(plain.upper()) or one.name == plain.lower()
    )
    if not plain or not found:
        raise CudaDoctorError(f"`{word}` names no check: see `cudadoctor explain --list`")
    return found


def find(word: str) -> Check | None:
    """The check of that code or name, whatever the case; None where there is none."""
    wanted = word.strip().lower()
    return next((one.load() for one in rows() if wanted in (one.code.lower(), one.name)), None)
