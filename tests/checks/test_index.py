"""The index of checks is up to date, and a check that it spares would have had nothing to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cudadoctor.checks.engine import index, registry, runner
from cudadoctor.facts.base import Facts
from tests.checks.loader import HERE, facts_of, read
from tests.machines.catalogue import CATALOGUE
from tests.machines.test_machines import recorded

ROOT = Path(__file__).resolve().parents[2]
ROWS = {row.code: row for row in registry.rows()}


def spared_and_wrong(facts: Facts, rows: list[index.Row]) -> list[str]:
    judge = index.Judge(facts)
    return [row.code for row in rows if judge.settled(row) and list(runner._results(row.load(), facts))]


def test_the_index_is_up_to_date() -> None:
    script = [sys.executable, str(ROOT / "scripts/make_check_index.py"), "--check"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_every_check_has_its_row() -> None:
    assert {row.code for row in index.stored()} == {one.code for one in registry.all_checks()} == set(ROWS)
    for one in registry.all_checks():
        row = ROWS[one.code]
        assert (row.name, row.severity, row.parameters) == (one.name, one.severity, one.parameters)


@pytest.mark.parametrize("table", sorted((HERE / "cases").glob("*.toml")), ids=lambda path: path.stem)
def test_no_case_of_a_check_is_spared_wrongly(table: Path) -> None:
    cases: list[dict[str, Any]] = [case for kind in read(table).values() if isinstance(kind, list) for case in kind]
    wrong = [code for case in cases for code in spared_and_wrong(facts_of(case), [ROWS[table.stem]])]
    assert not wrong


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_report_is_the_same_with_and_without_the_index(name: str) -> None:
    _, facts = recorded(name)
    facts = replace(facts, symptoms=facts.symptoms or ())
    assert runner.run(registry.rows(), facts) == runner.run(registry.all_checks(), facts)


def test_a_machine_without_gpu_and_torch_spares_most_checks() -> None:
    _, facts = recorded(next(name for name in CATALOGUE))
    bare = replace(facts, gpus=(), envs=(), symptoms=())
    assert sum(map(index.Judge(bare).settled, ROWS.values())) > len(ROWS) / 4


def test_a_check_that_cannot_be_imported_is_reported() -> None:
    broken = index.Row(
        code="ZZ999", name="gone", severity=3, module="cudadoctor.checks.gone", rules=(index.RuleRow(parameters=()),)
    )
    (crash,) = runner.run([broken], Facts()).crashed
    assert (crash.code, crash.error.partition(":")[0]) == ("ZZ999", "ModuleNotFoundError")
