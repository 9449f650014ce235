"""No text raises, however long it is."""

# ruff: noqa: E501  the texts of tools are long lines
from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cudadoctor.parsers import (
    collect_env,
    dmesg,
    nvcc,
    proc_version,
    smi_any,
    smi_csv,
    smi_error,
    smi_list,
    smi_q,
    smi_table,
    smi_topo,
    smi_version,
    smi_xml,
)
from cudadoctor.parsers.text import LIMIT, bus_id, tidy
from tests.parsers import test_collect_env, test_smi_csv, test_smi_topo
from tests.parsers.samples import GENERATIONS, Card, log, second, table, xml

PARSERS: dict[str, Callable[[str | bytes], object]] = {
    module.__name__.rsplit(".", 1)[1]: module.parse
    for module in (
        collect_env, dmesg, nvcc, proc_version, smi_any, smi_csv, smi_error, smi_list, smi_q, smi_table, smi_topo,
        smi_version, smi_xml,
    )
}  # fmt: skip
CARDS = [Card(), second(Card())]
SAMPLES = [
    table(GENERATIONS["340"], CARDS),
    table(GENERATIONS["610"], CARDS, mig_rows=2),
    xml(CARDS, migs=1),
    log(CARDS, migs=1),
    f"{test_smi_csv.HEAD}\n{test_smi_csv.ONE}\n{test_smi_csv.TWO}\n",
    test_smi_topo.TABS,
    test_collect_env.NEW,
    "NVRM: Xid (PCI:0000:0a:00): 79, x\nNVRM: API mismatch: the client has the version 1\nNVRM version: NVIDIA UNIX x86_64 Kernel Module  1",
    "Cuda compilation tools, release 12.4, V12.4.131\nGPU 0: a (UUID: GPU-1)\nNVIDIA-SMI version : 1\nNVML library version: 5",
]
PIECES = [
    "|",
    "\n",
    "GPU",
    "ERR!",
    "<gpu>",
    "</gpu>",
    "&",
    "<",
    "0",
    "9" * 30,
    "٣",
    "\x1b[",
    "\x00",
    "\ud800",
    ",",
    '"',
    ":",
    "> ",
    "[",
    "Version:",
    "(",
    "²",
]


@given(st.text(max_size=2000))
@settings(max_examples=150, deadline=None)
def test_any_text(text: str) -> None:
    for parse in PARSERS.values():
        parse(text)


@given(st.binary(max_size=2000))
@settings(max_examples=100, deadline=None)
def test_any_bytes(data: bytes) -> None:
    for parse in PARSERS.values():
        parse(data)


@pytest.mark.slow
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 40), st.one_of(st.sampled_from(PIECES), st.text(max_size=5))), max_size=8),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_a_sample_with_pieces_replaced(sample: str, edits: list[tuple[int, int, str]]) -> None:
    for at, length, piece in edits:
        at %= len(sample) + 1  # noqa: PLW2901
        sample = sample[:at] + piece + sample[at + length :]
    for parse in PARSERS.values():
        result = parse(sample)
        repr(result).encode()  # no lone surrogates, nor control characters
        assert "\\x1b" not in repr(result)


LONG = {
    "spaces": "NVIDIA-SMI 1 Version:" + " " * LIMIT,
    "bars": "NVIDIA-SMI 1 Version: 2\n" + "|" * LIMIT,
    "digits": "9" * LIMIT,
    "key": "==NVSMI LOG==\nGPU 00000000:01:00.0\n" + ("a" + " " * 1000 + "b\n") * 250,
    "deep": "==NVSMI LOG==\nGPU 00000000:01:00.0\n" + "".join(" " * depth + "h\n" for depth in range(1000)),
    "gpu lines": "==NVSMI LOG==\n" + "GPU 00000000:01:00.0\n" * 9_000,
    "list": "GPU 0: a" + " " * 280 + "\n" + ("GPU 0: " * 40 + "\n") * 900,
    "tags": "<nvidia_smi_log>" + "<processes>" * 90_000,
    "gpus": "<nvidia_smi_log>" + "<gpu>" * 30,
    "entities": "<nvidia_smi_log>" + "&a;" * 300_000,
    "escapes": "\x1b[" * 500_000,
    "quotes": ("name, uuid\n" + '"' * 30_000 + ",") * 20,
    "commas": "name, uuid, index\n" + "," * 900_000,
    "xid": "NVRM: Xid (" * 90_000,
    "mismatch": "NVRM: API mismatch client\n" * 9_000,
    "nvidia lines": ("nvidia" * 160 + "\n") * 250,
    "nvrm lines": ("NVRM: " * 160 + "\n") * 250,
    "pip": ("[pip] " + "=" * 4000 + " a b c d\n") * 100,
    "gt": "> " * 500_000,
    "topo": "GPU0 " * 200_000,
    "handle": ("determine the device handle for GPU " * 25 + "\n") * 250,
}
"""Texts made for patterns that go back and forth: where one takes quadratic time, this test takes minutes."""


@pytest.mark.parametrize("name", LONG)
def test_the_longest_texts_end(name: str) -> None:
    for parse in PARSERS.values():
        parse(LONG[name])


def test_what_is_too_long_is_left_out() -> None:
    text = "x" * LIMIT + "\n" + table(GENERATIONS["560"], CARDS)
    assert smi_table.parse(text) is None
    assert len(tidy(text)) == LIMIT


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("00000000:01:00.0", "0000:01:00.0"),
        ("0000:0A:00.0", "0000:0a:00.0"),
        ("00010000:0A:1f.7", "10000:0a:1f.7"),
        ("PCI:0000:01:00", "0000:01:00.0"),
        ("01:00.0", "0000:01:00.0"),
        ("0000:01:20.0", None),
        ("0000:123:00.0", None),
        ("N/A", None),
        ("", None),
        ("0000:01:00.9", None),
    ],
)
def test_bus_ids(text: str, want: str | None) -> None:
    assert bus_id(text) == want
