"""Foreign text made safe, and commands that mean what they say."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cudadoctor.render.clean import clean, clean_lines, command


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x1b[1;31mb\x1b[0m", "ab"),
        ("\x1b]0;title\x07x\x1b]8;;http://e\x1b\\y", "xy"),
        ("a\x1bb\x00\x9b", "a\\x00\\x9b"),
        ("one\ntwo\tthree  ", "one two three"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("zero\u200bwidth\U000e0041", "zero\\u200bwidth\\U000e0041"),
        ("byte \udc80", "byte \\x80"),
        ("Straße 画像 ✓", "Straße 画像 ✓"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_lines_keep_their_indentation() -> None:
    assert clean_lines("if x; then\r\n\techo \x1b[1mhi\nfi") == ["if x; then", "    echo hi", "fi"]


@given(st.text())
def test_what_is_clean_stays_and_prints(text: str) -> None:
    once = clean(text)
    once.encode("utf-8")
    assert clean(once) == once
    assert "\x1b" not in once
    assert "\n" not in once


@pytest.mark.parametrize(
    "words", [("a b", "$HOME", "it's"), ("pytorch=1.4.0=*cuda10.1*", "<3"), ("x\ny", "\x1b[1m'\\", "é")]
)
def test_a_command_is_read_back_by_bash_as_it_was(words: tuple[str, ...]) -> None:
    line = command(("printf", "%s\\0", *words))
    assert "\n" not in line
    out = subprocess.run(["bash", "-c", line], stdout=subprocess.PIPE, check=True, stdin=subprocess.DEVNULL).stdout
    assert tuple(out.decode().split("\0")[:-1]) == words
