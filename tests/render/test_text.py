"""The text report: its order, its widths, and what foreign text cannot do to it."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from cudadoctor.facts.base import Facts
from cudadoctor.facts.system import OsFacts
from cudadoctor.render.report.chain import fold
from cudadoctor.render.report.text import render
from cudadoctor.render.text_draw import Look
from tests.render.golden import compare
from tests.render.samples import ALL, BROKEN, CAUSE, EFFECT, HEALTHY, HINT, HOSTILE, NO_GPU, RECOMMENDATION

COMMAND = "sudo apt-get install --yes nvidia-driver-580=580.65.06-0ubuntu1 linux-headers-generic-hwe-18.04"


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("width", [None, 60])
def test_golden(name: str, width: int | None) -> None:
    compare(f"{name}-{width or 'piped'}.txt", render(ALL[name], Look(width=width, verbosity=1 if width is None else 0)))


def test_the_cure_stands_right_below_its_cause() -> None:
    lines = render(BROKEN).splitlines()
    assert lines[0].startswith("✗ broken: ")
    cause = next(number for number, line in enumerate(lines) if line.startswith(f"✗ {CAUSE.name}"))
    command = next(number for number, line in enumerate(lines) if line.strip() == COMMAND)
    assert cause < command < cause + 12


def test_a_healthy_machine_gets_its_verdict_and_layers_alone() -> None:
    lines = render(HEALTHY, Look(width=80)).splitlines()
    assert len(lines) <= 12
    assert all(line.startswith(("✓", "  ")) or not line for line in lines)


def test_a_command_of_ours_is_printed_as_this_user_starts_it() -> None:
    drawn = render(BROKEN, Look(program="./scripts/cudadoctor"))
    assert "`./scripts/cudadoctor fix`" in drawn
    assert "`cudadoctor " not in drawn


def test_quiet_is_one_line() -> None:
    assert render(BROKEN, Look(width=60, verbosity=-1)).count("\n") == 1


def test_no_gpu_and_healthy_say_so_first() -> None:
    assert render(NO_GPU).startswith("– There is no NVIDIA GPU")
    assert render(HEALTHY).startswith("✓ Healthy")


def test_a_consequence_is_folded_below_its_cause() -> None:
    roots, folded = fold((EFFECT, CAUSE, HINT))
    assert roots == [CAUSE, HINT]
    assert folded == {CAUSE.id: [EFFECT], HINT.id: []}


def test_a_consequence_whose_cause_was_left_out_is_not_lost() -> None:
    assert fold((EFFECT,))[0] == [EFFECT]
    circle = (replace(CAUSE, because_of=(EFFECT.id,)), EFFECT)
    assert len(fold(circle)[0]) + sum(len(part) for part in fold(circle)[1].values()) == 2


@pytest.mark.parametrize("width", [40, 60, 100, None])
def test_a_command_is_never_wrapped_and_prose_never_too_wide(width: int | None) -> None:
    lines = render(BROKEN, Look(width=width)).splitlines()
    assert COMMAND in [line.strip() for line in lines]
    for number, line in enumerate(lines):
        words = line.split()
        verdict = width is None and number == 0
        commands = (COMMAND, *RECOMMENDATION.commands)
        if not verdict and line.strip() not in commands and max((cell_len(word) for word in words), default=0) < 20:
            assert cell_len(line) <= (width or 80)


def test_root_needs_no_sudo() -> None:
    as_root = replace(BROKEN, facts=replace(BROKEN.facts, os=OsFacts(uid=0)))
    assert "sudo" not in render(as_root)
    assert "sudo" in render(replace(BROKEN, facts=Facts()))


def test_colour_only_when_asked() -> None:
    assert "\x1b" not in render(BROKEN)
    assert re.sub(r"\x1b\[[0-9;]*m", "", render(BROKEN, Look(color=True))) == render(BROKEN)


def test_ascii_for_terminals_that_have_no_more() -> None:
    assert render(BROKEN, Look(unicode=False)).isascii()


@pytest.mark.parametrize("verbosity", [-1, 0, 1, 2])
def test_foreign_text_cannot_steer_the_terminal(verbosity: int) -> None:
    drawn = render(HOSTILE, Look(verbosity=verbosity))
    assert set(re.findall(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", drawn)) == {"\n"}
    assert "[bold]env[/bold]" in drawn
    drawn.encode("utf-8")


def test_very_verbose_has_the_facts() -> None:
    assert "driver.cuda_version: 10.1" in render(BROKEN, Look(verbosity=2))
