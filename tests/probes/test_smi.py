"""nvidia-smi, as real programs that print, refuse, hang and die, and by answers made up here."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from cudadoctor.facts.driver import SmiFacts
from cudadoctor.host.base import Completed, Denied, Failed, Missing, Refusal, TimedOut
from cudadoctor.host.local import LocalHost
from cudadoctor.probes import smi
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.versions import ComputeCapability, CudaDriverVersion
from tests.standins import smi as standins

from .fake import FakeHost, ended

A10 = ("NVIDIA A10", "0000:01:00.0", 22731)
L4 = ("NVIDIA L4", "0000:c1:00.0", 23034)
XML = standins.xml("550.54.14", "12.4", A10, L4)
NO_DRIVER = (
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA "
    "driver is installed and running.\n\n"
)


def on_this_machine(folder: Path, seconds: float = 60) -> Found[SmiFacts]:
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    return smi.probe(LocalHost(env=env), Request(), Clock(seconds))


def value(found: Found[SmiFacts]) -> SmiFacts:
    assert found.value is not None, found.gaps
    return found.value


def made_up(answer: Completed | Refusal, seconds: float = 60) -> Found[SmiFacts]:
    return smi.probe(FakeHost(programs={"/usr/bin/nvidia-smi": answer}), Request(), Clock(seconds))


def test_xml_and_the_capabilities_that_it_lacks(tmp_path: Path) -> None:
    asked = standins.capabilities((A10[1], "8.6"), (L4[1], "8.9"))
    standins.make_smi(tmp_path, xml=XML, capabilities=asked)
    found = value(on_this_machine(tmp_path))
    assert (found.outcome, found.exit_code, found.signal, found.message) == ("ok", 0, None, None)
    assert (str(found.version), found.cuda_version) == ("550.54.14", CudaDriverVersion(12, 4))
    assert [(gpu.index, gpu.name, gpu.bus_id, gpu.memory_total_mib) for gpu in found.gpus] == [
        (0, "NVIDIA A10", "0000:01:00.0", 22731),
        (1, "NVIDIA L4", "0000:c1:00.0", 23034),
    ]
    assert [gpu.compute_capability for gpu in found.gpus] == [ComputeCapability(8, 6), ComputeCapability(8, 9)]
    assert found.path == str(tmp_path / "nvidia-smi")
    assert len(standins.calls(tmp_path)) == 2


def test_an_old_driver_is_not_asked_for_capabilities(tmp_path: Path) -> None:
    standins.make_smi(tmp_path, xml=standins.xml("470.256.02", "11.4", A10))
    found = value(on_this_machine(tmp_path))
    assert (found.outcome, found.gpus[0].compute_capability) == ("ok", None)
    assert standins.calls(tmp_path) == ["-q -x"]


def test_capabilities_that_are_refused_take_nothing_away(tmp_path: Path) -> None:
    standins.make_smi(tmp_path, xml=XML)
    found = value(on_this_machine(tmp_path))
    assert (found.outcome, len(found.gpus), found.gpus[0].compute_capability) == ("ok", 2, None)


def test_the_other_forms_where_xml_is_refused(tmp_path: Path) -> None:
    table = standins.table("390.157", A10)
    standins.make_smi(tmp_path, table=table, csv=standins.csv("390.157", A10))
    found = value(on_this_machine(tmp_path))
    assert (found.outcome, str(found.version), found.cuda_version) == ("ok", "390.157", None)
    (gpu,) = found.gpus
    assert (gpu.name, gpu.bus_id, gpu.memory_total_mib, gpu.persistence_mode) == ("NVIDIA A10", A10[1], 22731, False)
    assert gpu.uuid is not None


def test_the_table_alone(tmp_path: Path) -> None:
    standins.make_smi(tmp_path, table=standins.table("418.39", A10, cuda="10.1"))
    found = value(on_this_machine(tmp_path))
    assert (found.outcome, str(found.version), found.cuda_version) == ("ok", "418.39", CudaDriverVersion(10, 1))
    assert [gpu.bus_id for gpu in found.gpus] == [A10[1]]


def test_everything_is_refused(tmp_path: Path) -> None:
    standins.make_smi(tmp_path)
    found = value(on_this_machine(tmp_path))
    assert (found.outcome, found.exit_code) == ("failed", 2)


@pytest.mark.parametrize(("words", "status"), [(NO_DRIVER, 9), (NO_DRIVER, 0), ("No devices were found\n", 6)])
def test_its_own_words(tmp_path: Path, words: str, status: int) -> None:
    standins.make_smi(tmp_path, everything=words, status=status)
    found = value(on_this_machine(tmp_path))
    assert (found.outcome, found.exit_code, found.message) == ("failed", status, words.strip())
    assert standins.calls(tmp_path) == ["-q -x"]


def test_no_devices_with_status_0(tmp_path: Path) -> None:
    standins.make_smi(tmp_path, everything="No devices were found\n")
    assert value(on_this_machine(tmp_path)).outcome == "failed"


def test_words_on_stderr_without_control_characters(tmp_path: Path) -> None:
    standins.make_smi(tmp_path, everything="", stderr="\n  \x1b[31mloader:\x07 bad library\n", status=127)
    found = value(on_this_machine(tmp_path))
    assert (found.outcome, found.message) == ("failed", "loader: bad library")


def test_a_warning_beside_a_whole_answer(tmp_path: Path) -> None:
    standins.make_smi(tmp_path, xml=XML, stderr="WARNING: infoROM is corrupted at gpu 0000:01:00.0\n", status=14)
    found = value(on_this_machine(tmp_path))
    assert (found.outcome, found.exit_code, len(found.gpus)) == ("ok", 14, 2)
    assert "infoROM" in (found.message or "")


def test_status_0_proves_nothing(tmp_path: Path) -> None:
    standins.make_smi(tmp_path, everything="ERR!\n" * 3)
    assert value(on_this_machine(tmp_path)).outcome == "unreadable"


@pytest.mark.parametrize("text", ["", "\0\xff garbage \x1b[2J", "<html><body>502</body></html>", "{}"])
def test_garbage(tmp_path: Path, text: str) -> None:
    standins.make_smi(tmp_path, everything=text)
    found = value(on_this_machine(tmp_path))
    assert (found.outcome, found.exit_code, found.gpus, found.version) == ("unreadable", 0, (), None)
    assert "\x1b" not in (found.message or "")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    standins.make_smi(tmp_path, everything=bytes(range(256)) * 40)
    assert value(on_this_machine(tmp_path)).outcome == "unreadable"


def test_half_its_xml(tmp_path: Path) -> None:
    standins.make_smi(tmp_path, everything=XML[: XML.index("<uuid>GPU-00000001")])
    found = value(on_this_machine(tmp_path))
    assert (found.outcome, str(found.version), found.message) == ("unreadable", "550.54.14", None)
    assert standins.calls(tmp_path) == ["-q -x"]


def test_a_document_without_anything_in_it(tmp_path: Path) -> None:
    standins.make_smi(tmp_path, everything="<nvidia_smi_log></nvidia_smi_log>\n")
    assert value(on_this_machine(tmp_path)).outcome == "unreadable"


def test_xml_that_the_host_cut_is_asked_for_in_the_short_forms() -> None:
    cut = XML[: XML.index("<uuid>GPU-00000001")]
    programs: dict[str, Completed] = {
        "/usr/bin/nvidia-smi -q -x": ended(cut, truncated=True),
        "/usr/bin/nvidia-smi": ended(standins.table("550.54.14", A10, L4, cuda="12.4")),
        "/usr/bin/nvidia-smi " + " ".join(smi._CSV): ended(standins.csv("550.54.14", A10, L4)),
    }
    found = value(smi.probe(FakeHost(programs=programs), Request(), Clock(60)))
    assert (found.outcome, [gpu.name for gpu in found.gpus]) == ("ok", ["NVIDIA A10", "NVIDIA L4"])


@pytest.mark.parametrize("signal", ["SEGV", "ABRT", "BUS"])
def test_a_crash(tmp_path: Path, signal: str) -> None:
    standins.make_smi(tmp_path, everything=XML, signal=signal)
    found = value(on_this_machine(tmp_path))
    assert (found.outcome, found.signal, found.exit_code) == ("crashed", f"SIG{signal}", None)
    assert standins.calls(tmp_path) == ["-q -x"]


def test_a_crash_that_a_wrapper_tells_of(tmp_path: Path) -> None:
    standins.make_smi(tmp_path, everything="", status=139)
    found = value(on_this_machine(tmp_path))
    assert (found.outcome, found.signal, found.exit_code) == ("crashed", "SIGSEGV", 139)


@pytest.mark.slow
def test_a_hang_is_not_asked_twice(tmp_path: Path) -> None:
    standins.make_smi(tmp_path, everything="", hang=True)
    found = on_this_machine(tmp_path, 2.5)
    assert (value(found).outcome, found.gaps) == ("hangs", ())
    assert standins.calls(tmp_path) == ["-q -x"]


@pytest.mark.slow
def test_an_endless_loop_is_a_hang(tmp_path: Path) -> None:
    standins.make_smi(tmp_path, everything="", busy=True)
    found = on_this_machine(tmp_path, 2.5)
    assert (value(found).outcome, found.gaps) == ("hangs", ())


@pytest.mark.parametrize(
    ("stdout", "outcome"),
    [
        (b"y\n" * (1 << 19), "unreadable"),
        (b"waiting for the licence server\n" * 50, "unreadable"),
        (XML.encode()[:300] + b"\n" * 50, "slow"),
        (b"please wait\n", "slow"),
        (b"", "slow"),
    ],
)
def test_what_never_ends_to_print_no_answer_cannot_be_read(stdout: bytes, outcome: str) -> None:
    found = made_up(TimedOut("nvidia-smi", seconds=9, stdout=stdout, idle=False), 10)
    assert value(found).outcome == outcome
    assert bool(found.gaps) == (outcome == "slow")


def test_a_slow_one_is_not_asked_for_more_than_has_to_be() -> None:
    host = FakeHost(programs={"/usr/bin/nvidia-smi -q -x": msgspec.structs.replace(ended(XML), seconds=8.0)})
    assert (value(smi.probe(host, Request(), Clock(60))).outcome, len(host.calls)) == ("ok", 1)


@pytest.mark.parametrize("said", ["Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.", ""])
def test_the_table_is_read_where_only_the_form_was_refused(said: str) -> None:
    programs: dict[str, Completed] = {
        "/usr/bin/nvidia-smi -q -x": ended(said, status=1),
        "/usr/bin/nvidia-smi": ended(standins.table("550.54.14", A10, cuda="12.4")),
    }
    found = value(smi.probe(FakeHost(programs=programs), Request(), Clock(60)))
    assert (found.outcome, [gpu.name for gpu in found.gpus]) == ("ok", ["NVIDIA A10"])


@pytest.mark.parametrize(
    ("late", "seconds", "outcome"),
    [
        (TimedOut("nvidia-smi", seconds=9.2, idle=True), 10, "hangs"),
        (TimedOut("nvidia-smi", seconds=9.2, idle=False, stuck=True), 10, "hangs"),
        (TimedOut("nvidia-smi", seconds=45.1, idle=False), 60, "hangs"),
        (TimedOut("nvidia-smi", seconds=9.2, idle=False), 10, "slow"),
        (TimedOut("nvidia-smi", seconds=9.2, idle=None), 10, "slow"),
    ],
)
def test_hangs_or_slow(late: TimedOut, seconds: float, outcome: str) -> None:
    found = made_up(late, seconds)
    assert value(found).outcome == outcome
    assert bool(found.gaps) == (outcome == "slow")


def test_a_table_that_hangs_where_xml_was_refused() -> None:
    late = TimedOut("nvidia-smi", seconds=20, idle=True)
    host = FakeHost(programs={"/usr/bin/nvidia-smi -q -x": ended(status=2), "/usr/bin/nvidia-smi": late})
    assert value(smi.probe(host, Request(), Clock(60))).outcome == "hangs"
    assert len(host.calls) == 2


def test_capabilities_that_hang_take_nothing_away() -> None:
    late = TimedOut("nvidia-smi", seconds=20, idle=True)
    host = FakeHost(programs={"/usr/bin/nvidia-smi -q -x": ended(XML), "/usr/bin/nvidia-smi": late})
    assert (value(smi.probe(host, Request(), Clock(60))).outcome, len(host.calls)) == ("ok", 2)


def test_no_such_program() -> None:
    found = smi.probe(FakeHost(), Request(), Clock(60))
    assert (value(found).outcome, value(found).path, found.gaps) == ("missing", None, ())


@pytest.mark.parametrize("why", [Denied("nvidia-smi", "Permission denied"), Failed("nvidia-smi", "Exec format error")])
def test_one_that_cannot_be_run_has_failed(why: Refusal) -> None:
    assert (value(made_up(why)).outcome, value(made_up(why)).message) == (
        "failed",
        f"it may not be run: {why.reason}" if isinstance(why, Denied) else f"it cannot be run: {why.reason}",
    )


@pytest.mark.parametrize("refusal", [Missing("nvidia-smi"), Failed("nvidia-smi", "not asked")])
def test_one_that_could_not_be_asked_is_a_gap(refusal: Refusal) -> None:
    found = made_up(refusal)
    assert (found.value, [gap.fact for gap in found.gaps]) == (None, ["smi"])


@pytest.mark.parametrize(
    ("files", "programs", "env", "expected"),
    [
        ({}, ["/opt/x/nvidia-smi", "/usr/bin/nvidia-smi"], {"PATH": "/opt/x:/usr/bin"}, "/opt/x/nvidia-smi"),
        ({"/usr/lib/wsl/lib/nvidia-smi": ""}, [], {}, "/usr/lib/wsl/lib/nvidia-smi"),
        ({"/usr/local/nvidia/bin/nvidia-smi": ""}, [], {}, "/usr/local/nvidia/bin/nvidia-smi"),
        ({}, [], {}, None),
    ],
)
def test_where_it_is_found(
    files: dict[str, str], programs: list[str], env: dict[str, str], expected: str | None
) -> None:
    assert smi.find(FakeHost(files=files, programs=dict.fromkeys(programs, ended()), env=env)) == expected
