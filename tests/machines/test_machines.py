"""Every planted machine through the whole road: probes → facts → checks → report."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from cudadoctor.api import examine as api
from cudadoctor.checks.engine.base import Severity
from cudadoctor.facts.base import Facts
from cudadoctor.facts.redact import redact
from cudadoctor.host import recording, replay, rounds
from cudadoctor.host.recording import Recording, RecordingHost
from cudadoctor.probes.base import Request
from cudadoctor.probes.collect import collect
from cudadoctor.report.model import Report
from cudadoctor.versions import RuntimeVersion

from .builder import build
from .catalogue import CATALOGUE, FAULTY, HEALTHY, Planted

REQUEST = Request()
ONLY_FROM_A_PASTE = {
    # Their live rules know NVIDIA's keys by fingerprint, and a keyring with that fingerprint is NVIDIA's own file.
    "apt-nvidia-key-rotated",
    "apt-key-deprecated",
    # Python, conda, pip, torch builds
    "conda-cuda-virtual-package-missing",
    "conda-defaults-tos",
    "conda-package-not-in-channel",
    "extension-built-for-other-arch",
    "ptx-newer-than-driver",
    "python-32bit",
    "python-version-no-wheel",
    "triton-toolchain-missing",
    "wheel-index-nonexistent",
    # libraries under torch
    "cuda-lib-not-on-loader-path",
    "runtime-lib-version-mismatch",
    # multi-GPU, virtualisation
    "confidential-computing-not-ready",
    "nccl-nvls-fabric-error",
    "nccl-p2p-acs-iommu",
    # toolkit
    "cuda-home-missing",
    "cudnn-headers-missing",
    # messages of programs that a check of a machine does not start
    "build-isolation-hides-torch",
    "container-device-rules-refused",
    "container-device-unknown",
    "container-ldconfig-missing",
    "container-tools-need-cgroup-v1",
    "cpu-lacks-instructions",
    "driver-in-use",
    "driver-package-unavailable",
    "library-needs-newer-torch",
    "mig-device-name-obsolete",
    "nccl-network-unreachable",
    "nccl-rdma-transport-fails",
    "nvidia-runtime-not-named",
    "package-files-incomplete",
    "python-does-not-start",
    "ranks-share-gpu",
    "slurm-gres-not-defined",
    "slurm-node-reports-no-gpu",
    "triton-too-old-for-gpu",
    "uvm-hmm-breaks-cuinit",
    "vgpu-guest-host-mismatch",
    # machines of theirs are still to be planted; their cases are in tests/checks/cases
    "cgroup-denies-gpu-devices",
    "initramfs-has-old-module",
    "kernel-module-stale",
    "search-path-not-safe-for-root",
    # only `--expect` and cudadoctor.toml ask for it
    "expectation-failed",
}
"""Checks that only somebody's words decide: their cases are in tests/checks/cases."""
every = pytest.mark.parametrize("planted", CATALOGUE.values(), ids=CATALOGUE)
healthy = pytest.mark.parametrize("planted", HEALTHY, ids=lambda one: one.machine.name)


@cache
def recorded(name: str) -> tuple[Recording, Facts]:
    """The machine's answers to the probes, and the facts that they made of them."""
    host = RecordingHost(build(CATALOGUE[name].machine))
    return host.recording, collect(host, REQUEST).facts


@cache
def examined(name: str) -> Report:
    """The report on the machine itself."""
    return api.examine_host(build(CATALOGUE[name].machine), REQUEST)


def copy(original: Recording) -> Recording:
    """The same answers, to be changed."""
    return Recording.from_data(original.data())


def said(report: Report) -> list[str]:
    """What stands above information, for a message that helps."""
    return [
        f"{one.severity.word} {one.id}: {one.message} {one.because_of}"
        for one in report.findings
        if one.severity > Severity.INFO
    ]


@every
def test_says_what_is_wrong_and_nothing_else(planted: Planted) -> None:
    report = examined(planted.machine.name)
    assert (report.status, report.root_causes) == (planted.status, planted.root_causes), said(report)
    assert not report.crashed
    assert not [gap for gap in report.facts.gaps if "bug in cudadoctor" in gap.reason]
    for name in planted.said_as_info or ():
        assert any(one.name == name and one.severity is Severity.INFO for one in report.findings)


@healthy
def test_of_a_healthy_machine_nothing_is_said_above_information(planted: Planted) -> None:
    report = examined(planted.machine.name)
    assert not said(report)
    assert not report.suspects


@healthy
@pytest.mark.parametrize("request_", [Request(fast=True), Request(all_envs=True)], ids=["fast", "all-envs"])
def test_asked_for_less_or_more_it_is_healthy_all_the_same(planted: Planted, request_: Request) -> None:
    report = api.examine_host(build(planted.machine), request_)
    assert report.status == planted.status, said(report)
    assert not said(report)
    assert not report.suspects


@every
def test_what_is_not_a_root_cause_is_explained_by_one(planted: Planted) -> None:
    report = examined(planted.machine.name)
    known = {one.id for one in report.findings}
    for one in report.findings:
        assert set(one.because_of) <= known
        assert one.severity is Severity.INFO or one.name in planted.root_causes or one.because_of, one.id


