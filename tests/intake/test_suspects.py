"""What is said where a text does not decide: suspects, the question, and sentences that must not be false."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cudadoctor.api import examine as api
from cudadoctor.intake.messages.find import rows
from cudadoctor.render.report import json as report_json
from cudadoctor.render.report.text import render
from tests.intake.test_reports import REPORTS

FIELD_WORDS = (
    "nvidia_uvm: Unknown symbol", "NVRM: something new", "the GPU", "nouveau 0000:01:00.0", "cuda", "torch",
    "libcudnn.so.9",
    "NCCL WARN", "nvcc", "nvidia-smi", "ptxas", "NVML",
)  # fmt: skip


@pytest.mark.parametrize("words", FIELD_WORDS)
def test_a_text_with_a_word_of_the_field_is_about_it(words: str) -> None:
    for text in (words, f"> {words}", f"Oct 13 09:23:21 node1 kernel: {words}", f"xx {words.lower()}: yy"):
        assert "mentions no GPU" not in api.diagnose(text).verdict, text


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([one for one in rows() if one.lines]) if any(one.lines for one in rows()) else st.none(),
    st.sampled_from(["", "> ", "Oct 13 09:23:21 node1 kernel: ", "    "]),
)
def test_over_a_known_error_nothing_is_called_faultless(message: object, prefix: str) -> None:
    if message is None:
        return
    text = prefix + re.sub(r"\{\w*\}", "1", message.lines[0])  # type: ignore[attr-defined]
    assert "Nothing in this text shows a fault" not in api.diagnose(text).verdict


@pytest.mark.parametrize(
    "line",
    ["RuntimeError: CUDA kernel failed in a new way", "nvidia: fatal: no idea", "ERROR: torch could not be found"],
)
def test_an_error_that_is_not_known_is_no_absence_of_error(line: str) -> None:
    report = api.diagnose(f"nvidia-smi works fine\n{line}\n")
    assert "Nothing in this text shows a fault" not in report.verdict


def test_only_a_healthy_report_shows_no_fault() -> None:
    assert "Nothing in this text shows a fault" not in api.diagnose("I have an RTX 3090 and torch 2.6.0").verdict


SILENT = [name for name, one in REPORTS.items() if one.get("silent")]


@pytest.mark.parametrize("name", REPORTS)
def test_at_most_five_each_once_and_none_that_is_named(name: str) -> None:
    report = api.diagnose(REPORTS[name]["text"].encode())
    names = [one.name for one in report.suspects]
    assert len(names) <= 5
    assert len(set(names)) == len(names)
    assert not set(names) & set(report.root_causes)
    for one in report.suspects:
        assert one.why
        assert one.decide.text
        assert one.name in render(report)
    document = json.loads(report_json.render(report))
    assert [one["name"] for one in document["suspects"]] == names


def command(text: str) -> str:
    ask = api.diagnose(text).ask
    assert ask is not None, text
    return ask.command


def test_the_question_is_one_that_can_be_answered_there() -> None:
    assert "dmesg" in command("$ nvidia-smi\nNo devices were found\nGPU: RTX 4090 in my desktop")
    assert "kubectl" in command("In the pod:\n$ nvidia-smi\nNo devices were found")
    job = command("$ srun -p gpu --gres=gpu:1 ./app\nCUDA error: OS call failed or operation not supported on this OS")
    assert "SLURM" in job
    assert "dmesg" not in job
    imports = command("ImportError: libcudart.so.12: cannot open shared object file: No such file or directory")
    assert "collect_env" not in imports
    assert re.search("ldconfig|LD_DEBUG|ldd", imports)


def test_no_question_is_asked_that_the_text_answers() -> None:
    text = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
    assert command(text) != "nvidia-smi"
    text = (
        "PyTorch version: 2.6.0+cu124\nCUDA used to build PyTorch: 12.4\nIs CUDA available: False\n"
        "RuntimeError: No CUDA GPUs are available"
    )
    assert "collect_env" not in command(text)


NONE = "$ nvidia-smi\nNo devices were found\n"


@pytest.mark.parametrize(
    "circumstance",
    ["On the login node of our cluster", "In the pod:", "root sees 8 GPUs, my user none:", "#SBATCH -n 1"],
)
def test_who_shares_a_machine_is_not_told_to_reboot_it(circumstance: str) -> None:
    report = api.diagnose(f"{circumstance}\n{NONE}")
    assert not re.search(r"\breboot\b", render(report), re.IGNORECASE), render(report)
    assert report.root_causes[:1] != ("no-devices-found",)


def test_the_example_of_the_documentation() -> None:
    report = api.diagnose(
        "Since the upgrade to kernel 6.8.0-45 torch fails, nvidia-smi works fine:\n"
        "RuntimeError: CUDA unknown error - this may be due to an incorrectly set up environment\n"
    )
    assert report.root_causes == ("uvm-module-not-loaded",)
    assert report.ask is not None
    assert report.ask.command.startswith("lsmod | grep nvidia")
    alone = api.diagnose("RuntimeError: CUDA unknown error - this may be due to an incorrectly set up environment\n")
    assert alone.root_causes == ()
    assert [one.name for one in alone.suspects[:2]] == ["uvm-broken-after-suspend", "uvm-module-not-loaded"]
