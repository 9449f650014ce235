"""Many findings of one kind in one file are one finding, and its cure still knows every line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cudadoctor.checks.engine import runner
from cudadoctor.checks.engine.base import Check, Problem, Severity
from cudadoctor.facts.base import Facts
from cudadoctor.facts.seen import Seen
from cudadoctor.remedies.rc.line_edits import places


def _check(*subjects: str) -> Check:
    def rule() -> Iterator[Problem]:
        for subject in subjects:
            yield Problem(subject=subject, message="Repeats a directory", evidence=(Seen(where=subject, text="x"),))

    return Check(code="SH999", name="repeats", severity=Severity.WARNING, rule=rule, parameters=())


def test_many_lines_of_one_file_are_one_finding() -> None:
    subjects = [f"file:/home/x/.bashrc:{line}" for line in range(1, 5001)]
    (found,) = runner.run([_check(*subjects)], Facts()).findings
    assert found.subject == subjects[0]
    assert found.message == "Repeats a directory (4999 more such lines in this file: 2, 3, 4, 5, 6, …)"
    assert len(found.evidence) == runner.MOST_LINES
    assert len(places(found)) == 5000


@pytest.mark.parametrize(
    "subjects",
    [
        [f"file:/x:{line}" for line in range(runner.MOST_LINES)],
        [f"file:/x{number}:1" for number in range(20)],
        [f"gpu:{number}" for number in range(20)],
    ],
)
def test_few_lines_and_other_subjects_stay_apart(subjects: list[str]) -> None:
    assert {one.subject for one in runner.run([_check(*subjects)], Facts()).findings} == set(subjects)
