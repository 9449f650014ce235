"""The CUDA driver library, asked in a real child process with a stand-in library, and by answers made up here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cudadoctor.facts.driver import LibcudaFacts
from cudadoctor.host.base import Completed, Failed, Missing, Refusal, TimedOut
from cudadoctor.host.local import LocalHost
from cudadoctor.probes import child, libcuda
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.versions import ComputeCapability, CudaDriverVersion
from tests.standins import build

from .fake import FakeHost, ended

A10: dict[str, Any] = {
    "device0.name": "NVIDIA A10",
    "device0.cc": "8.6",
    "device0.bus": "0000:01:00.0",
    "device0.memory_mib": 22731,
}
LOADED = '{"step": "load"}\n{"step": "loaded", "path": "/usr/lib/libcuda.so.550.54.14"}\n'


def on_this_machine(folder: Path, env: dict[str, str], seconds: float = 60) -> Found[LibcudaFacts]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("CUDA_", "LD_"))}
    return libcuda.probe(LocalHost(env={**own, **env}), Request(), Clock(seconds))


def value(found: Found[LibcudaFacts]) -> LibcudaFacts:
    assert found.value is not None, found.gaps
    return found.value


def standin(folder: Path, /, seconds: float = 60, **answers: Any) -> Found[LibcudaFacts]:
    return on_this_machine(folder, dict(build.cuda_environment(folder, **answers)), seconds)


def answer(key: str, given: object) -> dict[str, Any]:
    """A line of the stand-in's answers whose key is no Python name."""
    return {key: given}


def made_up(answer: Completed | Refusal) -> Found[LibcudaFacts]:
    return libcuda.probe(FakeHost(programs={libcuda.ARGV[0]: answer}), Request(), Clock(60))


def test_a_driver_that_works(tmp_path: Path) -> None:
    two = {name.replace("0.", "1.", 1): text for name, text in A10.items()}
    found = value(standin(tmp_path, version=12080, **A10, **{**two, "device1.bus": "00000000:C1:00.0"}))
    assert (found.outcome, found.cuinit, found.error) == ("ok", 0, None)
    assert found.cuda_version == CudaDriverVersion(12, 8)
    assert found.device_count == 2
    assert [(one.ordinal, one.name, one.bus_id) for one in found.devices] == [
        (0, "NVIDIA A10", "0000:01:00.0"),
        (1, "NVIDIA A10", "0000:c1:00.0"),
    ]
    assert {one.compute_capability for one in found.devices} == {ComputeCapability(8, 6)}
    assert {one.memory_total_mib for one in found.devices} == {22731}
    assert found.path is not None
    assert Path(found.path).resolve() == (build.library("libcuda") / "libcuda.so.1").resolve()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (3, "CUDA_ERROR_NOT_INITIALIZED"),
        (34, "CUDA_ERROR_STUB_LIBRARY"),
        (100, "CUDA_ERROR_NO_DEVICE"),
        (802, "CUDA_ERROR_SYSTEM_NOT_READY"),
        (803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"),
        (804, "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE"),
        (999, "CUDA_ERROR_UNKNOWN"),
        (31337, None),
    ],
)
def test_codes_of_cuinit(tmp_path: Path, code: int, name: str | None) -> None:
    found = value(standin(tmp_path, cuInit=code, **A10))
    assert (found.outcome, found.cuinit, found.cuinit_name) == ("failed", code, name)
    assert (found.cuda_version, found.device_count, found.devices) == (CudaDriverVersion(12, 4), None, ())


def test_a_driver_version_that_is_not_told(tmp_path: Path) -> None:
    assert value(standin(tmp_path, cuDriverGetVersion=34, **A10)).cuda_version is None
    assert value(standin(tmp_path, version=0, **A10)).cuda_version is None


def test_a_device_of_which_little_is_told(tmp_path: Path) -> None:
    found = value(standin(tmp_path, **answer("device0.name", "Orin")))
    assert [(one.name, one.compute_capability, one.bus_id, one.memory_total_mib) for one in found.devices] == [
        ("Orin", None, None, None)
    ]


@pytest.mark.parametrize(
    ("call", "words"), [("load", "loading"), ("cuInit", "cuInit"), ("cuDeviceGetCount", "GetCount")]
)
def test_a_crash(tmp_path: Path, call: str, words: str) -> None:
    found = value(standin(tmp_path, **A10, **answer(f"signal.{call}", 11)))
    assert found.outcome == "crashed"
    assert "SIGSEGV" in (found.error or "")
    assert words in (found.error or "")


