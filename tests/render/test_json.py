"""The JSON report keeps its contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cudadoctor.render.report import json as json_form
from cudadoctor.report.model import Report
from tests.render.golden import compare
from tests.render.samples import ALL, BROKEN, CAUSE, EFFECT, EMPTY, HOSTILE, NO_GPU

SCHEMA = Path(__file__).parents[2] / "docs" / "report.schema.json"


def load(report: Report) -> dict[str, Any]:
    value = json.loads(json_form.render(report))
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("name", ALL)
def test_every_report_satisfies_the_schema(name: str) -> None:
    import jsonschema  # type: ignore[import-untyped]

    schema = json.loads(SCHEMA.read_text())
    validator = jsonschema.Draft202012Validator
    validator.check_schema(schema)
    assert [error.message for error in validator(schema).iter_errors(load(ALL[name]))] == []


@pytest.mark.parametrize("name", ["broken", "unknown", "no-gpu"])
def test_golden(name: str) -> None:
    compare(f"{name}.json", json_form.render(ALL[name]))


def test_a_finding_has_its_evidence_cause_remedy_and_source() -> None:
    cause, _, effect = load(BROKEN)["findings"]
    assert cause["id"] == "driver-too-old-for-runtime@env:/opt/env" == CAUSE.id
    assert (cause["severity"], cause["confidence"], cause["because_of"]) == ("error", "certain", [])
    assert cause["evidence"][0]["where"] == "/proc/driver/nvidia/version"
    assert cause["source"]["read_on"] == "2026-11-23"
    run, write, tell = cause["remedy"]["steps"]
    assert (run["kind"], run["argv"][0], run["needs_root"], run["text"]) == ("run", "apt-get", True, None)
    assert (write["kind"], write["path"], write["argv"]) == ("write", "~/.bashrc", None)
    assert (tell["kind"], tell["text"]) == ("tell", "Reboot.")
    assert effect["because_of"] == [CAUSE.id]
    assert effect["id"] == EFFECT.id
    assert effect["source"] is None


def test_facts_print_each_version_in_its_own_form() -> None:
    facts = load(BROKEN)["facts"]
    assert facts["driver"]["version"] == "418.39"
    assert facts["driver"]["cuda_version"] == "10.1"
    assert facts["gpus"][0]["compute_capability"] == "6.1"
    assert facts["toolkits"][0]["version"] == "10.1.243"
    assert facts["toolkits"][0]["host_compiler_max"]["gcc"] == 8
    env = facts["envs"][0]
    assert (env["python"], env["torch"]["cuda"], env["torch"]["packages"]) == ("3.11.7", "12.1", {"numpy": "1.26.0"})


def test_not_known_is_null_and_never_empty() -> None:
    facts = load(EMPTY)["facts"]
    assert (facts["gpus"], facts["toolkits"], facts["envs"], facts["shell"]["variables"]) == (None, None, None, None)
    assert facts["driver"]["version"] is None
    assert load(NO_GPU)["facts"]["gpus"] == []


def test_bytes_that_are_no_text_leave_no_half_surrogate() -> None:
    drawn = json_form.render(HOSTILE)
    assert drawn.isascii()
    json.loads(drawn)["findings"][0]["message"].encode("utf-8")
