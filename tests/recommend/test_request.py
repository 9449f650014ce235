"""What is malformed is refused by option and value; what is well formed and in no table is said to be unknown."""

from __future__ import annotations

import pytest

from cudadoctor.errors import CudaDoctorError
from tests.recommend.ask import ask, rules


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--cuda", {"cuda": "banana"}),
        ("--cuda", {"cuda": ""}),
        ("--cuda", {"cuda": "12"}),
        ("--cuda", {"cuda": "-1.0"}),
        ("--cuda", {"cuda": "rocm6.2"}),
        ("--torch", {"torch": "banana"}),
        ("--torch", {"torch": "1.4.0; rm -rf /"}),
        ("--torch", {"torch": "2.1.0+rocm5.6"}),
        ("--torch", {"torch": "1.8.1+cu101", "cuda": "10.2"}),
        ("--python", {"python": "three"}),
        ("--python", {"python": "3"}),
        ("--manager", {"manager": "npm"}),
        ("--platform", {"platform": "linux"}),
        ("--driver", {"driver": "12.4"}),
        ("--driver", {"driver": "x"}),
        ("--arch", {"archs": ["sm"]}),
        ("--arch", {"archs": ["8.6", "0.1"]}),
        ("--gpu", {"gpus": [""]}),
        ("--gpu", {"gpus": ["A100\x1b[2J"]}),
        ("--glibc", {"glibc": "old"}),
        ("--with", {"packages": "torchtext"}),
        ("--style", {"style": "fancy"}),
    ],
)
def test_malformed(option: str, words: dict[str, object]) -> None:
    with pytest.raises(CudaDoctorError) as raised:
        ask(**words)
    assert option in str(raised.value)
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("rule", "words", "near"),
    [
        ("torch", {"torch": "9.9"}, "2.15.0"),
        ("torch", {"torch": "1.7.5"}, "1.7.1"),
        ("cuda", {"cuda": "10.7"}, "10.2"),
        ("cuda", {"cuda": "14.0"}, "13.2"),
        ("cuda", {"cuda": "12.7"}, "12.6"),
        ("gpu", {"gpus": ["GeForce RTX 9090"]}, "RTX 5090"),
        ("gpu", {"archs": ["14.0"]}, "12.1"),
        ("python", {"python": "3.19"}, "3.15"),
    ],
)
def test_unknown(rule: str, words: dict[str, object], near: str) -> None:
    found = ask(**words)
    assert (found.verdict, found.command, found.choice) == ("unknown", None, None)
    assert found.reasons[0].rule == rule
    assert any(
        near in text for text in [*(one.text for one in found.reasons), *(one.text for one in found.alternatives)]
    )


def test_a_driver_newer_than_the_tables_is_said() -> None:
    found = ask(driver="999.10", archs=["8.9"])
    assert found.command is not None
    assert any(one.rule == "driver" and "999.10" in one.text and "unconfirmed" in one.text for one in found.reasons)


@pytest.mark.parametrize(
    ("text", "same"),
    [("10.1.243", "10.1"), ("cu101", "10.1"), ("cuda10.1", "10.1"), ("CPU", "cpu")],
)
def test_ways_to_write_a_cuda(text: str, same: str) -> None:
    assert ask(cuda=text).command == ask(cuda=same).command


def test_a_suffix_names_the_cuda() -> None:
    assert ask(torch="1.8.1+cu101").command == ask(torch="1.8.1", cuda="10.1").command


def test_nothing_given_says_what_was_not_checked() -> None:
    found = ask()
    assert found.verdict == "ok"
    assert {"gpu", "driver"} <= rules(found)
    assert all(value.origin == "default" for value in (found.request.manager, found.request.platform))


def test_a_name_with_two_capabilities_must_run_on_both() -> None:
    from cudadoctor.compat import gpus

    name = next(
        name
        for name in ("GeForce MX250", "Quadro M1000M", "GeForce 940MX", "GeForce GTX 860M")
        if len(gpus.capabilities_by_name(name)) > 1
    )
    found = ask(gpus=[name], driver="470.82.01")
    assert sum(1 for one in found.reasons if one.rule == "gpu") >= 2 or found.command is None
