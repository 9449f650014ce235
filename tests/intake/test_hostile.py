"""Any bytes: no crash, no hang, and a report that says what was left out."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cudadoctor.api import examine as api
from cudadoctor.intake import paste, read
from cudadoctor.report.model import Report

PIECES = (
    *(
        "nvidia-smi",
        "\n",
        "| NVIDIA-SMI 515.48.07 Driver Version: 515.48.07 CUDA Version: 11.7 |",
        "> ",
        "```",
        "\r\n",
        "\r",
    ),
    *(
        "|   0  Tesla T4  Off  | 00000000:01:00.0 Off |  0 |",
        "GPU 0: Tesla T4 (UUID: GPU-1)",
        "\x1b[31m",
        "<pre>",
        "&lt;",
        "<br>",
    ),
    *(
        "PyTorch version: 2.1.0+cu121",
        "CUDA used to build PyTorch: 12.1",
        "Is CUDA available: False",
        "torch==",
        "1.2.3",
    ),
    *(
        ">>> torch.cuda.is_available()",
        "False",
        "$ ",
        "export CUDA_HOME=",
        "/usr/local/cuda",
        "NVRM: API mismatch: ",
        "\t",
    ),
    *(
        "[12.0] NVRM: Xid (PCI:0000:01:00): 79, ",
        "pytorch  2.5.1  py3.12_cpu_0  pytorch",
        "01:00.0 VGA compatible controller: ",
    ),
    *(
        "NVIDIA Corporation GP107 [GeForce GTX 1050] [10de:1c81]",
        "Radeon RX 6800",
        "  ",
        "é",
        "\u2028",
        "\ufeff",
        "\0",
        "'",
        '"',
    ),
    *(
        "site-packages/torch/lib",
        "/a/lib/python3.9/",
        "cuda runtime error (802)",
        "found version 10010",
        "1: ",
        "2: ",
        "3: ",
        "4: ",
    ),
)
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def sound(report: Report) -> None:
    assert not report.crashed
    assert not [gap for gap in report.facts.gaps if "bug in cudadoctor" in gap.reason]


@SLOW
@given(st.binary(max_size=600))
def test_any_bytes(data: bytes) -> None:
    sound(api.diagnose(data))


@SLOW
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_pieces_of_what_people_paste_in_any_order(pieces: list[str]) -> None:
    sound(api.diagnose("".join(pieces)))


@SLOW
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_every_line_number_is_one_of_the_text(text: str) -> None:
    most = text.replace("\r\n", "\n").count("\n") + 1 + text.count("\u2028")
    found = read.facts(text)
    for symptom in found.symptoms or ():
        assert 1 <= int(symptom.seen.where.removeprefix("line ")) <= most


@pytest.mark.parametrize(
    "piece",
    [
        "\n",
        "\r",
        "a",
        "> ",
        "$ ",
        "torch ",
        "(",
        "<td ",
        "&lt;",
        "1\n2\n",
        "NVIDIA-SMI 5 ",
        "| ",
        "/lib/",
        "\x1b[",
        "\0",
        " :",
    ],
    ids=repr,
)
def test_ten_megabytes_take_less_than_three_seconds(piece: str) -> None:
    data = (piece * (10_000_000 // len(piece))).encode()
    start = time.process_time()
    report = api.diagnose(data)
    assert time.process_time() - start < 3.0
    assert any("looked at" in gap.reason for gap in report.facts.gaps if gap.fact == "paste")


def test_what_stands_at_the_end_of_a_long_text_is_read() -> None:
    text = "x\n" * 2_000_000 + "RuntimeError: CUDA error: no kernel image is available for execution on the device\n"
    found = {symptom.kind: symptom.seen.where for symptom in read.facts(text).symptoms or ()}
    assert found["no-kernel-image"] == "line 2000001"


def test_more_than_is_taken_at_all_is_said() -> None:
    found = read.facts(b"a" * (paste.MOST_BYTES + 1), left_out=True)
    assert [gap for gap in found.gaps if "MiB" in gap.reason]
