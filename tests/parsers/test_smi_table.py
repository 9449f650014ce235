"""The table, of every generation, and what happens to it on its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cudadoctor.parsers import smi_table
from cudadoctor.versions import CudaDriverVersion
from tests.parsers.samples import GENERATIONS, Card, Generation, second, table

CARD = Card()
NEW = GENERATIONS["560"]


@pytest.mark.parametrize("made", GENERATIONS.values(), ids=GENERATIONS)
def test_every_generation(made: Generation) -> None:
    mode = "TCC" if made.column == "TCC/WDDM" else "On"
    read = smi_table.parse(table(made, [replace(CARD, mode=mode), second(CARD)]))
    assert read is not None
    assert str(read.version) == made.version
    assert read.cuda_version == (CudaDriverVersion.parse(made.cuda) if made.cuda else None)
    assert (read.cuda_version_text, read.complete, read.mig_section) == (made.cuda, True, False)
    one, two = read.gpus
    assert (one.index, one.bus_id, one.fan, one.compute_mode) == (0, "0000:0a:00.0", "31%", "Default")
    assert (one.memory_used_mib, one.memory_total_mib, one.ecc_shown) == (123, 24576, "N/A")
    assert (one.mode_shown, one.persistence_mode) == (mode, True if mode == "On" else None)
    assert one.driver_model == ("TCC" if mode == "TCC" else None)
    assert one.mig_mode == ("N/A" if made.mig_line else None)
    assert (two.index, two.bus_id, two.persistence_mode, two.memory_used_mib) == (1, "0009:c1:00.0", False, 7)
    assert (one.error, one.lost) == (None, False)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "user@host:~$ nvidia-smi\n" + text + "user@host:~$ \n",
        lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
        lambda text: "".join(f"> > {line}\n" for line in text.splitlines()),
        lambda text: "".join(f"    \t{line}\n" for line in text.splitlines()),
        lambda text: "".join(f"2026-01-05T10:11:12Z {line}\n" for line in text.splitlines()),
        lambda text: "".join(f"trainer_1  | {line}\n" for line in text.splitlines()),
        lambda text: "\x1b[32m" + text.replace("|", "\x1b[0m|\x1b[1;31m"),
        lambda text: text.replace(" ", "\xa0"),
        lambda text: "\n".join(line for line in text.splitlines() if not line.startswith(("+", "|-", "|="))),
        lambda text: "\n".join(line.strip("| ") for line in text.splitlines()),
        lambda text: text.replace("|", " "),
        lambda text: text.replace("|", "│"),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text + text,
    ],
)
@pytest.mark.parametrize("name", ["340", "470", "610"])
def test_what_pasting_does(spoil: Callable[[str], str | bytes], name: str) -> None:
    made = GENERATIONS[name]
    read = smi_table.parse(spoil(table(made, [CARD, second(CARD)])))
    assert read is not None
    assert str(read.version) == made.version
    assert [(gpu.bus_id, gpu.memory_total_mib, gpu.mode_shown) for gpu in read.gpus] == [
        ("0000:0a:00.0", 24576, "Off"),
        ("0009:c1:00.0", 24576, "Off"),
    ]
    assert [gpu.compute_mode for gpu in read.gpus] == ["Default", "Default"]
    assert [gpu.fan for gpu in read.gpus] == ["31%", "31%"]


def test_a_name_that_is_cut() -> None:
    long = replace(CARD, name="NVIDIA Sample With A Very Long Name Indeed And More")
    read = smi_table.parse(table(GENERATIONS["470"], [long]))
    assert read is not None
    assert read.gpus[0].name_cut
    assert read.gpus[0].name == read.gpus[0].name_shown
    whole = smi_table.parse(table(GENERATIONS["470"], [CARD]))
    assert whole is not None
    assert (whole.gpus[0].name, whole.gpus[0].name_cut) == ("NVIDIA Sample 9000", False)


@pytest.mark.parametrize(
    ("text", "version"),
    [("N/A", None), ("ERR!", None), ("12.9", CudaDriverVersion(12, 9))],
    ids=["na", "err", "number"],
)
def test_cuda_version_texts(text: str, version: CudaDriverVersion | None) -> None:
    read = smi_table.parse(table(replace(NEW, cuda=text), [CARD]))
    assert read is not None
    assert (read.cuda_version_text, read.cuda_version) == (text, version)


def test_nvidia_smi_of_another_version_than_the_driver() -> None:
    read = smi_table.parse(table(replace(NEW, smi="545.10"), [CARD]))
    assert read is not None
    assert (str(read.smi_version), str(read.version)) == ("545.10", NEW.version)


def test_a_gpu_that_gives_no_values() -> None:
    bad = replace(CARD, name="ERR!", mode="On", ecc="ERR!", fan="ERR!", compute="ERR!", mig="ERR!")
    read = smi_table.parse(table(NEW, [bad, second(CARD)]))
    assert read is not None
    one, two = read.gpus
    assert (one.name, one.name_shown, one.error, one.lost) == (None, "ERR!", "ERR!", False)
    assert (two.name, two.error) == ("NVIDIA Sample 9000", None)


def test_a_fan_alone_is_no_error() -> None:
    read = smi_table.parse(table(NEW, [replace(CARD, fan="ERR!")]))
    assert read is not None
    assert (read.gpus[0].fan, read.gpus[0].error) == ("ERR!", None)


@pytest.mark.parametrize(("said", "lost"), [("GPU is lost", True), ("Unknown Error", False)])
def test_error_in_place_of_memory(said: str, lost: bool) -> None:
    read = smi_table.parse(table(NEW, [replace(CARD, memory=said), second(CARD)]))
    assert read is not None
    assert (read.gpus[0].error, read.gpus[0].lost, read.gpus[0].memory_total_mib) == (said, lost, None)
    assert (read.gpus[1].error, read.gpus[1].lost, read.gpus[1].memory_total_mib) == (None, False, 24576)


def test_a_gpu_without_bus_id_as_on_jetson() -> None:
    board = replace(
        CARD, name="Sample (nvgpu)", mode="N/A", bus="N/A", fan="N/A", memory="Not Supported", compute="N/A"
    )
    read = smi_table.parse(table(GENERATIONS["530"], [board]))
    assert read is not None
    assert [(gpu.name, gpu.bus_id, gpu.memory_total_mib, gpu.error) for gpu in read.gpus] == [
        ("Sample (nvgpu)", None, None, None)
    ]
    assert read.gpus[0].fan == "N/A"


def test_mig_devices_are_counted() -> None:
    read = smi_table.parse(table(NEW, [replace(CARD, mig="Enabled", ecc="On"), second(CARD)], mig_rows=3))
    assert read is not None
    assert read.mig_section
    assert [(gpu.mig_mode, gpu.mig_devices, gpu.ecc_uncorrected) for gpu in read.gpus] == [
        ("Enabled", 3, None),
        ("N/A", 0, None),
    ]


@pytest.mark.parametrize("compute", ["E. Process", "E. Thread", "Prohibited"])
def test_compute_modes_of_two_words(compute: str) -> None:
    read = smi_table.parse(table(NEW, [replace(CARD, compute=compute, ecc="5")]))
    assert read is not None
    assert (read.gpus[0].compute_mode, read.gpus[0].ecc_uncorrected) == (compute, 5)


def test_cut_anywhere_never_invents() -> None:
    text = table(GENERATIONS["470"], [CARD, second(CARD)])
    for end in range(len(text)):
        read = smi_table.parse(text[:end])
        if read is None:
            continue
        assert len(read.gpus) <= 2
        assert read.complete == ("Processes:" in text[:end])
        assert {gpu.memory_total_mib for gpu in read.gpus} <= {24576, None}
        assert {gpu.compute_mode for gpu in read.gpus} <= {"Default", None}
        assert [gpu.bus_id for gpu in read.gpus] == ["0000:0a:00.0", "0009:c1:00.0"][: len(read.gpus)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
        "0000:0a:00.0 VGA compatible controller: NVIDIA Corporation Device",
        "NVIDIA-SMI version  : 560.28.03\nCUDA Version : 12.6",
        "| a | table | of | something | else |\n| 1 | 2 | 3 | 4 | 5 |",
    ],
)
def test_what_is_no_table(text: str) -> None:
    assert smi_table.parse(text) is None


def test_a_table_whose_head_was_left_out() -> None:
    rows = table(NEW, [CARD]).split("=|\n", 1)[1]
    read = smi_table.parse(rows)
    assert read is not None
    assert (read.version, read.complete, len(read.gpus)) == (None, False, 1)