def test_a_crash_in_cuinit_leaves_what_was_known_before(tmp_path: Path) -> None:
    found = value(standin(tmp_path, **A10, **answer("signal.cuInit", 6)))
    assert (found.outcome, found.cuinit, found.cuda_version) == ("crashed", None, CudaDriverVersion(12, 4))
    assert found.path is not None


def test_a_library_that_ends_the_process(tmp_path: Path) -> None:
    found = value(standin(tmp_path, **A10, **answer("exit.cuInit", 1)))
    assert (found.outcome, found.cuinit) == ("failed", None)
    assert "cuInit" in (found.error or "")


@pytest.mark.slow
def test_a_hang_in_cuinit(tmp_path: Path) -> None:
    found = standin(tmp_path, 2.5, **A10, **answer("hang.cuInit", 600))
    assert value(found).outcome == "hangs"
    assert "cuInit" in (value(found).error or "")
    assert value(found).cuda_version == CudaDriverVersion(12, 4)
    assert found.gaps == ()


@pytest.mark.slow
def test_an_endless_loop_in_it_is_a_hang(tmp_path: Path) -> None:
    found = standin(tmp_path, 2.5, **A10, **answer("busy.cuInit", 600))
    assert (value(found).outcome, found.gaps) == ("hangs", ())


def test_no_library(tmp_path: Path) -> None:
    found = value(on_this_machine(tmp_path, {"LD_LIBRARY_PATH": str(tmp_path)}))
    if found.outcome == "ok" or found.cuinit is not None:
        pytest.skip("this machine has a libcuda.so.1 of its own")
    assert (found.outcome, found.path) == ("missing", None)
    assert "libcuda.so.1" in (found.error or "")


def test_a_file_that_is_no_library(tmp_path: Path) -> None:
    (tmp_path / "libcuda.so.1").write_bytes(b"not an ELF file, but long enough to be read as one\n" * 20)
    found = value(on_this_machine(tmp_path, {"LD_LIBRARY_PATH": str(tmp_path)}))
    assert (found.outcome, found.cuinit) == ("failed", None)
    assert "libcuda.so.1" in (found.error or "")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "libcuda.so.1").touch()
    assert value(on_this_machine(tmp_path, {"LD_LIBRARY_PATH": str(tmp_path)})).outcome == "failed"


def test_a_library_without_cuinit(tmp_path: Path) -> None:
    build.compile_library("int other(void) { return 0; }\n", tmp_path, "libcuda.so.1")
    found = value(on_this_machine(tmp_path, {"LD_LIBRARY_PATH": str(tmp_path)}))
    assert (found.outcome, "cuInit" in (found.error or "")) == ("failed", True)


def test_a_library_whose_own_dependency_is_missing(tmp_path: Path) -> None:
    needed = build.compile_library("int needed(void) { return 0; }\n", tmp_path, "libneeded.so.7")
    source = "int needed(void); int cuInit(unsigned flags) { (void)flags; return needed(); }\n"
    build.compile_library(source, tmp_path, "libcuda.so.1", str(needed))
    needed.unlink()
    found = value(on_this_machine(tmp_path, {"LD_LIBRARY_PATH": str(tmp_path)}))
    assert (found.outcome, "libneeded.so.7" in (found.error or "")) == ("failed", True)


def test_a_library_of_another_word_size(tmp_path: Path) -> None:
    library = build.compile_library("int cuInit(unsigned flags) { return (int)flags; }\n", tmp_path, "libcuda.so.1")
    content = bytearray(library.read_bytes())
    content[4] = 1  # EI_CLASS: ELFCLASS32
    library.write_bytes(content)
    found = value(on_this_machine(tmp_path, {"LD_LIBRARY_PATH": str(tmp_path)}))
    assert (found.outcome, found.cuinit) in (("failed", None), ("missing", None))
    assert "libcuda.so.1" in (found.error or "")


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("libcuda.so.1: cannot open shared object file: No such file or directory", "missing"),
        ("Error loading shared library libcuda.so.1: No such file or directory", "missing"),
        ("libcuda.so.1: cannot open shared object file: Permission denied", "failed"),
        ("libcuda.so.1: wrong ELF class: ELFCLASS32", "failed"),
        ("libnvrm_gpu.so: cannot open shared object file: No such file or directory", "failed"),
        ("/usr/lib/libcuda.so.1: undefined symbol: foo", "failed"),
        ("/usr/lib/libcuda.so.1: file too short", "failed"),
    ],
)
def test_words_of_the_loader(words: str, outcome: str) -> None:
    said = f'{{"step": "load"}}\n{json.dumps({"step": "load-error", "text": words})}\n'
    found = value(made_up(ended(said)))
    assert (found.outcome, found.error) == (outcome, words)


