"""What a run comes to: passed only where something was computed on everything that was meant."""

from __future__ import annotations

from typing import Any

import pytest

from cudadoctor.api import examine as api
from cudadoctor.api import smoke as api_smoke
from cudadoctor.facts.smoke import SmokeFacts, SmokeGpu, SmokeOutcome, SmokeResult
from tests.checks.loader import build_facts, facts_of

GPU = SmokeGpu(index=0)


def one(
    name: str, outcome: SmokeOutcome = "pass", *, gpu: int | None = 0, layer: str = "kernels", **more: Any
) -> SmokeResult:
    return SmokeResult(name=name, gpu=gpu, layer=layer, outcome=outcome, **more)


IMPORTED = one("import", gpu=None, layer="torch's import")
DEVICES = one("devices", gpu=None, layer="driver")


def made(*results: SmokeResult, **more: Any) -> SmokeFacts:
    return SmokeFacts(**{"device": "auto", "level": "quick", "gpus": (GPU,), "results": results, **more})


@pytest.mark.parametrize(
    ("smoke", "passed"),
    [
        (made(IMPORTED, DEVICES, one("integer-kernel")), True),
        (made(IMPORTED, one("integer-kernel"), one("matmul-bf16", "skip")), True),
        (made(IMPORTED, one("integer-kernel", "skip")), False),
        (made(IMPORTED, one("integer-kernel", "fail")), False),
        (made(IMPORTED, one("integer-kernel"), gpus=(GPU, SmokeGpu(index=1))), False),
        (made(IMPORTED, one("integer-kernel"), one("integer-kernel", gpu=1), gpus=(GPU, SmokeGpu(index=1))), True),
        (made(IMPORTED, one("integer-kernel"), expected=2), False),
        (made(IMPORTED, one("integer-kernel"), expected=1), True),
        (made(IMPORTED, one("integer-kernel"), complete=False), False),
        (made(IMPORTED, DEVICES, one("integer-kernel", "skip", gpu=None), gpus=()), False),
        (made(IMPORTED, device="cpu", gpus=()), False),
        (made(IMPORTED, one("fft", gpu=None, layer="FFT"), device="cpu", gpus=()), True),
        (made(IMPORTED, one("fft", "skip", gpu=None, layer="FFT"), device="cpu", gpus=()), False),
        (made(IMPORTED, one("all-reduce", gpu=None, layer="NCCL")), True),
        (made(IMPORTED, level="import", gpus=None), True),
        (made(level="import", gpus=None), False),
        (made(), False),
    ],
)
def test_passed_means_that_it_was_computed_everywhere(smoke: SmokeFacts, passed: bool) -> None:
    assert api_smoke._passed(smoke) is passed


def judged(base: str, smoke: SmokeFacts, **facts: Any) -> tuple[str, ...]:
    from msgspec.structs import replace

    found = api.examine(replace(facts_of({"base": base, "facts": facts}), smoke=smoke))
    return api_smoke._roots(found, smoke)[1]


def test_what_the_machine_shows_leads() -> None:
    failed = one("devices", "fail", gpu=None, layer="driver", wrong=True, message="torch sees no GPU")
    assert judged("no-driver", made(DEVICES, failed, gpus=())) == ("driver-not-installed",)


def test_without_a_cause_in_the_machine_the_failure_itself_is_named() -> None:
    failed = one("matmul-fp32", "fail", layer="cuBLAS", wrong=True, message="fp32: relative error 1")
    assert judged("server", made(IMPORTED, failed)) == ("torch-computes-wrongly",)


def test_a_suspect_that_the_machine_shows_is_the_root() -> None:
    hang = one("convolution", "hang", layer="cuDNN", message="no end", suspects=("gpu-ecc-hardware-fault",))
    smi = {"gpus": [{"index": 0, "bus_id": "0000:01:00.0", "ecc_uncorrected": 3}]}
    assert judged("server", made(IMPORTED, hang), smi=smi) == ("gpu-ecc-hardware-fault",)


def test_a_failure_that_the_root_does_not_explain_stands_beside_it() -> None:
    hang = one("convolution", "hang", layer="cuDNN", message="no end", suspects=("gpu-ecc-hardware-fault",))
    other = one("full-dtype", "crash", layer="tensors", message="ended by SIGSEGV")
    smi = {"gpus": [{"index": 0, "bus_id": "0000:01:00.0", "ecc_uncorrected": 3}]}
    assert judged("server", made(IMPORTED, hang, other), smi=smi) == ("gpu-ecc-hardware-fault", "torch-work-crashes")


def test_other_faults_of_the_machine_are_left_out() -> None:
    failed = one("matmul-fp32", "fail", layer="cuBLAS", wrong=True, message="fp32: relative error 1")
    roots = judged("server", made(IMPORTED, failed), shell={"variables": {"VIRTUAL_ENV": "/home/u/old"}})
    assert roots == ("torch-computes-wrongly",)


def test_without_a_smoke_run_its_checks_are_neither_passed_nor_skipped() -> None:
    report = api.examine(build_facts({"os": {"id": "ubuntu"}}))
    assert not [code for code in report.passed if code.startswith("SM")]
    assert not [one.code for one in report.skipped if one.code.startswith("SM")]


@pytest.mark.parametrize(
    ("name", "figures", "words"),
    [
        ("NVIDIA H100 80GB HBM3", {"bf16 TFLOP/s": 494.5}, "494 of about 989 TFLOP/s (50 %)"),
        ("NVIDIA H100 PCIe", {"bf16 TFLOP/s": 378.0}, "378 of about 756 TFLOP/s (50 %)"),
        ("Tesla V100-SXM2-16GB", {"fp16 TFLOP/s": 100.0}, "100 of about 125 TFLOP/s (80 %)"),
        ("NVIDIA A100-SXM4-40GB", {"bf16 TFLOP/s": 156.0}, "156 of about 312 TFLOP/s (50 %)"),
        ("NVIDIA A1000", {"bf16 TFLOP/s": 10.0}, None),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", {"bf16 TFLOP/s": 80.0}, None),
        ("NVIDIA H100 PCIe", {}, None),
        (None, {"bf16 TFLOP/s": 1.0}, None),
    ],
)
def test_a_share_of_the_data_sheet(name: str | None, figures: dict[str, object], words: str | None) -> None:
    from cudadoctor.compat.rates import remark

    assert remark(name, figures) == words
