"""The tables of messages as a whole: well formed, cheap to search, each message known by what is left of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from cudadoctor.intake.messages.find import compiled, find, rows, template_pattern

if sys.version_info >= (3, 11):
    from re import _constants as sre
    from re import _parser as sre_parse
else:
    import sre_constants as sre
    import sre_parse

ROOT = Path(__file__).parents[2]
PATTERNS = sorted({(row.kind, pattern) for row in rows() for _, pattern in row.patterns})


def test_the_index_is_what_the_tables_give() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "make_messages.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_rows_are_well_formed() -> None:
    for row in rows():
        assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", row.kind)
        assert row.source.startswith("https://"), row.kind
        assert row.says == row.says.strip() != "", row.kind
        assert row.patterns or row.lines or any(row.kind == other.kind for other in rows() if other is not row), (
            row.kind
        )
        for word, pattern in row.patterns:
            assert word, row.kind
            assert word == word.lower(), row.kind
            assert compiled(pattern)
            if row.needs:
                assert set(row.needs) <= set(compiled(pattern).groupindex)
        for line in row.lines:
            assert compiled(template_pattern(line))


def test_a_damaged_index_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A message that cannot be looked for must not pass for one that is absent."""
    from cudadoctor.intake.messages import find as module

    module.index.cache_clear()
    monkeypatch.setattr(module, "files", lambda _package: tmp_path)
    with pytest.raises(FileNotFoundError):
        find([("line 1", "CUDA error 803")])
    monkeypatch.undo()
    module.index.cache_clear()


_MOST_STEPS = 50_000
_MOST_FROM_THE_START = 300_000
_LINE = 4096


def steps(pattern: str) -> int:
    """Roughly the most steps that a search takes from one starting place: repeats that vary, one after the other."""
    return _steps(list(cast("Any", sre_parse.parse(pattern, re.IGNORECASE))))


def _steps(parsed: list[Any]) -> int:
    cost = 1
    for at, (operation, argument) in enumerate(parsed):
        following = parsed[at + 1] if at + 1 < len(parsed) else None
        if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            least, most, inner = argument
            choices = (_LINE if most is sre.MAXREPEAT else int(most)) - int(least) + 1
            ends_there = following is None or _stops_at(list(inner), following)
            cost *= _steps(list(inner)) * (choices if _wide(list(inner)) and not ends_there else 1)
        elif operation is sre.BRANCH:
            cost *= max(_steps(list(one)) for one in argument[1])
        elif operation is sre.SUBPATTERN:
            cost *= _steps(list(argument[-1]))
        elif operation in (sre.ASSERT, sre.ASSERT_NOT):
            cost += _steps(list(argument[1]))
    return cost


def _wide(parsed: list[Any]) -> bool:
    """It repeats `.`, or a class that is given by what it does not have."""
    for operation, argument in parsed:
        if operation in (sre.ANY, sre.NOT_LITERAL) or (operation is sre.IN and argument[0][0] is sre.NEGATE):
            return True
        if operation is sre.SUBPATTERN and _wide(list(argument[-1])):
            return True
    return False


def _stops_at(inner: list[Any], following: Any) -> bool:
    """The repeated class excludes the character that follows: there is one place to stop."""
    if following[0] is not sre.LITERAL or len(inner) != 1:
        return False
    operation, argument = inner[0]
    if operation is sre.NOT_LITERAL:
        return bool(argument == following[1])
    return operation is sre.IN and (sre.LITERAL, following[1]) in argument


def test_steps_multiply_where_repeats_follow_each_other() -> None:
    assert steps("a.{0,80}b.{0,40}c") == 81 * 41
    assert steps(r"\([^)]{0,80}\) x") == 1


@pytest.mark.parametrize(("kind", "pattern"), PATTERNS)
def test_patterns_are_cheap(kind: str, pattern: str) -> None:
    anchored = pattern.startswith(("^", r"\A"))
    assert steps(pattern) <= (_MOST_FROM_THE_START if anchored else _MOST_STEPS), kind


def test_every_kind_that_a_check_declares_is_in_a_table() -> None:
    from cudadoctor.checks.engine.registry import all_checks

    known = {row.kind for row in rows()}
    for check in all_checks():
        for declared in check.messages:
            assert declared.kinds, check.name
            assert {*declared.kinds, *declared.unless, *declared.beside} <= known, check.name
