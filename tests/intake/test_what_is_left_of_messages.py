"""Every message of the tables is known by what a report leaves of it, and never taken for another one."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from cudadoctor.intake import paste
from cudadoctor.intake.messages.find import in_paste, rows
from cudadoctor.intake.messages.message import Message

WHOLE = [(row, line) for row in rows() for line in row.lines]
PLACES = {"version": "580.95.05", "kernel": "6.8.0-40-generic", "bus": "0000:01:00.0", "address": "10.0.0.5<38437>"}


def printed(line: str) -> str:
    """The line with something in its places."""
    return re.sub(r"\{(\w*)\}", lambda place: PLACES.get(place[1], "7"), line)


def kinds(text: str) -> set[str]:
    return {one.kind for one in in_paste(paste.read(text))}


def related(row: Message) -> set[str]:
    """The kinds that this very line belongs to, and those that several messages have in common."""
    whole = kinds(printed(row.lines[0]))
    return whole | {other.kind for other in rows() if set(other.lines) & set(row.lines)}


def wrapped(width: int) -> Callable[[str], str]:
    def wrap(line: str) -> str:
        return "\n".join(line[at : at + width] for at in range(0, len(line), width))

    return wrap


def journald(line: str) -> str:
    return f"Dec 01 04:14:26 node1 kernel: {line}"


def docker(line: str) -> str:
    return f"2026-12-01T04:14:26.123456789Z {line}"


def kubectl(line: str) -> str:
    return f"[pod/trainer-0/main] E1201 04:14:26.659210       1 main.go:256] {line}"


def quoted(line: str) -> str:
    return f"> {line}"


def in_markdown(line: str) -> str:
    return f"It says `{line}`, what now?"


def shouted(line: str) -> str:
    return line.upper()


CHANGES: tuple[Callable[[str], str], ...] = (
    *(wrapped(78), wrapped(60), journald, docker, kubectl, quoted, in_markdown, shouted),
    lambda line: journald(wrapped(78)(line).replace("\n", "\nDec 01 04:14:26 node1 kernel: ")),
)


@pytest.mark.parametrize("change", CHANGES, ids=range(len(CHANGES)))
def test_a_line_is_known_however_it_was_passed_on(change: Callable[[str], str]) -> None:
    missed = []
    for row, line in WHOLE:
        text = printed(line)
        before = kinds(text)
        if row.kind not in before:
            continue  # too short to be known by itself; see the test below
        after = kinds(change(text))
        if row.kind not in after:
            missed.append((row.kind, line))
    assert missed == []


def test_nearly_every_line_is_enough_by_itself() -> None:
    """A few lines say too little alone; each message has one at least that does not."""
    known = [(row, line) for row, line in WHOLE if row.kind in kinds(printed(line))]
    assert len(known) > 0.97 * len(WHOLE)
    assert {row.kind for row, _ in known} == {row.kind for row, _ in WHOLE}


def test_a_line_that_was_cut_is_known_or_nothing_is_said() -> None:
    """Half of a line never becomes another message."""
    wrong = []
    known = 0
    for row, line in WHOLE:
        text = printed(line)
        whole = kinds(text)
        for part in (text[: len(text) * 2 // 3], text[len(text) // 3 :], text[: len(text) // 2]):
            found = kinds(part)
            known += row.kind in found
            if found - whole - related(row):
                wrong.append((row.kind, part, found - whole))
    assert wrong == []
    assert known > 0.9 * len(WHOLE)


def test_ordinary_sentences_are_no_messages() -> None:
    whole = {row.kind for row, _ in WHOLE}
    for text in (
        "Please make sure that the NVIDIA driver is installed and loaded, and that CUDA is available.",
        "The container could not be started because of an error; see the logs for details.",
        "docker: Error response from daemon: failed to create shim task: OCI runtime create failed",
        "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue Sep 23 10:11:16 UTC 2025",
        "nvidia_uvm 1540096 0",
        "NCCL INFO Bootstrap : Using eth0:10.0.0.4<0>",
        "See https://github.com/NVIDIA/k8s-device-plugin#prerequisites and https://github.com/NVIDIA/libnvidia-container",
        "Preparing metadata (pyproject.toml): finished with status 'done'",
        "Installed: nvidia-driver-580, nvidia-dkms-580, linux-headers-6.8.0-40-generic",
        "/sbin/ldconfig.real is part of Ubuntu; nvidia-container-cli info lists the libraries.",
    ):
        assert not kinds(text) & whole, text
