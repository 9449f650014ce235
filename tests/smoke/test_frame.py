"""The parent: what it makes of children that crash, hang, lose their context or print nonsense."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from cudadoctor.facts.driver import SmiFacts, SmiGpu
from cudadoctor.facts.smoke import SmokeFacts, SmokeResult
from cudadoctor.host import child
from cudadoctor.host.base import Completed, TimedOut
from cudadoctor.host.local import LocalHost
from cudadoctor.smoke import monitor, session, suite
from cudadoctor.smoke import run as running
from cudadoctor.smoke.ledger import Ledger
from tests.smoke import fake_torch
from tests.smoke.alive import gone
from tests.standins.build import cuda_environment

TESTS = ("properties", "integer-kernel", "memory-returns")


class Bench:
    """Runs the suite against the stand-in torch."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        self.site = fake_torch.plant(folder / "site")
        self.progress: Callable[[str], None] | None = None

    def run(self, plant: str = "", *, gpus: int = 1, device: str = "auto", **more: object) -> SmokeFacts:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("CUDA_", "PYTHON"))}
        env |= {
            "PYTHONPATH": str(self.site),
            "SMOKE_PLANT": plant,
            "SMOKE_GPUS": str(gpus),
            "SMOKE_LOG": str(self.log),
            **{key: str(value) for key, value in more.items() if key.isupper()},
        }
        options = {key: value for key, value in more.items() if not key.isupper()}
        order = running.Order(python=sys.executable, device=device, **{"only": TESTS, **options})  # type: ignore[arg-type]
        return running.run(LocalHost(env), env, order, self.progress)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short limits, so that a hang takes a second."""
    fast = {one.name: replace(one, limit=1.2) for one in suite.TESTS}
    monkeypatch.setattr(suite, "BY_NAME", fast)
    monkeypatch.setattr(running, "BY_NAME", fast)
    monkeypatch.setattr(running, "IMPORT", fast["import"])
    monkeypatch.setattr(running, "FIRST_TOUCH", fast["first-touch"])
    monkeypatch.setattr(session, "IMPORT", fast["import"])
    monkeypatch.setattr(session, "FIRST_TOUCH", fast["first-touch"])


def outcomes(facts: SmokeFacts, gpu: int | None = 0) -> dict[str, str]:
    return {one.name: one.outcome for one in facts.results if one.gpu == gpu}


def named(facts: SmokeFacts, name: str) -> SmokeResult:
    return next(one for one in facts.results if one.name == name and one.outcome != "pass")


def test_sound_gpus_run_side_by_side_and_each_alone(bench: Bench) -> None:
    facts = bench.run(gpus=2)
    for gpu in (0, 1):
        found = outcomes(facts, gpu)
        assert (found["first-touch"], found["properties"], found["memory-returns"]) == ("pass", "pass", "pass")
    assert [gpu.index for gpu in facts.gpus or ()] == [0, 1]
    assert outcomes(facts, None) == {"import": "pass", "devices": "pass"}
    assert sorted(bench.log.read_text().split()) == ["0", "1", "None"]


def test_one_gpu_by_number(bench: Bench) -> None:
    facts = bench.run(gpus=2, device="cuda:1")
    assert [gpu.index for gpu in facts.gpus or ()] == [1]
    assert "1" in bench.log.read_text().split()
    assert "0" not in bench.log.read_text().split()


def test_a_number_that_there_is_not(bench: Bench) -> None:
    facts = bench.run(gpus=2, device="cuda:7")
    assert facts.gpus == ()
    assert {one.outcome for one in facts.results if one.name in TESTS} == {"skip"}


def test_the_users_choice_of_gpus_is_kept(bench: Bench) -> None:
    bench.run(CUDA_VISIBLE_DEVICES="3,5")
    assert sorted(bench.log.read_text().split()) == ["3", "3,5", "5"]


def test_gpus_are_chosen_by_uuid_where_the_driver_gives_it(bench: Bench, tmp_path: Path) -> None:
    values: dict[str, object] = {}
    for at in (0, 1):
        values |= {f"device{at}.name": "Stand-in", f"device{at}.cc": "8.6", f"device{at}.bus": f"0000:0{at + 1}:00.0"}
    facts = bench.run(gpus=2, **cuda_environment(tmp_path, **values))
    assert [(gpu.name, gpu.capability, gpu.bus_id) for gpu in facts.gpus or ()] == [
        ("Stand-in", "8.6", "0000:01:00.0"),
        ("Stand-in", "8.6", "0000:02:00.0"),
    ]
    uuids = [f"GPU-{byte * 4}-{byte * 2}-{byte * 2}-{byte * 2}-{byte * 6}" for byte in ("01", "02")]
    assert sorted(bench.log.read_text().split()) == [*uuids, "None"]
    assert not any(uuid[4:] in str(facts) for uuid in uuids)


def test_the_driver_library_and_torch_count_alike(bench: Bench, tmp_path: Path) -> None:
    facts = bench.run(gpus=2, **cuda_environment(tmp_path, **{"device0.name": "Stand-in", "device0.cc": "8.6"}))
    assert "torch sees 2 GPUs, the driver library 1" in (named(facts, "devices").message or "")


def test_mig_instances_are_handed_on_as_they_are(bench: Bench) -> None:
    bench.run(CUDA_VISIBLE_DEVICES="MIG-one,MIG-two")
    assert sorted(bench.log.read_text().split()) == ["MIG-one", "MIG-one,MIG-two", "MIG-two"]


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        ("segv", "SIGSEGV: Segmentation fault"),
        ("kill", "SIGKILL (the kernel does that where memory runs out)"),
        ("exit", "status 3: terminate called after throwing"),
    ],
)
def test_a_crash_is_named_and_the_rest_runs_in_a_new_process(bench: Bench, plant: str, words: str) -> None:
    facts = bench.run(f"arange={plant}")
    assert outcomes(facts) == {
        "first-touch": "pass",
        "properties": "pass",
        "integer-kernel": "crash",
        "memory-returns": "pass",
    }
    lost = named(facts, "integer-kernel")
    assert words in (lost.message or "")
    assert lost.suspects
    assert len(bench.log.read_text().split()) == 3


def test_a_crash_on_one_gpu_leaves_the_other_alone(bench: Bench) -> None:
    facts = bench.run("arange=segv@1", gpus=2)
    assert outcomes(facts, 1)["integer-kernel"] == "crash"
    assert outcomes(facts, 0)["integer-kernel"] == "fail"
    assert outcomes(facts, 1)["memory-returns"] == "pass"


def test_a_poisoned_context_is_left_for_a_new_one(bench: Bench) -> None:
    facts = bench.run("arange=poison")
    assert outcomes(facts)["integer-kernel"] == "fail"
    assert "illegal memory access" in (named(facts, "integer-kernel").message or "")
    assert outcomes(facts)["memory-returns"] == "pass"
    assert len(bench.log.read_text().split()) == 3


def test_a_failure_that_poisons_nothing_needs_no_new_process(bench: Bench) -> None:
    facts = bench.run("arange=raise")
    assert named(facts, "integer-kernel").suspects == ("arch-not-in-build-gpu-newer", "arch-not-in-build-gpu-older")
    assert len(bench.log.read_text().split()) == 2


@pytest.mark.slow
def test_a_hang_ends_at_its_deadline_and_the_rest_runs(bench: Bench, hurried: None) -> None:
    facts = bench.run("arange=hang")
    assert outcomes(facts)["integer-kernel"] == "hang"
    assert "it got nowhere any more" in (named(facts, "integer-kernel").message or "")
    assert outcomes(facts)["memory-returns"] == "pass"


@pytest.mark.slow
def test_one_that_works_on_is_slow_and_no_hang(bench: Bench, hurried: None) -> None:
    facts = bench.run("arange=work")
    assert outcomes(facts)["integer-kernel"] == "timeout"
    assert "still at work" in (named(facts, "integer-kernel").message or "")


@pytest.mark.parametrize(("plant", "outcome"), [("raise", "fail"), ("segv", "crash")])
def test_a_gpu_that_cannot_be_touched_is_not_tried_again(bench: Bench, plant: str, outcome: str) -> None:
    facts = bench.run(f"zeros={plant}")
    assert outcomes(facts) == {
        "first-touch": outcome,
        "properties": "skip",
        "integer-kernel": "skip",
        "memory-returns": "skip",
    }
    assert "the device could not be used at all" in (named(facts, "properties").message or "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plant", "outcome", "suspect"),
    [
        ("raise", "fail", "arch-not-in-build-gpu-newer"),
        ("segv", "crash", "torch-import-crashes"),
        ("hang", "hang", "torch-import-hangs"),
    ],
)
def test_an_import_that_fails_is_the_end(bench: Bench, hurried: None, plant: str, outcome: str, suspect: str) -> None:
    facts = bench.run(f"import={plant}")
    assert outcomes(facts, None)["import"] == outcome
    assert named(facts, "import").suspects[0] == suspect
    assert {one.outcome for one in facts.results if one.name in TESTS} == {"skip"}


def test_no_gpu_is_said_with_torchs_own_words(bench: Bench) -> None:
    facts = bench.run(gpus=0)
    assert facts.gpus == ()
    assert "Found no NVIDIA driver" in (named(facts, "devices").message or "")
    assert named(facts, "devices").suspects[0] == "driver-not-installed"


def test_fewer_gpus_than_nvidia_smi_lists(bench: Bench) -> None:
    smi = SmiFacts(outcome="ok", gpus=(SmiGpu(index=0), SmiGpu(index=1)))
    facts = bench.run(gpus=1, smi=smi)
    assert named(facts, "devices").message == "nvidia-smi lists 2 GPUs, torch sees 1"
    assert not bench.run(gpus=2, smi=smi).failed[:0]
    chosen = bench.run(smi=smi, CUDA_VISIBLE_DEVICES="0")
    assert outcomes(chosen, None)["devices"] == "pass"


def test_what_torch_prints_is_no_result(bench: Bench) -> None:
    facts = bench.run("arange=noise")
    assert outcomes(facts)["integer-kernel"] == "fail"


def test_an_interpreter_that_is_not_there(tmp_path: Path) -> None:
    facts = running.run(LocalHost(), {}, running.Order(python=str(tmp_path / "python"), device="cpu"))
    assert outcomes(facts, None)["import"] == "fail"
    assert not facts.gpus


def test_an_interpreter_that_is_none(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho no python >&2\nexit 9\n")
    program.chmod(0o755)
    facts = running.run(LocalHost(), {}, running.Order(python=str(program), device="cpu"))
    assert "status 9: no python" in (named(facts, "import").message or "")


@pytest.mark.slow
def test_the_time_of_the_whole_run_is_kept(bench: Bench) -> None:
    start = time.monotonic()
    facts = bench.run("arange=hang", timeout=6.0)
    assert time.monotonic() - start < 12
    assert not facts.complete
    assert outcomes(facts)["integer-kernel"] == "timeout"
    assert outcomes(facts)["memory-returns"] == "skip"


def test_an_interruption_ends_the_children_and_keeps_what_there_was(bench: Bench) -> None:
    def interrupt(label: str) -> None:
        if "integer-kernel" in label:
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()

    bench.progress = interrupt
    facts = bench.run("arange=hang")
    assert facts.interrupted
    assert not facts.complete
    assert outcomes(facts).get("properties") == "pass"
    assert "integer-kernel" not in outcomes(facts)
    assert gone(str(bench.site))


@pytest.mark.slow
def test_a_follower_hears_lines_as_they_come_and_moves_the_deadline() -> None:
    heard: list[bytes] = []

    def follow(piece: bytes) -> float | None:
        heard.append(piece)
        return 5.0 if b"more" in piece else None

    script = "import time; print('more', flush=True); time.sleep(1); print('end', flush=True)"
    done = child.run_child(["python"], [sys.executable, "-c", script], os.environ, 0.8, b"", follow)
    assert done.returncode == 0
    assert b"".join(heard) == b"more\nend\n"
    assert len(heard) >= 2
    assert heard[-1] != b"more\nend\n"


def test_the_worst_of_several_ranks_is_the_result(bench: Bench) -> None:
    facts = bench.run("distributed=segv", gpus=2, only=("all-reduce",))
    assert [(one.gpu, one.outcome) for one in facts.results if one.name == "all-reduce"] == [(None, "crash")]
    assert named(facts, "all-reduce").suspects[0] == "nccl-p2p-acs-iommu"


def test_one_gpu_has_no_peer(bench: Bench) -> None:
    facts = bench.run(gpus=1, only=("peer-access", "all-reduce"))
    assert outcomes(facts, None)["peer-access"] == "skip"
    assert "without torch.distributed" in (named(facts, "all-reduce").message or "")


class Stuck:
    """A machine on which the process hangs in the driver and cannot be killed."""

    def __init__(self) -> None:
        self.started = 0

    def run(self, argv: Sequence[str], *, follow: Callable[[bytes], object] | None = None, **_: object) -> Completed:
        self.started += 1
        assert follow is not None
        follow(b'\n{"step": "begin", "test": "import"}\n')
        follow(b'\n{"step": "end", "test": "import", "outcome": "pass", "seconds": 1}\n')
        follow(b'\n{"step": "begin", "test": "fft"}\n')
        reason = "no end within 5 s; process 77 could not be killed (state D, in nvidia_ioctl)"
        raise TimedOut(argv[0], reason, seconds=5.0, pid=77, stuck=True, idle=True)


def test_a_process_that_cannot_be_killed_is_named_and_nothing_more_is_tried() -> None:
    host = Stuck()
    ledger = Ledger(60.0, 3)
    target = session.Target(host, "python", "cuda:0", gpu=0, env={}, job={})
    session.run_tests(target, [suite.BY_NAME["fft"], suite.BY_NAME["solver"]], ledger)
    assert host.started == 1
    found = {one.name: (one.outcome, one.message or "") for one in ledger.results}
    assert found["fft"][0] == "hang"
    assert "process 77 could not be killed (state D, in nvidia_ioctl)" in found["fft"][1]
    assert found["solver"] == ("skip", "not reached: a process hangs in the driver and cannot be killed")


@pytest.mark.parametrize(
    ("errors", "log", "words"),
    [
        ("0", "", None),
        ("2", "", "uncorrectable memory errors came up meanwhile on GPU 0"),
        ("0", "NVRM: Xid (PCI:0000:01:00): 79, pid=1, GPU has fallen off the bus.", "Xid 79"),
        ("0", "NVRM: Xid (PCI:0000:01:00): 31, pid=1, MMU Fault of a program", None),
        ("[N/A]", "", None),
    ],
)
def test_what_a_burn_left_behind(tmp_path: Path, errors: str, log: str, words: str | None) -> None:
    for name, text in (("nvidia-smi", "0, 40, 1980, 300.5, 0"), ("dmesg", "[1.0] NVRM: Xid (PCI:0000:01:00): 48, x")):
        (tmp_path / name).write_text(f"#!/bin/sh\ncat {tmp_path}/{name}.says\n")
        (tmp_path / name).chmod(0o755)
        (tmp_path / f"{name}.says").write_text(text + "\n")
    host = LocalHost({"PATH": f"{tmp_path}:/usr/bin:/bin"})
    before = monitor.look(host)
    (tmp_path / "nvidia-smi.says").write_text(f"0, 71, 1755, 650.1, {errors}\n")
    with (tmp_path / "dmesg.says").open("a") as out:
        out.write(log + "\n")
    ledger = Ledger(60.0, 1)
    monitor.compare(host, before, ledger)
    assert [one.outcome for one in ledger.results] == ["fail" if words else "pass"]
    assert ledger.results[0].figures["GPU 0"]
    assert (words or "") in (ledger.results[0].message or "")
