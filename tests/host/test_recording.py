"""Recordings: what was answered is answered again, from memory and from a file."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cudadoctor.errors import CudaDoctorError
from cudadoctor.host import codec
from cudadoctor.host.base import (
    Denied,
    Failed,
    Host,
    Missing,
    OpenResult,
    Refusal,
    TimedOut,
    TooLarge,
)
from cudadoctor.host.local import LocalHost
from cudadoctor.host.recording import SCHEMA, Recording, RecordingHost, load, save
from cudadoctor.host.replay import ReplayHost
from tests.host.answers import HANG, EveryAnswer, everything


def recorded() -> tuple[dict[str, Any], Recording]:
    host = RecordingHost(EveryAnswer())
    return everything(host), host.recording


def test_replay_answers_as_the_machine_did() -> None:
    truth = everything(EveryAnswer())
    seen, recording = recorded()
    assert seen == truth
    assert everything(ReplayHost(recording)) == truth


@pytest.mark.parametrize("name", ["machine.json", "machine.json.gz"])
def test_saved_and_loaded_it_answers_the_same(tmp_path: Path, name: str) -> None:
    truth, recording = recorded()
    path = str(tmp_path / name)
    save(recording, path)
    again = load(path)
    assert everything(ReplayHost(again)) == truth
    assert again.data() == recording.data()
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == [name]
    content = Path(path).read_bytes()
    save(again, path)
    assert Path(path).read_bytes() == content
    assert (content[:2] == b"\x1f\x8b") == name.endswith(".gz")


def test_the_file_reads_well_and_does_not_depend_on_the_order_of_asking() -> None:
    _, one = recorded()
    data = one.data()
    two = Recording(env=one.env)
    for answer in reversed(data["answers"]):
        two.put(answer)
    assert two.data() == data
    assert (data["schema"], data["redacted"], data["tool"]["name"]) == (SCHEMA, False, "cudadoctor")
    by_path = {answer["ask"].get("path"): answer for answer in data["answers"] if answer["ask"]["do"] == "read"}
    assert by_path["/line"] == {"ask": {"do": "read", "path": "/line"}, "gives": {"text": "one\n"}}
    assert data["env"]["PATH"] == "/usr/bin"


def test_time_limit_and_stdin_are_no_part_of_a_question() -> None:
    host = RecordingHost(EveryAnswer())
    host.run(["echo"], timeout=1, stdin=b"old program")
    replay = ReplayHost(host.recording)
    assert replay.run(["echo"], timeout=99, stdin=b"new program").stdout == b"{}"
    with pytest.raises(Missing):
        replay.run(["echo"], timeout=1, env={"A": "1"})
    with pytest.raises(Missing):
        replay.run(["echo", "-x"], timeout=1)


def test_what_is_not_listed_does_not_exist() -> None:
    host = ReplayHost(Recording())
    asks = (
        lambda: host.read("/x"),
        lambda: host.stat("/x"),
        lambda: host.realpath("/x"),
        lambda: host.run(["x"], timeout=1),
    )
    for ask in asks:
        with pytest.raises(Missing):
            ask()
    assert (host.glob("/*"), host.which("x"), host.processes(), host.env) == ((), (), (), {})
    assert host.opens("/x", write=False) == OpenResult(ok=False, errno=2)
    assert host.identity().user is None
    assert host.limits().open_files is None


def test_a_file_read_whole_answers_for_its_pieces() -> None:
    host = RecordingHost(EveryAnswer())
    host.read("/text")
    with pytest.raises(Denied):
        host.read("/denied")
    replay = ReplayHost(host.recording)
    assert replay.read("/text", limit=50) == b"one\ntwo\n\nthree"
    assert replay.read("/text", offset=4, limit=-3) == b"two"
    with pytest.raises(TooLarge):
        replay.read("/text", limit=3)
    with pytest.raises(Denied):
        replay.read("/denied", limit=-10)


def test_a_piece_does_not_answer_for_the_file() -> None:
    host = RecordingHost(EveryAnswer())
    host.read("/text", limit=-3)
    with pytest.raises(TooLarge):
        host.read("/large", limit=9)
    replay = ReplayHost(host.recording)
    for path in ("/text", "/large"):
        with pytest.raises(Missing):
            replay.read(path)


def test_a_time_out_does_not_replace_an_answer() -> None:
    asked = codec.question("run", argv=["nvidia-smi"])
    recording = Recording()
    recording.put(codec.encode_refusal(asked, HANG))
    answer = {"ask": asked, "gives": {"returncode": 0, "stdout": {"text": ""}, "stderr": {"text": ""}}}
    recording.put(answer)
    recording.put(codec.encode_refusal(asked, HANG))
    assert recording.get(asked) == answer


@pytest.mark.parametrize(
    "refusal",
    [
        Missing("/a", "x"),
        Denied("b"),
        TooLarge("/c", "y"),
        Failed("d", "z"),
        HANG,
        TimedOut("e", idle=False),
        TimedOut("f"),
    ],
)
def test_refusals_keep_their_type_and_all_they_carry(refusal: Refusal) -> None:
    answer = json.loads(json.dumps(codec.encode_refusal(codec.question("stat", path="/a"), refusal)))
    with pytest.raises(type(refusal)) as caught:
        codec.decode(answer)
    assert vars(caught.value) == vars(refusal)
    assert str(caught.value) == str(refusal)
    assert vars(pickle.loads(pickle.dumps(refusal))) == vars(refusal)


@given(st.binary(max_size=300))
def test_bytes_come_back_as_they_were(value: bytes) -> None:
    assert codec.unpack(json.loads(json.dumps(codec.pack(value)))) == value


def test_threads_may_record_together() -> None:
    host = RecordingHost(LocalHost())

    def ask(number: int) -> None:
        for step in range(200):
            host.glob(f"/nowhere/{number}/{step}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        host.recording.data()
    for thread in threads:
        thread.join()
    assert len(host.recording) == 1600


def test_this_machine_recorded_and_replayed(tmp_path: Path) -> None:
    def look(host: Host) -> list[Any]:
        return [
            host.read("/proc/version"),
            host.stat("/dev/null"),
            host.realpath("/proc/self/exe") != "",
            host.glob("/etc/*.conf"),
            host.opens("/dev/null", write=True),
            host.which("sh"),
            host.run(["sh", "-c", "echo out; echo err >&2; kill -9 $$"], timeout=20),
            host.identity(),
            host.limits(),
        ]

    host = RecordingHost(LocalHost())
    truth = look(host)
    with pytest.raises(TimedOut) as first:
        host.run(["sh", "-c", "echo so far; sleep 60"], timeout=0.5)
    save(host.recording, str(tmp_path / "here.json"))
    replay = ReplayHost(load(str(tmp_path / "here.json")))
    assert look(replay) == truth
    with pytest.raises(TimedOut) as second:
        replay.run(["sh", "-c", "echo so far; sleep 60"], timeout=0.5)
    assert vars(first.value) == vars(second.value)


def snapshot(**changes: Any) -> bytes:
    return json.dumps({**recorded()[1].data(), **changes}).encode()


def answers(*given: Any) -> bytes:
    return snapshot(answers=list(given))


READ = {"do": "read", "path": "/x"}
BROKEN = {
    "empty": b"",
    "blank": b" \n",
    "no-json": b"NVIDIA-SMI 418.39",
    "cut": snapshot()[:-40],
    "cut-word": b'{"schema": "cudadoctor.snapshot/1", "redacted": fal',
    "binary": b"\x7fELF\x00\xff",
    "utf16": snapshot().decode().encode("utf-16"),
    "list": b"[]",
    "number": b"1",
    "no-schema": b"{}",
    "odd-schema": b'{"schema": ["x"]}',
    "other-schema": snapshot(schema="cudadoctor.report/1"),
    "newer": snapshot(schema="cudadoctor.snapshot/2"),
    "deep": b"[" * 200_000,
    "deep-inside": b'{"schema": "cudadoctor.snapshot/1", "answers": ' + b'{"a":' * 100_000,
    "long-number": b'{"schema": ' + b"9" * 100_000 + b"}",
    "nan": b'{"schema": NaN}',
    "no-answers": snapshot(answers=None),
    "odd-redacted": snapshot(redacted="yes"),
    "odd-env": snapshot(env={"A": 1}),
    "env-list": snapshot(env=["A"]),
    "answer-null": answers(None),
    "answer-empty": answers({}),
    "ask-null": answers({"ask": None, "gives": 1}),
    "ask-unknown": answers({"ask": {"do": "write", "path": "/x"}, "gives": 1}),
    "ask-no-path": answers({"ask": {"do": "read"}, "gives": {"text": ""}}),
    "ask-odd-do": answers({"ask": {"do": ["read"]}, "gives": {"text": ""}}),
    "no-gives": answers({"ask": READ}),
    "gives-null": answers({"ask": READ, "gives": None}),
    "gives-base64": answers({"ask": READ, "gives": {"base64": "*"}}),
    "gives-lines": answers({"ask": READ, "gives": {"lines": [1]}}),
    "stat": answers({"ask": {"do": "stat", "path": "/x"}, "gives": {"kind": "file"}}),
    "stat-kind": answers({"ask": {"do": "stat", "path": "/x"}, "gives": {"kind": "pony"}}),
    "run-empty": answers({"ask": {"do": "run", "argv": []}, "gives": {}}),
    "run": answers({"ask": {"do": "run", "argv": ["x"]}, "gives": {"returncode": True}}),
    "refusal": answers({"ask": READ, "refuses": {"kind": "no-way"}}),
    "refusal-text": answers({"ask": READ, "refuses": "missing"}),
    "processes": answers({"ask": {"do": "processes"}, "gives": [{"pid": "1"}]}),
    "gzip-cut": gzip.compress(snapshot())[:-20],
    "gzip-damaged": gzip.compress(snapshot())[:60] + b"xxxxxxxx" + gzip.compress(snapshot())[68:],
    "gzip-inside": gzip.compress(b"no json"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_one_line_that_names_it(tmp_path: Path, case: str) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(BROKEN[case])
    with pytest.raises(CudaDoctorError) as caught:
        load(str(file))
    text = str(caught.value)
    assert text.startswith(str(file))
    assert "\n" not in text
    assert len(text) < 600


def test_newer_formats_say_so(tmp_path: Path) -> None:
    file = tmp_path / "newer.json"
    file.write_bytes(BROKEN["newer"])
    with pytest.raises(CudaDoctorError, match="update cudadoctor"):
        load(str(file))


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(CudaDoctorError, match="absent"):
        load(str(tmp_path / "absent"))
    with pytest.raises(CudaDoctorError):
        load(str(tmp_path))
    with pytest.raises(CudaDoctorError):
        load("nul\0name")
    for path in (str(tmp_path), str(tmp_path / "absent" / "x.json"), "nul\0name"):
        with pytest.raises(CudaDoctorError):
            save(Recording(), path)
    assert os.listdir(tmp_path) == []


def test_a_pack_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bomb.gz"
    with gzip.open(file, "wb", compresslevel=1) as stream:
        for _ in range(260):
            stream.write(b" " * (1 << 20))
    with pytest.raises(CudaDoctorError, match="larger than"):
        load(str(file))


def test_saving_keeps_links_and_devices_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    save(Recording(), str(tmp_path / "link.json"))
    assert (tmp_path / "link.json").is_symlink()
    assert load(str(tmp_path / "real.json")).data() == Recording().data()
    save(Recording(), "/dev/null")
    assert LocalHost().stat("/dev/null").kind == "char"
