"""The JSON documents keep their keys, and show every fact or say why not."""

from __future__ import annotations

import json
import os
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest

import cudadoctor.facts
import cudadoctor.render.smoke.contract
from cudadoctor.api import examine as api
from cudadoctor.cli.app import run
from cudadoctor.facts.base import Facts
from cudadoctor.host.recording import RecordingHost
from cudadoctor.probes.base import Request
from cudadoctor.render.contract import FORMS, Contract, plain
from cudadoctor.render.recommendation import json as recommendation_json
from cudadoctor.render.report import facts as shown
from cudadoctor.render.report import json as json_form
from cudadoctor.render.schema import DOCUMENTS, schema
from tests.machines.builder import build
from tests.machines.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
KEYS = Path(__file__).parent / "published_keys.txt"
MACHINES = sorted(CATALOGUE)[:: max(1, len(CATALOGUE) // 12)]

PERSONAL = "about the person, not the machine"
ELSEWHERE = "shown in another place of the document"
WORKING = "only steers how it was read"
EVIDENCE = "stands as evidence at the findings that rest on it"
LEFT_OUT: dict[str, dict[str, str]] = {
    "OsFacts": {"uid": PERSONAL, "groups": PERSONAL},
    "ShellFacts": {"home": PERSONAL, "read_files": WORKING},
    "RcLine": {"effect": "follows from the text and the lines before it"},
    "SmiGpu": {
        "uuid": "identifies the hardware",
        "name": f"gpus[].name: {ELSEWHERE}",
        "bus_id": f"gpus[].pci_bus_id: {ELSEWHERE}",
        "compute_capability": f"gpus[].compute_capability: {ELSEWHERE}",
        "memory_total_mib": f"gpus[].memory_total_mib: {ELSEWHERE}",
        "mig_mode": f"gpus[].mig_mode: {ELSEWHERE}",
        "mig_devices": f"gpus[].mig_devices: {ELSEWHERE}",
        "lost": f"gpus[].lost: {ELSEWHERE}",
        "name_cut": WORKING,
    },
    "DriverFacts": {"library_seen": EVIDENCE},
    "TorchFacts": {"live": f"its values stand among torch's: {ELSEWHERE}"},
    "ToolkitFacts": {"gcc_max": "host_compiler_max.gcc", "clang_max": "host_compiler_max.clang"},
    "ToolkitInventory": {"toolkits": f"facts.toolkits: {ELSEWHERE}"},
    "ResolvedLibrary": {"real_path": "path says which one is taken"},
    "CacheDir": {"uid": PERSONAL},
    "SearchedDir": {"uid": PERSONAL},
    "KernelEvent": {"values": "they stand in the text", "seen": EVIDENCE},
    "KernelFacts": {"live": WORKING},
    "ModprobeLine": {"seen": "where"},
    "ModuleFile": {"signer": "signed"},
    "PciDevice": {"link_width": "link.width", "link_width_max": "link.width_max", "port_width_max": "link"},
    "ContextFacts": {"container_seen": EVIDENCE, "scheduler_seen": EVIDENCE, "elsewhere_seen": EVIDENCE},
    "DistroFacts": {"packages_seen": EVIDENCE},
    "SmokeGpu": {"bus_id": "gpus[].pci_bus_id of the report"},
    "Facts": {
        "expected": "given by the user, not read from the machine",
        "smoke": "a document of its own",
        "gaps": f"gaps: {ELSEWHERE}",
    },
}
"""Facts that JSON does not show, with the reason."""
NO_FORM = {
    "TorchLive": "among torch's keys",
    "GpuHealth": "part of SmiGpu",
    "Expectation": "given by the user, not read from the machine",
    "RcEffect": "left out with RcLine.effect",
    "RcElement": "left out with RcLine.effect",
    "Attempt": "context.tried has its one word",
    "SmokeFacts": "a document of its own",
    "SmokeResult": "a document of its own",
}


def fact_types() -> Iterator[type[msgspec.Struct]]:
    for module in pkgutil.iter_modules(cudadoctor.facts.__path__):
        if module.ispkg or module.name == "subject":  # what a finding is about, printed as its text
            continue
        for value in vars(import_module(f"cudadoctor.facts.{module.name}")).values():
            here = getattr(value, "__module__", None) == f"cudadoctor.facts.{module.name}"
            if here and isinstance(value, type) and issubclass(value, msgspec.Struct):
                yield value


FACTS = {one.__name__: one for one in fact_types()}


@pytest.mark.parametrize("name", sorted(FACTS))
def test_every_fact_is_shown_or_left_out_for_a_reason(name: str) -> None:
    kind = FACTS[name]
    if name in NO_FORM:
        assert kind not in FORMS or name.startswith("Smoke")
        return
    assert kind in FORMS, f"{name} has no class of the contract, and no reason in NO_FORM"
    form = FORMS[kind]
    left_out = LEFT_OUT.get(name, {})
    missing = set(kind.__struct_fields__) - set(form.__struct_fields__) - set(left_out)
    if "seen" in missing and name not in {"Symptom", "TorchFacts", "ToolkitFacts", "DriverFacts"}:
        missing.discard("seen")  # a finding that rests on it shows it as evidence
    assert not missing, f"{name}: {missing} is neither shown nor listed in LEFT_OUT"
    assert not set(left_out) & set(form.__struct_fields__), "what is shown is not left out"
    assert set(left_out) <= set(kind.__struct_fields__), "a fact of the list is gone"


@pytest.mark.parametrize("kind", FORMS, ids=lambda one: one.__name__)
def test_every_key_has_a_value(kind: type) -> None:
    form = FORMS[kind]
    if not issubclass(kind, msgspec.Struct) or not kind.__module__.startswith("cudadoctor.facts"):
        return
    unknown = set(form.__struct_fields__) - set(kind.__struct_fields__) - set(form.computed)
    torch = set(shown.Torch.__struct_fields__) if form is shown.Torch else set()
    assert not unknown - torch, f"nothing gives {unknown}"


def test_a_value_without_a_place_is_refused() -> None:
    class Inner(msgspec.Struct):
        x: int = 1

    with pytest.raises(TypeError, match="Inner"):
        plain((Inner(),))


@cache
def report(name: str) -> dict[str, Any]:
    value = json.loads(json_form.render(api.examine_host(build(CATALOGUE[name].machine), Request())))
    assert isinstance(value, dict)
    return value


@cache
def validator(name: str) -> Any:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    return jsonschema.Draft202012Validator(schema(name))


@pytest.mark.parametrize("name", MACHINES)
def test_reports_of_planted_machines_satisfy_the_schema(name: str) -> None:
    assert [f"{error.json_path}: {error.message}" for error in validator("report").iter_errors(report(name))] == []


def test_the_schema_knows_every_key_that_is_printed() -> None:
    """A schema that allows more keys would not notice one without a description."""
    strict = schema("report")
    for part in (strict, *strict["$defs"].values()):
        if "properties" in part:
            part["additionalProperties"] = False
    errors = [
        f"{name} {error.json_path}: {error.message[:200]}"
        for name in MACHINES
        for error in jsonschema.Draft202012Validator(strict).iter_errors(report(name))
    ]
    assert errors == []


def test_what_findings_rest_on_is_printed() -> None:
    rows = [row for name in MACHINES for row in (report(name)["facts"]["smi"] or {}).get("health", ())]
    for key in ("compute_mode", "persistence_mode", "virtualization"):
        assert any(key in row for row in rows), key


def keys(document: str) -> Iterator[str]:
    """`report: Finding.code required` for every key of a document."""
    whole = schema(document)
    for name, part in (("", whole), *whole["$defs"].items()):
        for key in part.get("properties", {}):
            need = "required" if key in part.get("required", ()) else "optional"
            yield f"{document}: {name}.{key} {need}"


def test_keys_are_only_added() -> None:
    """A key that was published stays, and stays in every document where it was in every one.

    CUDADOCTOR_UPDATE_GOLDEN=1 adds new keys to the list.
    """
    now = {key for document in DOCUMENTS for key in keys(document)}
    published = set(KEYS.read_text(encoding="utf-8").splitlines()) if KEYS.is_file() else set()
    if os.environ.get("CUDADOCTOR_UPDATE_GOLDEN") == "1":
        KEYS.write_text("".join(f"{key}\n" for key in sorted(published | now)), encoding="utf-8")
        published |= now
    optional = {key for key in published - now if key.endswith(" optional")}
    gone = published - now - {key for key in optional if key.replace(" optional", " required") in now}
    assert not gone, "keys are never removed, renamed or made optional"
    assert not now - published, "new keys: run with CUDADOCTOR_UPDATE_GOLDEN=1 and commit published_keys.txt"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_schema_in_docs_is_the_one_of_the_classes(document: str) -> None:
    stored = json.loads((ROOT / "docs" / f"{document}.schema.json").read_text(encoding="utf-8"))
    assert stored == schema(document), "run scripts/make_schemas.py"


def test_nothing_known_is_a_document_too() -> None:
    document = plain(Facts())
    assert document["os"]["id"] is None
    assert document["shell"]["variables"] is None
    assert issubclass(FORMS[Facts], Contract)


@pytest.mark.parametrize("name", MACHINES[:4])
def test_recorded_machines_satisfy_the_schema(name: str) -> None:
    host = RecordingHost(build(CATALOGUE[name].machine))
    api.examine_host(host, Request())
    data = json.loads(json.dumps(host.recording.data()))
    assert [f"{error.json_path}: {error.message[:200]}" for error in validator("snapshot").iter_errors(data)] == []
    del data["answers"][0]["ask"]
    data["schema"] = "cudadoctor.snapshot/2"
    assert len(list(validator("snapshot").iter_errors(data))) == 2


@pytest.mark.parametrize("name", MACHINES)
def test_recommendations_satisfy_the_schema(name: str) -> None:
    found = api.recommend(api.words(), build(CATALOGUE[name].machine))
    document = json.loads(recommendation_json.render(found))
    assert [
        f"{error.json_path}: {error.message[:200]}" for error in validator("recommendation").iter_errors(document)
    ] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_command_prints_it(document: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["schema", document]) == 0
    assert json.loads(capfdbinary.readouterr().out) == schema(document)


def test_an_unknown_document_is_wrong_usage() -> None:
    assert run(["schema", "weather"]) == 2
