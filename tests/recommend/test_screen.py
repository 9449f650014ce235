"""The whole answer fits one screen of 80 columns: the command, the verdict, at most five reasons."""

from __future__ import annotations

import itertools

import pytest

from cudadoctor.recommend.model import MANAGERS, Recommendation
from cudadoctor.render.recommendation.text import render, rows
from tests.recommend.ask import ask

WIDE, SCREEN = 80, 30
MACHINES: list[dict[str, object]] = [
    {},
    {"cuda": "10.1"},
    {"cuda": "cpu"},
    {"torch": "1.7.1", "cuda": "11.0"},
    {"torch": "1.3.1", "cuda": "10.1", "python": "3.7"},
    {"torch": "2.7.1", "cuda": "12.6"},
    {"torch": "2.15.0", "packages": "torchvision,torchaudio"},
    {"torch": "9.9"},
    {"gpus": ["Tesla K80"], "driver": "470.82.01", "python": "3.10"},
    {"gpus": ["Tesla K80"], "driver": "535.54.03"},
    {"gpus": ["GT 710"], "driver": "470.82.01"},
    {"gpus": ["A100"], "driver": "535.54.03", "python": "3.6"},
    {"gpus": ["GTX 1080 Ti", "RTX 5090"], "driver": "580.65.06", "python": "3.12"},
    {"gpus": ["RTX 3090"] * 2 + ["RTX 4090", "T4", "V100", "A100", "H100"], "driver": "550.54.14"},
    {"gpus": ["Jetson AGX Orin"]},
    {"gpus": ["Jetson Thor"], "python": "3.12"},
    {"gpus": ["RTX 9090"]},
    {"driver": "999.10", "archs": ["8.9"]},
    {"glibc": "2.17", "gpus": ["T4"], "driver": "470.82.01", "python": "3.8"},
    {"platform": "macos-arm64"},
    {"platform": "win-amd64", "cuda": "11.8"},
]


def shown(words: dict[str, object], manager: str, style: str) -> tuple[Recommendation, str]:
    found = ask(manager=manager, style=style, **words)
    return found, render(found, width=WIDE)


@pytest.mark.parametrize(("manager", "style"), list(itertools.product(MANAGERS, ("working", "published"))))
def test_every_answer_fits_one_screen(manager: str, style: str) -> None:
    for words in MACHINES:
        found, text = shown(words, manager, style)
        lines = text.splitlines()
        assert rows(lines, WIDE) <= SCREEN, (words, rows(lines, WIDE))
        for command in found.commands:
            assert command in lines, words  # whole, ready to paste
        start = lines.index("Why") + 1 if "Why" in lines else len(lines)
        end = next((number for number in range(start, len(lines)) if not lines[number]), len(lines))
        assert sum(line.startswith("  - ") for line in lines[start:end]) <= 5, words


def test_what_was_left_out_is_counted_and_v_shows_it() -> None:
    found, text = shown({"cuda": "10.1"}, "conda", "working")
    assert "-v shows more:" in text
    whole = render(found, width=WIDE, verbosity=1)
    one_line = " ".join(whole.split())
    for reason in found.reasons:
        assert " ".join(reason.text.split())[1:] in one_line
    for rejected in found.rejected:
        assert " ".join(rejected.text.split()) in one_line
    assert all((one.command or "") in whole for one in found.alternatives)
    assert "-v shows" not in whole


def test_the_verdict_stands_under_the_commands() -> None:
    found, text = shown({"gpus": ["GTX 1080 Ti"], "driver": "580.65.06", "python": "3.12"}, "pip", "working")
    assert text.startswith(
        f"{found.command}\n\nInstalls torch {found.choice.torch if found.choice else ''} (CUDA 12.6)"
    )
    _, none = shown({"gpus": ["Tesla K80"], "driver": "535.54.03"}, "pip", "working")
    assert none.startswith("Nothing fits: driver 535.54.03")


def test_an_outdated_command_is_always_explained_on_the_screen() -> None:
    asked: list[dict[str, object]] = [
        {"torch": "2.4.1", "cuda": "12.4"},
        {"cuda": "10.1"},
        {"torch": "1.13.1", "cuda": "11.7"},
    ]
    for words in asked:
        for manager, style in itertools.product(("conda", "pip"), ("working", "published")):
            found, text = shown(words, manager, style)
            if found.verdict == "outdated":
                assert "PyTorch's own command" in text.partition("Why")[2], (words, manager, style)