@pytest.mark.parametrize(
    ("late", "outcome"),
    [
        (TimedOut("python", seconds=9, stdout=LOADED.encode(), idle=True), "hangs"),
        (TimedOut("python", seconds=9, stdout=LOADED.encode(), stuck=True), "hangs"),
        (TimedOut("python", seconds=30, stdout=LOADED.encode(), idle=False), "hangs"),
    ],
)
def test_what_never_answers_hangs(late: TimedOut, outcome: str) -> None:
    found = made_up(late)
    assert (value(found).outcome, found.gaps) == (outcome, ())
    assert value(found).path == "/usr/lib/libcuda.so.550.54.14"


def test_what_had_too_little_time_was_slow() -> None:
    late = TimedOut("python", seconds=4, stdout=LOADED.encode(), idle=False)
    found = libcuda.probe(FakeHost(programs={libcuda.ARGV[0]: late}), Request(), Clock(5))
    assert (value(found).outcome, [gap.fact for gap in found.gaps]) == ("slow", ["libcuda"])


def test_a_recording_of_a_slow_one_stays_slow_under_another_limit() -> None:
    late = TimedOut("python", seconds=4, stdout=LOADED.encode(), idle=False)
    assert value(made_up(late)).outcome == "slow"


@pytest.mark.parametrize(
    "answer",
    [
        Missing("@python"),
        Failed("@python"),
        ended("", status=1, stderr="Fatal Python error\n"),
        ended('{"step": "no-ctypes", "text": "No module named _ctypes"}\n'),
        ended("garbage\n[]\n{}\n"),
    ],
)
def test_without_a_report_it_is_not_known(answer: Completed | Refusal) -> None:
    found = made_up(answer)
    assert (found.value, [gap.fact for gap in found.gaps]) == (None, ["libcuda"])


def test_answers_that_make_no_sense_are_left_out() -> None:
    lines: list[dict[str, object]] = [
        {"step": "version", "value": "x"},
        {"step": "cuinit", "code": 0},
        {"step": "count", "value": True},
        {"step": "device", "ordinal": "0", "name": 7, "major": 8, "minor": None, "bus_id": "nowhere", "memory": "x"},
        {"step": "end"},
    ]
    said = LOADED + "\n".join(json.dumps(line) for line in lines)
    found = value(made_up(ended(said)))
    assert (found.outcome, found.cuda_version, found.device_count) == ("ok", None, None)
    (device,) = found.devices
    assert (device.ordinal, device.name, device.compute_capability, device.bus_id) == (0, None, None, None)


def test_a_crash_in_the_librarys_own_clean_up_does_not_count() -> None:
    said = LOADED + '{"step": "cuinit", "code": 0}\n{"step": "count", "value": 0}\n{"step": "end"}\n'
    assert value(made_up(ended(said, status=-11))).outcome == "ok"


def interpreters() -> list[str]:
    """Every Python on this machine that the script has to run on, one for each version, beside our own."""
    found = {}
    for minor in range(6, 16):
        on_path = shutil.which(f"python3.{minor}")
        managed = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
        candidate = str(managed[-1]) if managed else on_path
        if candidate:
            found[minor] = candidate
    return list(dict.fromkeys([sys.executable, *found.values()]))


@pytest.mark.parametrize("python", interpreters())
def test_the_script_on_other_pythons(python: str, tmp_path: Path) -> None:
    env = {**os.environ, **build.cuda_environment(tmp_path, **{**A10, "device0.name": 'Ä "10"\\'})}
    argv = [python, *libcuda.ARGV[1:]]
    done = subprocess.run(argv, input=child.script("libcuda_report.py"), env=env, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["step"] for one in said] == [
        *("load", "loaded", "version", "version", "cuinit", "cuinit", "count", "count", "device", "end")
    ]
    assert said[-2] == {
        "step": "device",
        "ordinal": 0,
        "name": 'Ä "10"\\',
        "major": 8,
        "minor": 6,
        "memory": 22731 << 20,
        "bus_id": "0000:01:00.0",
    }


def test_the_script_out_of_a_zip_file(tmp_path: Path) -> None:
    root = Path(child.__path__[0])
    package = tmp_path / "site" / "cudadoctor" / "probes" / "child"
    package.mkdir(parents=True)
    for folder in (package, package.parent, package.parent.parent):
        (folder / "__init__.py").touch()
    for source in ("__init__.py", "libcuda_report.py"):
        shutil.copy(root / source, package / source)
    archive = shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path / "site")
    code = "from cudadoctor.probes.child import script; print(len(script('libcuda_report.py')))"
    env = {**os.environ, "PYTHONPATH": archive}
    done = subprocess.run([sys.executable, "-S", "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(len(child.script("libcuda_report.py"))), done.stderr
