"""Each test fails when it should, shown on a real torch with a fault planted, test by test."""

from __future__ import annotations

import ast
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cudadoctor.smoke import suite
from cudadoctor.smoke.suspects import suspects
from tests.smoke import real

HERE = Path(__file__).parent
CHILD = HERE.parents[1] / "cudadoctor" / "smoke" / "child.py"

SAYS = {
    "build-for-the-cpu": ("build without CUDA", "cpu-only-build"),
    "numpy-not-understood": ("Numpy is not available", "numpy2-vs-old-torch"),
    "one-gpu-of-two": ("torch sees 1 GPUs, the driver library 2", "torch-cuda-unavailable"),
    "no-gpu-at-all": ("Found no NVIDIA driver", "driver-not-installed"),
    "no-kernel-image": ("no kernel image", "arch-not-in-build-gpu-newer"),
    "another-name": ("torch calls this GPU NVIDIA Stand-in", "driver-too-old-for-runtime"),
    "a-bit-flips": ("pattern 0x00: 1 of", "gpu-ecc-hardware-fault"),
    "a-lost-element": ("the sum of 1000003 odd numbers is", "arch-not-in-build-gpu-newer"),
    "a-wrong-type-inside": ("relative error 0.0", "ld-path-shadows-bundled-libs"),
    "tf32-where-fp32-was-asked": ("relative error 0.0002", "ld-path-shadows-bundled-libs"),
    "bf16-in-place-of-tf32": ("relative error 0.00", "ld-path-shadows-bundled-libs"),
    "a-nan-in-fp16": ("NaN or infinity", "ld-path-shadows-bundled-libs"),
    "the-product-in-fp32": ("torch.float32, not torch.bfloat16", "ld-path-shadows-bundled-libs"),
    "fp64-in-fp32": ("relative error 2", "ld-path-shadows-bundled-libs"),
    "a-gradient-too-large": ("weight gradient: relative error 0.01", "cudnn-version-mismatch"),
    "cudnn-does-not-start": ("CUDNN_STATUS_NOT_INITIALIZED", "ld-path-shadows-bundled-libs"),
    "half-the-loss": ("as with half the loss", None),
    "the-sum-of-the-losses": ("the descent diverged", None),
    "memory-stays": ("5242880 bytes did not come back", None),
    "truth-is-not-kept": ("is_floating_point", None),
    "a-rank-too-many": ("dim() is 1, not 0", None),
    "numpy-is-copied": ("copied what it must share", "numpy2-vs-old-torch"),
    "the-default-stays": ("set_default_dtype has no effect", None),
    "linspace-without-its-end": ("linspace: relative error", None),
    "full-of-floats": ("it is torch.int64", None),
    "an-empty-double": ("torch.float64, not torch.float32", None),
    "rand-is-one": ("rand leaves [0, 1)", None),
    "an-index-twice": ("a permutation, sorted", None),
    "a-warning-in-place-of-an-error": ("raised no error; TypeError is documented", None),
    "an-error-of-another-type": ("raised ValueError, not TypeError", None),
    "a-nan-in-the-loss": ("the loss is no number", None),
    "nothing-is-learned": ("the loss does not fall", None),
    "noise-in-a-step": ("the same training gave two results", None),
    "autocast-without-effect": ("under autocast", None),
    "another-scale": ("there and back: relative error 0.001", "ld-path-shadows-bundled-libs"),
    "a-wrong-solution": ("the solved system", "ld-path-shadows-bundled-libs"),
    "cusolver-refuses": ("CUSOLVER_STATUS_EXECUTION_FAILED", "ld-path-shadows-bundled-libs"),
    "a-row-lost": ("COO: relative error", "ld-path-shadows-bundled-libs"),
    "the-seed-does-nothing": ("the same seed gave other numbers", "ld-path-shadows-bundled-libs"),
    "a-copy-that-is-not-waited-for": ("what came back", "memlock-limit-too-low"),
    "a-graph-that-does-nothing": ("replayed: relative error", None),
    "a-backend-without-scale": ("default: relative error", None),
    "compiled-to-something-else": ("compiled: relative error 0.01", "triton-toolchain-missing"),
    "a-kernel-that-skips-the-tail": ("Triton's sum: 1 of 100003", "triton-toolchain-missing"),
    "a-worker-hands-over-other-bytes": ("the sum over all batches", "nccl-shm-too-small"),
    "a-worker-dies": ("DataLoader worker", "nccl-shm-too-small"),
    "out-of-memory": ("out of memory", "gpu-memory-held-by-orphan"),
    "cublas-does-not-start": ("CUBLAS_STATUS_NOT_INITIALIZED", "ld-path-shadows-bundled-libs"),
    "a-link-that-changes-bytes": ("from GPU 0 to GPU 1: 1 of", "nccl-p2p-acs-iommu"),
    "a-sum-without-the-others": ("the sum over 1 processes", "nccl-p2p-acs-iommu"),
    "now-and-then-another-bit": ("the same product is another", "gpu-ecc-hardware-fault"),
}
"""By fault: words of the message, and the first suspect on a GPU."""


def cases() -> dict[str, str]:
    """The tests by fault, out of the text of plant.py."""
    tree = ast.parse((HERE / "plant.py").read_text())
    found = {}
    for node in tree.body:
        for mark in getattr(node, "decorator_list", []):
            if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "case":
                assert isinstance(node, ast.FunctionDef)
                assert isinstance(mark.args[0], ast.Constant)
                found[node.name.replace("_", "-")] = str(mark.args[0].value)
    return found


CASES = cases()


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return _lines(str(tmp_path_factory.mktemp("planted")))


@cache
def _lines(scratch: str) -> list[dict[str, Any]]:
    argv = [real.python(), str(HERE / "plant.py"), str(CHILD), scratch]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_test_has_a_fault() -> None:
    assert {one.name for one in suite.TESTS} - set(CASES.values()) == {
        "import"
    }  # its failures: tests/smoke/test_frame.py
    assert set(SAYS) == set(CASES)


@pytest.mark.slow
def test_without_the_fault_each_passes(lines: list[dict[str, Any]]) -> None:
    sound = [one for one in lines if not one["planted"]]
    assert len(sound) > 30
    assert [(one["test"], one["outcome"], one["message"]) for one in sound if one["outcome"] != "pass"] == []


@pytest.mark.parametrize("fault", CASES)
def test_a_planted_fault_is_caught_and_named(lines: list[dict[str, Any]], fault: str) -> None:
    found = next(one for one in lines if one["planted"] and one["case"] == fault)
    words, suspect = SAYS[fault]
    assert found["outcome"] == "fail"
    assert words in found["message"]
    named = suspects(suite.BY_NAME[found["test"]], "fail", found["message"], gpu=True)
    assert (named[0] if named else None) == suspect
