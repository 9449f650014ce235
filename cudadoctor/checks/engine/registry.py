"""Finds the checks: every module of every family folder, loaded once."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import cudadoctor.checks
from cudadoctor.checks.engine.base import Check
from cudadoctor.errors import CudaDoctorError, NoChecksError
from cudadoctor.facts.base import Facts

FAMILIES = (
    *("driver", "health", "system", "container", "libraries", "toolkit", "shell", "envs", "torch"),
    *("smoke", "fleet"),
)
"""From hardware up to torch; a family without a folder is not there yet."""


@cache
def all_checks() -> tuple[Check, ...]:
    """Every check, by code. Raises NoChecksError where none was found (a broken installation)."""
    found: dict[str, Check] = {}
    for root in cudadoctor.checks.__path__:
        for family in FAMILIES:
            for module in pkgutil.iter_modules([f"{root}/{family}"]):
                loaded = importlib.import_module(f"cudadoctor.checks.{family}.{module.name}")
                for value in vars(loaded).values():
                    one = getattr(value, "check", None)
                    if isinstance(one, Check) and one.rule.__module__ == loaded.__name__:
                        if one.code in found and found[one.code].rule is not one.rule:
                            raise NoChecksError(f"two checks have the code {one.code}")
                        found[one.code] = one
    if not found:
        raise NoChecksError("no check was found: this installation of cudadoctor is incomplete; install it again")
    return tuple(found[code] for code in sorted(found))


def askable(facts: Facts) -> tuple[Check, ...]:
    """Every check but those of smoke tests and expectations where there are none: nobody asked for these, so they are
    not skipped.
    """
    absent = {(name, True) for name in ("smoke", "expected") if getattr(facts, name) is None}
    return tuple(one for one in all_checks() if absent.isdisjoint(one.parameters))


def selected(word: str) -> tuple[str, ...]:
    """Codes that a selector names: a code, a name, a prefix of codes, or ALL. Raises CudaDoctorError for none."""
    plain = word.strip()
    found = tuple(
        one.code
        for one in all_checks()
        if plain.upper() == "ALL" or one.code.startswith(plain.upper()) or one.name == plain.lower()
    )
    if not plain or not found:
        raise CudaDoctorError(f"`{word}` names no check: see `cudadoctor explain --list`")
    return found


def find(word: str) -> Check | None:
    """The check of that code or name, whatever the case; None where there is none."""
    wanted = word.strip().lower()
    for one in all_checks():
        if wanted in (one.code.lower(), one.name):
            return one
    return None
