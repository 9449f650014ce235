"""A far machine: a replay that is filled in rounds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from cudadoctor.errors import CudaDoctorError
from cudadoctor.host.base import HELPER_PYTHON, Failed, Host, Missing, Refusal
from cudadoctor.host.local import LocalHost
from cudadoctor.host.recording import Recording, RecordingHost
from cudadoctor.host.replay import ReplayHost
from cudadoctor.host.rounds import Answer, Question, RoundsHost, Unanswered, answer, fill
from tests.host.answers import EveryAnswer, everything


def far(host: Host) -> Any:
    """The far end, with nothing but JSON text in between."""

    def ask(questions: Sequence[Question]) -> Sequence[Answer]:
        sent = json.loads(json.dumps(list(questions)))
        received: list[Answer] = json.loads(json.dumps(answer(sent, host)))
        return received

    return ask


def test_one_round_answers_what_is_asked_widely() -> None:
    machine = EveryAnswer()
    result, recording, rounds = fill(everything, far(machine))
    truth = everything(EveryAnswer())
    assert (result, rounds) == (truth, 1)
    assert everything(ReplayHost(recording)) == truth
    # Each question is put once.
    host = RecordingHost(EveryAnswer())
    everything(host)
    assert machine.asked == len(host.recording)


def chain(depth: int) -> Any:
    """A probe that needs every answer for its next question."""

    def probe(host: Host) -> list[str]:
        seen: list[str] = []
        for step in range(depth):
            argv = [HELPER_PYTHON, "-c", "print(int(input()) + 1)", str(seen)]
            try:
                seen.append(host.run(argv, timeout=30, stdin=f"{step}\n".encode()).stdout.decode().strip())
            except Unanswered:
                return seen
            except Refusal as refusal:
                return [*seen, refusal.kind]
        return seen

    return probe


@pytest.mark.parametrize("depth", [0, 1, 3, 4])
def test_questions_that_follow_from_answers_take_a_round_each(depth: int) -> None:
    result, recording, rounds = fill(chain(depth), far(LocalHost()))
    assert result == [str(number + 1) for number in range(depth)]
    assert rounds == depth == len(recording)


def test_after_the_last_round_not_asked_is_not_absent() -> None:
    calls = []

    def ask(questions: Sequence[Question]) -> Sequence[Answer]:
        calls.append(len(questions))
        answers: Sequence[Answer] = far(LocalHost())(questions)
        return answers

    result, _, rounds = fill(chain(6), ask)
    assert result == ["1", "2", "3", "4", "failed"]
    assert (rounds, calls) == (4, [1, 1, 1, 1])
    assert fill(chain(6), ask, most=2)[2] == 2


def test_a_far_end_that_says_nothing_is_not_asked_for_ever() -> None:
    calls = []

    def ask(questions: Sequence[Question]) -> Sequence[Answer]:
        calls.append(questions)
        return ()

    result, _, rounds = fill(chain(1), ask)
    assert (result, rounds, len(calls)) == (["failed"], 1, 1)


@pytest.mark.parametrize(
    "given", [None, 1, {}, {"ask": {"do": "read"}}, {"ask": {"do": "stat", "path": "/"}, "gives": []}]
)
def test_malformed_answers_are_an_error_for_the_user(given: Any) -> None:
    with pytest.raises(CudaDoctorError):
        fill(chain(1), lambda _: [given])


@pytest.mark.parametrize("asked", [{"do": "write", "path": "/x"}, {"do": "read"}, {"do": "run", "argv": ["true"]}, {}])
def test_a_question_that_is_not_understood_is_refused(asked: Question) -> None:
    (given,) = answer([asked], LocalHost())
    assert given["refuses"]["kind"] == "failed"


def test_the_pool_holds_each_question_once_with_the_longest_patience() -> None:
    host = RoundsHost(Recording())
    for timeout in (5, 30, 10):
        with pytest.raises(Missing):
            host.run(["nvidia-smi"], timeout=timeout, stdin=b"\xff")
    assert host.env == {}
    assert host.env == {}
    assert host.glob("/dev/nvidia*") == ()
    assert host.glob("/dev/nvidia*") == ()
    assert host.processes() == ()
    assert not host.opens("/dev/nvidia0", write=True).ok
    assert list(host.questions) == [
        {"do": "run", "argv": ["nvidia-smi"], "timeout": 30, "stdin": {"base64": "/w=="}},
        {"do": "env"},
        {"do": "glob", "pattern": "/dev/nvidia*"},
        {"do": "processes"},
        {"do": "opens", "path": "/dev/nvidia0", "write": True},
    ]


def test_a_closed_host_refuses_also_where_an_empty_answer_would_be_natural() -> None:
    host = RoundsHost(Recording(), closed=True)
    for ask in (lambda: host.read("/x"), lambda: host.glob("/*"), lambda: host.which("x"), host.processes):
        with pytest.raises(Failed):
            ask()


def test_what_is_unanswered_is_never_recorded() -> None:
    host = RecordingHost(RoundsHost(Recording(env={})))
    with pytest.raises(Unanswered):
        host.read("/x")
    assert len(host.recording) == 0
