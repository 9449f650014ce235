"""The whole suite on the CPU, by the real torch, through the command."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from cudadoctor.smoke import suite
from tests.smoke import real

ROOT = Path(__file__).parents[2]
LONG = "compile"
"""torch.compile compiles for ten seconds and more; it is run by hand."""


@cache
def report() -> tuple[dict[str, Any], int]:
    prefix = str(Path(real.python()).parents[1])
    names = ",".join(one.name for one in suite.chosen("full") if one.name != LONG)
    argv = [sys.executable, "-m", "cudadoctor", "smoke", "--device", "cpu", "--level", "full", "--only", names]
    done = subprocess.run(
        [*argv, "--env", prefix, "--json"], capture_output=True, text=True, timeout=240, check=False, cwd=ROOT
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done.returncode


def result(name: str) -> dict[str, Any]:
    found = [one for one in report()[0]["results"] if one["name"] == name]
    assert len(found) == 1
    return dict(found[0])


def test_it_passes() -> None:
    document, code = report()
    assert [
        (one["name"], one["message"]) for one in document["results"] if one["outcome"] not in ("pass", "skip")
    ] == []
    assert (document["status"], code) == ("passed", 0)
    assert document["complete"] is True


def test_every_test_was_run_once() -> None:
    assert [one["name"] for one in report()[0]["results"] if one["name"] != LONG] == [
        one.name for one in suite.chosen("full") if one.name not in (LONG, "devices")
    ]


def test_only_what_is_about_the_gpu_is_left_out() -> None:
    left_out = {one["name"] for one in report()[0]["results"] if one["outcome"] == "skip"}
    assert left_out == {
        "properties",
        "matmul-tf32",
        "memory-returns",
        "pinned-streams",
        "graph-replay",
        "triton",
        "peer-access",
    }


def test_the_regression_ends_where_it_must() -> None:
    figures = result("linear-regression")["figures"]
    assert figures["w"] == pytest.approx(0.727, abs=1e-5)
    assert figures["b"] == pytest.approx(3.190109, abs=1e-4)


def test_digits_are_learned() -> None:
    assert result("digits")["figures"]["accuracy"] > 0.95


def test_the_sum_is_over_two_processes() -> None:
    assert result("all-reduce")["figures"] == {"processes": 2, "backend": "gloo"}


def test_it_says_no_cublas_where_the_cpu_computed() -> None:
    assert {one["layer"] for one in report()[0]["results"]} & {"cuBLAS", "cuDNN", "NCCL", "CUDA context"} == set()


def test_it_keeps_its_schema() -> None:
    schema = json.loads((ROOT / "docs" / "smoke.schema.json").read_text())
    jsonschema.validate(report()[0], schema)
