"""A smoke report in every form: foreign text stays text, and nothing that failed is left out."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema  # type: ignore[import-untyped]
import pytest

from cudadoctor.facts.smoke import SmokeFacts, SmokeGpu, SmokeResult
from cudadoctor.render.smoke import text
from cudadoctor.report.model import SmokeReport

EVIL = 'bad \x1b[31m<b>|`x`\n::error::\u202e & "q" ]]> % \x00end'
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "smoke.schema.json").read_text())


def made(**more: Any) -> SmokeReport:
    results = (
        SmokeResult(name="import", layer="torch's import", outcome="pass", seconds=1.2, figures={"torch": "2.9.0"}),
        SmokeResult(name="matmul-fp32", gpu=0, layer="cuBLAS", outcome="pass", seconds=0.1,
                    figures={"fp32 error": 3e-7, "fp32 limit": 1e-5, "bad": float("nan")}),
        SmokeResult(name="convolution", gpu=0, layer="cuDNN", outcome="fail", seconds=0.2, message=EVIL,
                    suspects=("cudnn-version-mismatch", "ld-path-shadows-bundled-libs")),
        SmokeResult(name="fft", gpu=0, layer="cuFFT", outcome="hang", seconds=30.0, message="no end within 30 s"),
        SmokeResult(name="solver", gpu=0, layer="cuSOLVER", outcome="crash", message="ended by SIGSEGV"),
        SmokeResult(name="sparse", gpu=0, layer="cuSPARSE", outcome="timeout", message="still at work"),
        SmokeResult(name="triton", gpu=0, layer="Triton", outcome="skip", message="no C compiler was found"),
        SmokeResult(name="matmul-rate", gpu=0, layer="figures", outcome="pass", figures={"bf16 TFLOP/s": 412.0}),
    )  # fmt: skip
    smoke = SmokeFacts(device="auto", level="full", env="/home/u/ml", torch="2.9.0", python="3.12.1", cuda="12.8",
                       gpus=(SmokeGpu(index=0, name="NVIDIA H100", capability="9.0"),), results=results)  # fmt: skip
    values: dict[str, Any] = {"status": "failed", "sentence": f"It fails: {EVIL}", "smoke": smoke}
    values |= {
        "known": frozenset({"ld-path-shadows-bundled-libs"}),
        "shares": {"matmul-rate@0": "412 of about 989 TFLOP/s"},
    }
    return SmokeReport(**{**values, **more})


def none_tested() -> SmokeReport:
    """Failed, though no single test did."""
    skipped = SmokeResult(name="fft", layer="cuFFT", outcome="skip", message="not reached: there is no GPU to test")
    smoke = SmokeFacts(device="auto", level="full", gpus=(), results=(skipped,))
    return SmokeReport(status="failed", sentence="There was no GPU to test.", smoke=smoke)


def drawn(form: str, report: SmokeReport) -> str:
    shown: str = import_module(f"cudadoctor.render.smoke.{form}").render(report)
    return shown


FORMS = pytest.mark.parametrize("form", ["text", "json", "junit", "github", "markdown", "sarif", "html", "prometheus"])


@FORMS
def test_what_failed_stands_there_and_foreign_text_is_harmless(form: str) -> None:
    shown = drawn(form, made())
    for name in ("convolution", "fft", "solver", "sparse"):
        assert name in shown
    assert "\x1b" not in shown
    assert "\x00" not in shown
    assert "\u202e" not in shown
    assert not [line for line in shown.splitlines() if line.startswith("::error::")]
    assert shown.endswith("\n")


@FORMS
def test_a_run_that_tested_nothing_says_so(form: str) -> None:
    said = "cudadoctor_smoke_passed 0" if form == "prometheus" else "no GPU to test"
    assert said in drawn(form, none_tested())


@FORMS
def test_all_well(form: str) -> None:
    done = SmokeResult(name="fft", gpu=0, layer="cuFFT", outcome="pass", seconds=0.1)
    smoke = SmokeFacts(device="auto", level="full", gpus=(SmokeGpu(index=0),), results=(done,))
    shown = drawn(form, SmokeReport(status="passed", sentence="All is well.", smoke=smoke))
    shown = re.sub(r"<style>.*?</style>", "", shown, flags=re.DOTALL)
    assert "error" not in shown.replace('errors="0"', "").replace("errors", "")


def test_json_is_the_contract() -> None:
    document = json.loads(drawn("json", made()))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(drawn("json", none_tested())))
    conv = next(one for one in document["results"] if one["name"] == "convolution")
    assert conv["next"] == "cudadoctor explain ld-path-shadows-bundled-libs"
    assert next(one for one in document["results"] if one["name"] == "fft")["next"] == "cudadoctor check"
    assert document["results"][1]["figures"]["bad"] == "nan"
    assert "uuid" not in json.dumps(document).lower()


def test_junit_counts_what_a_ci_counts() -> None:
    suites = ET.fromstring(drawn("junit", made()))
    suite = suites[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == (
        "8",
        "1",
        "3",
        "1",
    )
    cases = suite.findall("testcase")
    assert len(cases) == 8
    assert [case.get("name") for case in cases if case.find("failure") is not None] == ["convolution"]
    assert {case.get("classname") for case in cases} == {"cudadoctor.smoke.all", "cudadoctor.smoke.gpu0"}
    failure = cases[2].find("failure")
    assert failure is not None
    assert "points to: cudnn-version-mismatch" in (failure.text or "")
    assert "next: cudadoctor explain" in (failure.text or "")


def test_junit_of_a_run_without_a_gpu_is_red() -> None:
    suite = ET.fromstring(drawn("junit", none_tested()))[0]
    assert suite.get("failures") == "1"
    assert suite.findall("testcase")[-1].get("name") == "verdict"


def test_github_lines_are_whole_commands() -> None:
    lines = drawn("github", made()).splitlines()
    assert all(line.startswith("::error title=") for line in lines)
    assert len(lines) == 5
    assert "%25" in lines[0]


def test_markdown_keeps_its_columns() -> None:
    rows = [line for line in drawn("markdown", made()).splitlines() if line.startswith("|")]
    assert len(rows) == 10
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}


def test_text_in_a_narrow_window_without_colour_or_unicode() -> None:
    shown = text.render(made(), width=60, unicode=False)
    assert "XX GPU 0" in shown
    assert "412 of about 989 TFLOP/s" in shown
    assert "failed: 3 passed, 4 failed, 1 skipped" in shown
    assert text.render(made(), verbosity=-1).count("\n") <= 2
    assert "\x1b[" in text.render(made(), color=True)
