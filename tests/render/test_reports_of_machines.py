"""The text report of every planted machine: short, nothing twice, commands whole."""

from __future__ import annotations

import re
from functools import cache

import pytest

from cudadoctor.api import examine as api
from cudadoctor.probes.base import Request
from cudadoctor.render.report.text import render
from cudadoctor.render.text_draw import Look
from cudadoctor.report.model import Report
from tests.machines.builder import build
from tests.machines.catalogue import CATALOGUE, FAULTY, HEALTHY

HEALTHY_LINES, CAUSE_LINES = 12, 25
"""Most lines at 80 columns: of a healthy machine without remarks, and of one with one root cause and nothing else."""


@cache
def report(name: str) -> Report:
    return api.examine_host(build(CATALOGUE[name].machine), Request())


def drawn(name: str, width: int | None = 80) -> list[str]:
    return render(report(name), Look(width=width)).splitlines()


@pytest.mark.parametrize("name", [one.machine.name for one in HEALTHY])
def test_a_healthy_machine_is_told_in_a_dozen_lines(name: str) -> None:
    one = report(name)
    if one.status == "healthy" and not one.findings and one.set_up.install is None and not one.set_up.shell:
        layers = [line for line in drawn(name) if line.startswith("  ") and line[2:3] != " "]
        wrapped = [line for line in drawn(name) if line.startswith(" " * 13)]
        assert len(drawn(name)) - len(wrapped) - max(0, len(layers) - 8) <= HEALTHY_LINES


@pytest.mark.parametrize("name", [one.machine.name for one in FAULTY])
def test_no_sentence_is_said_twice(name: str) -> None:
    text = " ".join(" ".join(drawn(name)).split())
    sentences = [one.strip() for one in re.split(r"(?<=[.!?]) (?=[A-Z`])", text) if len(one.split()) > 4]
    assert [one for one in set(sentences) if text.count(one) > 1] == []


@pytest.mark.parametrize("name", [one.machine.name for one in FAULTY])
def test_no_command_is_printed_twice(name: str) -> None:
    commands = [line.strip() for line in drawn(name) if line.startswith(" " * 5) and " install " in line]
    assert len(commands) == len(set(commands))


@pytest.mark.parametrize("name", [one.machine.name for one in FAULTY if len(one.root_causes) == 1])
def test_one_root_cause_fits_a_screen(name: str) -> None:
    lines = drawn(name)
    start = next(number for number, line in enumerate(lines) if number and re.match(r"[✗!] [a-z]", line))
    end = next((number for number, line in enumerate(lines) if line in ("Worth knowing", "Set up")), len(lines))
    assert end - start <= CAUSE_LINES, "\n".join(lines[start:end])
