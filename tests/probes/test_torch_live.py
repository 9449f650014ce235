"""What torch says, from a child that tells it, hangs, dies or talks nonsense."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from cudadoctor.facts.envs import EnvFacts, TorchFacts, TorchLive
from cudadoctor.facts.seen import Seen
from cudadoctor.host.base import Completed, TimedOut
from cudadoctor.probes import torch_live
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.versions import ComputeCapability, RuntimeVersion
from tests.machines.tree import Call, Program, hangs, prints
from tests.probes.disk import machine

PYTHON = "/data/v/bin/python"
TORCH = TorchFacts(version="2.4.0", location="/data/v/torch", seen=Seen(where="x", text="y"))
ENV = EnvFacts(kind="venv", name="v", prefix="/data/v", python=PYTHON, active=True, torch=TORCH)
START = {"step": "start", "version": "3.11.7", "shadow": None}
IMPORTED = {
    "step": "imported",
    "version": "2.4.0",
    "file": "/data/v/torch/__init__.py",
    "cuda": "12.1",
    "hip": None,
    "archs": "sm_70 sm_90 compute_90",
}
WELL = (
    START,
    {"step": "import"},
    IMPORTED,
    {"step": "cuda-init"},
    {"step": "cuda", "available": True, "warnings": [], "error": None},
    {"step": "devices"},
    {"step": "counted", "count": 1},
    {"step": "device", "index": 0, "name": "NVIDIA A10", "major": 8, "minor": 6},
    {"step": "cudnn"},
    {"step": "cudnn-version", "number": 90100},
    {"step": "end"},
)


def lines(*said: object) -> str:
    return "".join(f"\n{json.dumps(one)}\n" for one in said)


def ask(program: Program, *, request: Request | None = None, seconds: float = 60) -> Found[tuple[EnvFacts, ...]]:
    return torch_live.probe(machine(programs={PYTHON: program}), request or Request(), Clock(seconds), (ENV,))


def live(program: Program) -> TorchLive:
    found = ask(program)
    assert found.value is not None
    assert found.value[0].torch is not None
    return found.value[0].torch.live


def test_all_is_well() -> None:
    found = ask(prints(lines(*WELL)))
    assert found.value is not None
    torch = found.value[0].torch
    assert torch is not None
    said = torch.live
    assert (said.outcome, said.stage, said.is_available, said.device_count) == ("ok", "cudnn", True, 1)
    assert (said.capabilities, said.device_names) == ((ComputeCapability(8, 6),), ("NVIDIA A10",))
    assert (torch.cudnn, torch.cuda, torch.arch_list) == (
        "9.1.0",
        RuntimeVersion(12, 1),
        ("sm_70", "sm_90", "compute_90"),
    )
    assert (said.warning, said.error, found.gaps) == (None, None, ())


def test_it_is_run_by_its_own_python_with_the_users_environment() -> None:
    calls: list[Call] = []

    def program(call: Call) -> Completed:
        calls.append(call)
        return prints(lines(*WELL))(call)

    ask(program)
    assert calls[0].argv == (PYTHON, "-", "torch_report/1")
    assert calls[0].env["PATH"]
    assert b"import torch" in calls[0].stdin


@pytest.mark.parametrize(
    "request_", [Request(fast=True), Request(fast=True, all_envs=True)], ids=["fast", "fast, all environments"]
)
def test_fast_starts_nothing(request_: Request) -> None:
    found = ask(hangs(), request=request_)
    assert found.value == (ENV,)


@pytest.mark.parametrize(
    "env",
    [replace(ENV, torch=None), replace(ENV, active=False), replace(ENV, python=None)],
    ids=["no torch", "not active", "no python"],
)
def test_who_is_not_asked(env: EnvFacts) -> None:
    found = torch_live.probe(machine(programs={PYTHON: hangs()}), Request(), Clock(60), (env,))
    assert (found.value, found.gaps) == ((env,), ())


def test_all_environments_side_by_side() -> None:
    programs: dict[str, Program] = {f"/data/{n}/bin/python": prints(lines(START, {"step": "end"})) for n in range(5)}
    many = tuple(replace(ENV, prefix=f"/data/{n}", python=f"/data/{n}/bin/python", active=n == 0) for n in range(5))
    found = torch_live.probe(machine(programs=programs), Request(all_envs=True), Clock(60), many)
    assert found.value is not None
    assert [env.torch and env.torch.live.outcome for env in found.value] == ["ok"] * 5


def test_warnings_and_the_swallowed_error() -> None:
    cuda = {
        "step": "cuda",
        "available": False,
        "warnings": ["CUDA initialization: too old", "twice", "twice"],
        "error": "RuntimeError: x",
    }
    said = live(prints(lines(*WELL[:4], cuda, *WELL[8:])))
    assert (said.is_available, said.warning, said.error) == (
        False,
        "CUDA initialization: too old | twice",
        "RuntimeError: x",
    )
    quiet = {"step": "cuda", "available": False, "warnings": [], "error": "RuntimeError: no driver"}
    assert live(prints(lines(*WELL[:4], quiet, *WELL[8:]))).warning == "RuntimeError: no driver"


def test_an_import_error() -> None:
    error = {
        "step": "import-error",
        "type": "ImportError",
        "text": "ImportError: libcudnn.so.9: cannot open\n\x1b[31mx",
    }
    said = live(prints(lines(START, {"step": "import"}, error)))
    assert (said.outcome, said.stage, said.error) == (
        "import-error",
        "import",
        "ImportError: libcudnn.so.9: cannot open x",
    )


@pytest.mark.parametrize(
    ("status", "signal"), [(-11, "SIGSEGV"), (139, "SIGSEGV"), (-4, "SIGILL"), (-9, "SIGKILL"), (134, "SIGABRT")]
)
def test_crashes(status: int, signal: str) -> None:
    said = live(prints(lines(START, {"step": "import"}), status=status))
    assert (said.outcome, said.stage, said.signal) == ("crashed", "import", signal)


def test_the_interpreters_own_words_about_a_crash() -> None:
    stderr = "noise\nFatal Python error: Segmentation fault\n\nCurrent thread 0x1:\n  File x\n"
    said = live(prints(lines(*WELL[:4]), status=-11, stderr=stderr))
    assert (said.stage, said.error) == ("cuda-init", "Fatal Python error: Segmentation fault")


@pytest.mark.parametrize(
    ("count", "stage"), [(1, "start"), (2, "import"), (3, "import"), (4, "cuda-init"), (6, "devices"), (9, "cudnn")]
)
def test_a_hang_and_where(count: int, stage: str) -> None:
    said = live(hangs(lines(*WELL[:count])))
    assert (said.outcome, said.stage) == ("hangs", stage)


def late(*, idle: bool | None, stuck: bool = False, after: float | None = None) -> Program:
    def program(call: Call) -> Completed:
        raise TimedOut(
            "python", seconds=after or call.timeout, stdout=lines(*WELL[:2]).encode(), idle=idle, stuck=stuck
        )

    return program


@pytest.mark.parametrize(
    ("idle", "stuck", "seconds", "outcome"),
    [
        (True, False, 10, "hangs"),
        (False, True, 10, "hangs"),
        (False, False, 10, "slow"),
        (None, False, 10, "slow"),
        (False, False, 120, "hangs"),
        (None, False, 120, "hangs"),
    ],
)
def test_slow_is_not_hanging(idle: bool | None, stuck: bool, seconds: float, outcome: str) -> None:
    found = ask(late(idle=idle, stuck=stuck), seconds=seconds)
    assert found.value is not None
    assert found.value[0].torch is not None
    assert found.value[0].torch.live.outcome == outcome
    assert [gap.fact for gap in found.gaps] == (["torch.live"] if outcome == "slow" else [])


def test_a_recording_of_a_slow_one_stays_slow_under_another_limit() -> None:
    found = ask(late(idle=False, after=8.5), seconds=120)
    assert found.value is not None
    assert found.value[0].torch is not None
    assert found.value[0].torch.live.outcome == "slow"


def test_an_import_that_ends_the_process_has_failed() -> None:
    said = live(prints(lines(START, {"step": "import"}), status=3, stderr="boom\n"))
    assert (said.outcome, said.stage) == ("import-error", "import")
    assert "status 3" in (said.error or "")


@pytest.mark.parametrize(
    ("stdout", "status"),
    [
        ("", 0),
        ("", 1),
        ("hello\n{not json}\n[1]\n" + "[" * 100_000, 0),
        ('{"step": 3}\n{"no": "step"}\n', 0),
        (lines(START, {"step": "unsupported", "text": "Python 2.7.18 is older than 3.6"}), 0),
        (lines(*WELL[:4]), 3),
    ],
)
def test_nothing_that_can_be_read(stdout: str, status: int) -> None:
    found = ask(prints(stdout, status=status, stderr="boom\n"))
    assert found.value is not None
    assert found.value[0].torch is not None
    assert found.value[0].torch.live.outcome == "failed"
    assert found.value[0].torch.live.error
    assert [gap.fact for gap in found.gaps] == ["torch.live"]


def test_a_python_that_is_missing_or_cannot_be_run() -> None:
    for host in (
        machine(),
        machine({PYTHON: ""}),
        machine({PYTHON: ""}, modes={PYTHON: 0o755}),
        machine(links={PYTHON: "/gone/python3"}),
    ):
        found = torch_live.probe(host, Request(), Clock(60), (ENV,))
        assert found.value is not None
        assert found.value[0].torch is not None
        assert found.value[0].torch.live.outcome == "failed"


def test_values_of_the_wrong_kind_do_no_harm() -> None:
    odd = (
        {"step": "start", "shadow": 3},
        {"step": "imported", "archs": 5, "cuda": [], "file": {}},
        {"step": "cuda", "available": "yes", "warnings": "x", "error": 1},
        {"step": "counted", "count": True},
        {"step": "device", "name": None, "major": "8", "minor": None},
        {"step": "cudnn-version", "number": "x"},
        {"step": "end"},
    )
    said = live(prints(lines(*odd)))
    assert (said.outcome, said.is_available, said.warning, said.device_count) == ("ok", None, None, None)
    assert (said.capabilities, said.device_names, said.local_shadow) == ((), (), None)


def test_text_around_the_lines_is_left_out() -> None:
    assert live(prints("greeting without end" + lines(*WELL) + "bye")).outcome == "ok"


@pytest.mark.parametrize(
    ("number", "text"), [(7603, "7.6.3"), (8902, "8.9.2"), (90100, "9.1.0"), (91002, "9.10.2"), (0, None), (None, None)]
)
def test_cudnn_numbers(number: int | None, text: str | None) -> None:
    found = ask(prints(lines(*WELL[:9], {"step": "cudnn-version", "number": number}, {"step": "end"})))
    assert found.value is not None
    assert found.value[0].torch is not None
    assert found.value[0].torch.cudnn == text


def test_what_hides_torch_in_the_current_directory() -> None:
    hidden = {**START, "shadow": "/home/ada/work/torch.py"}
    assert live(prints(lines(hidden, *WELL[1:]))).local_shadow == "/home/ada/work/torch.py"
    itself = {**START, "shadow": "/data/v/torch/__init__.py"}
    assert live(prints(lines(itself, *WELL[1:]))).local_shadow is None


def test_another_torch_than_the_one_on_disk_tells_nothing_about_it() -> None:
    other = {**IMPORTED, "file": "/elsewhere/torch/__init__.py"}
    found = ask(prints(lines(START, other, *WELL[3:])))
    assert found.value is not None
    assert found.value[0].torch is not None
    assert found.value[0].torch.cuda is None