@every
def test_facts_agree_with_the_description(planted: Planted) -> None:
    """The builder's own claim: what the probes read is what was described."""
    machine, facts = planted.machine, examined(planted.machine.name).facts
    assert facts.os is not None
    assert (facts.os.id, facts.os.version_id, facts.os.kernel) == (
        machine.os.id,
        machine.os.version_id or None,
        machine.os.kernel,
    )
    assert facts.os.wsl == (2 if machine.wsl else 1 if machine.os.kernel.startswith("4.4.") else None)
    assert facts.os.container == machine.container
    if facts.smi is not None and facts.smi.outcome == "ok" and machine.driver is not None:
        assert str(facts.smi.version) == machine.driver.version
        assert str(facts.smi.cuda_version) == machine.driver.cuda
    if facts.toolkit is not None:
        found_toolkits = {one.version.release for one in facts.toolkit.toolkits if one.version is not None}
        assert found_toolkits == {one.version.rpartition(".")[0] for one in machine.toolkits}
    described = {env.prefix: env.torch for env in machine.envs if env.torch is not None}
    shadowed = {env.prefix for env in machine.envs if env.shadowed}
    found = {env.prefix: env.torch for env in facts.envs or () if env.torch is not None}
    assert set(found) == set(described)
    for prefix, torch in found.items():
        if prefix in shadowed:
            continue
        wanted = described[prefix]
        assert torch.version == wanted.version
        assert torch.cuda == (wanted.cuda and RuntimeVersion.parse(wanted.cuda))
    active = [env.prefix for env in facts.envs or () if env.active]
    assert active[:1] == [env.prefix for env in machine.envs if env.active][:1] or not any(
        env.active for env in machine.envs
    )


@every
def test_replay_gives_equal_facts(planted: Planted) -> None:
    answers, facts = recorded(planted.machine.name)
    again = collect(replay.ReplayHost(copy(answers)), REQUEST).facts
    assert differing(again, facts) == []


@every
def test_rounds_converge_in_four_and_give_equal_facts(planted: Planted) -> None:
    name = planted.machine.name
    far = build(planted.machine)
    facts, _, asked = rounds.fill(lambda host: collect(host, REQUEST).facts, lambda pool: rounds.answer(pool, far))
    assert asked <= rounds.MOST
    assert differing(facts, recorded(name)[1]) == []


@every
def test_a_redacted_snapshot_says_the_same(planted: Planted) -> None:
    answers, _ = recorded(planted.machine.name)
    data = redact(answers.data())
    hidden = Recording.from_data(data)
    shown = json.dumps(data)
    for private in ("/home/ada", '"planted"', "-c0de-4a11-"):  # home, host name, UUIDs of GPUs
        assert private not in shown
    report = api.examine_host(replay.ReplayHost(hidden), REQUEST)
    assert (report.status, report.root_causes) == (planted.status, planted.root_causes), said(report)


def with_one_answer_removed(name: str, most: int) -> Iterator[tuple[str, Recording]]:
    """Recordings of the machine with one answer missing: a fixed sample, another one for each machine."""
    data = recorded(name)[0].data()
    answers = data["answers"]
    chosen = random.Random(name).sample(range(len(answers)), min(most, len(answers)))
    for number in chosen:
        left = [answer for place, answer in enumerate(answers) if place != number]
        yield str(answers[number]["ask"]), Recording.from_data({**data, "answers": left})


@healthy
def test_a_healthy_machine_with_an_answer_removed_is_not_broken(planted: Planted) -> None:
    """Unknown is not broken: an answer that is not there makes no error of a machine that is well."""
    for asked, left in with_one_answer_removed(planted.machine.name, 5):
        report = api.examine_host(replay.ReplayHost(left), REQUEST)
        assert not report.crashed, asked
        assert not [gap for gap in report.facts.gaps if "bug in cudadoctor" in gap.reason], (asked, report.facts.gaps)
        assert report.status != "broken", (asked, said(report))
        assert not report.suspects, asked


@pytest.mark.parametrize("planted", FAULTY, ids=lambda one: one.machine.name)
def test_nothing_crashes_with_an_answer_removed(planted: Planted) -> None:
    for asked, left in with_one_answer_removed(planted.machine.name, 1):
        report = api.examine_host(replay.ReplayHost(left), REQUEST)
        assert not report.crashed, asked
        assert not [gap for gap in report.facts.gaps if "bug in cudadoctor" in gap.reason], (asked, report.facts.gaps)


ONLY_FROM_SMOKE = frozenset(one.name for one in api.check_list() if ("smoke", True) in one.parameters)
"""What only smoke tests show: no look at a machine can; their cases are in tests/checks and tests/smoke."""


def test_every_check_has_a_machine_that_shows_it() -> None:
    shown = {one.name for name in CATALOGUE for one in examined(name).findings}
    assert {one.name for one in api.check_list()} - shown - ONLY_FROM_SMOKE == ONLY_FROM_A_PASTE


def test_a_snapshot_file_is_the_machine(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Written to a file and read again, with redaction as users have it."""
    planted = HEALTHY[0]
    path = str(tmp_path_factory.mktemp("snapshot") / "machine.json")
    api.snapshot(build(planted.machine), REQUEST, path)
    assert b"/home/ada" not in Path(path).read_bytes()
    report = api.examine_host(replay.ReplayHost(recording.load(path)), REQUEST)
    assert (report.status, report.root_causes) == (planted.status, planted.root_causes), said(report)


def test_where_no_thread_can_be_started_the_probes_run_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """`ulimit -v` or a cgroup's limit of processes: slower, and nothing else."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    planted = HEALTHY[0]
    monkeypatch.setattr(threading.Thread, "start", refuse)
    report = api.examine_host(build(planted.machine), api.Request(all_envs=True))
    assert report.status == planted.status, said(report)
    assert differing(report.facts, examined(planted.machine.name).facts) in ([], ["envs"])


def differing(left: Facts, right: Facts) -> list[str]:
    """Names of the facts that are not equal."""
    return [name for name in Facts.__annotations__ if getattr(left, name) != getattr(right, name)]
