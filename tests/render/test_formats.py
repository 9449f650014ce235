"""The formats for other programs: each is valid by an independent reader, and text of the machine stays text."""

from __future__ import annotations

import html.parser
import json
import os
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import html5lib
import junitparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families
from sarif_pydantic import Sarif

from cudadoctor.api import examine as api
from cudadoctor.facts.base import Facts
from cudadoctor.facts.seen import Seen
from cudadoctor.probes.base import Request
from cudadoctor.report.model import Report, SetUp
from tests.machines.builder import build
from tests.machines.catalogue import CATALOGUE, FAULTY, HEALTHY
from tests.render.golden import compare
from tests.render.samples import ALL, BROKEN, HOSTILE

MACHINES = (
    *[one.machine.name for one in HEALTHY[:: max(1, len(HEALTHY) // 3)]][:3],
    *[one.machine.name for one in FAULTY[:: max(1, len(FAULTY) // 7)]][:7],
)
FORMS = ("markdown", "junit", "github", "sarif", "html", "prometheus")
EVIL = (
    "</code></pre></details><script>alert(1)</script>",
    "]]><!-- --> & \"quoted\" 'single' &lt;",
    "\n::error::not mine\n::set-output name=x::y",
    "\r\n\r\n# heading\n- item\n| a | b |\n```\n",
    '=HYPERLINK("https://evil.example") @everyone #1 [x](https://evil.example) ![y](z) https://evil.example',
    "\x00\x01\x1b[2J\x1b]0;t\x07\u202e\u2028\ufffe\U0001f600\udc80",
    'a"} 1\ncudadoctor_status{status="healthy"} 1\\',
)


@cache
def examined(name: str) -> Report:
    return api.examine_host(build(CATALOGUE[name].machine), Request())


def drawn(form: str, report: Report) -> str:
    text: str = import_module(f"cudadoctor.render.report.{form}").render(report)
    return text


def with_text(text: str) -> Report:
    """A report in which everything that a machine can word holds this text."""
    seen = Seen(where=f"/etc/{text}", text=text)
    finding = replace(
        BROKEN.findings[0], message=f"x {text} y", evidence=(seen,), subject=f"env:/opt/{text}", because_of=()
    )
    return replace(
        BROKEN,
        verdict=f"torch {text} is broken",
        findings=(finding,),
        skipped=(),
        facts=Facts(os=replace(BROKEN.facts.os, pretty_name=text) if BROKEN.facts.os else None),
        set_up=SetUp(shell=(f"export X={text}",)),
    )


# --- readers that are not ours ---


def check_junit(text: str) -> None:
    suites = junitparser.JUnitXml.fromstring(text.encode())
    (suite,) = list(suites)
    cases = list(suite)
    failed = [one for one in cases if any(isinstance(part, junitparser.Failure) for part in one.result)]
    skipped = [one for one in cases if any(isinstance(part, junitparser.Skipped) for part in one.result)]
    assert (suite.tests, suite.failures, suite.skipped) == (len(cases), len(failed), len(skipped))
    assert suites.failures == len(failed)


def check_sarif(text: str) -> None:
    log = Sarif.model_validate(json.loads(text))
    (run,) = log.runs
    rules = run.tool.driver.rules or []
    for result in run.results or []:
        assert result.rule_index is not None
        assert rules[result.rule_index].id == result.rule_id


def check_prometheus(text: str) -> None:
    families = list(text_string_to_metric_families(text))
    status = next(one for one in families if one.name == "cudadoctor_status")
    assert sum(sample.value for sample in status.samples) == 1
    names = [one.name for one in families]
    assert len(names) == len(set(names))
    assert text.endswith("\n")


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs


def check_html(text: str) -> None:
    html5lib.HTMLParser(strict=True).parse(text)
    tags = _Tags()
    tags.feed(text)
    assert not {"script", "iframe", "img", "object", "embed", "link", "form"} & set(tags.names)
    assert not [name for name, _ in tags.attributes if name.startswith("on") or name in ("src", "srcset", "style")]
    assert all((value or "").startswith("https://") for name, value in tags.attributes if name == "href")


def check_github(text: str) -> None:
    for line in text.splitlines():
        assert re.match(r"::(?:error|warning|notice)(?: [a-z]+=[^:,]*(?:,[a-z]+=[^:,]*)*)?::|and \d+ more", line), line


def check_markdown(text: str) -> None:
    """Read back with a program of its own kind where there is one: what is outside code holds no markup of others."""
    outside = list(outside_code(text))
    assert not [line for line in outside if re.search(r"<(?!/?(?:details|summary)>|https://)", line)]
    assert not [line for line in outside if re.search(r"(?<![\\\w])@\w", line)]
    tables = [line for line in outside if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 4 for line in tables)


def outside_code(text: str) -> Iterator[str]:
    fence = ""
    for line in text.split("\n"):
        ticks = re.match("`{3,}", line)
        if not fence and ticks:
            fence = ticks.group()
        elif fence and line == fence:
            fence = ""
        elif not fence:
            yield line
    assert not fence, "a block of code is not closed"


CHECKS = {
    "junit": check_junit,
    "sarif": check_sarif,
    "prometheus": check_prometheus,
    "html": check_html,
    "github": check_github,
    "markdown": check_markdown,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", MACHINES)
def test_planted_machines(form: str, name: str) -> None:
    text = drawn(form, examined(name))
    CHECKS[form](text)
    compare(f"formats/{name}.{form}", text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ALL)
def test_samples(form: str, name: str) -> None:
    CHECKS[form](drawn(form, ALL[name]))


def no_way_out(form: str, text: str) -> None:
    shown = drawn(form, with_text(text))
    plain = drawn(form, with_text("word"))
    CHECKS[form](shown)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e\u2028\ud800-\udfff]", shown)
    if form == "github":
        assert shown.count("\n") == plain.count("\n")
    if form == "html":
        ours, theirs = _Tags(), _Tags()
        ours.feed(plain)
        theirs.feed(shown)
        assert [one for one in theirs.names if one not in ("tr", "th", "td")] == [
            one for one in ours.names if one not in ("tr", "th", "td")
        ]
    if form == "junit":
        names = re.compile("<([a-z-]+)")
        assert names.findall(shown) == names.findall(plain)
    if form == "prometheus":
        assert shown == plain, "nothing of a machine is in a label"
    if form == "markdown":
        kinds = [re.match(r"#+ |- |<|$", line) is not None for line in outside_code(shown)]
        assert kinds == [re.match(r"#+ |- |<|$", line) is not None for line in outside_code(plain)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", EVIL)
def test_text_of_the_machine_cannot_break_out(form: str, text: str) -> None:
    no_way_out(form, text)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=60, deadline=None)
@given(
    text=st.text(
        alphabet=st.one_of(st.sampled_from("<>&\"'`|*_[]()#@:%\n\r\\{}=+-~$!\x00\x1b\u202e.1"), st.characters()),
        max_size=40,
    )
)
def test_no_text_breaks_out(form: str, text: str) -> None:
    no_way_out(form, text)


@pytest.mark.parametrize("form", FORMS)
def test_hostile_sample(form: str) -> None:
    CHECKS[form](drawn(form, HOSTILE))


def test_nothing_that_ran_is_no_success() -> None:
    empty = replace(ALL["healthy"], checks_run=0, findings=(), passed=(), skipped=())
    assert "<failure" in drawn("junit", empty)
    assert drawn("github", empty).startswith("::error ")
    assert json.loads(drawn("sarif", empty))["runs"][0]["invocations"][0]["executionSuccessful"] is False


def test_junit_fails_for_the_severities_that_the_exit_status_fails_for() -> None:
    from cudadoctor.render.report import junit

    warnings = [one for one in BROKEN.findings if one.severity.word == "warning"]
    errors = [one for one in BROKEN.findings if one.severity.word == "error"]
    assert junit.render(BROKEN, failing=()).count("<failure") == 0
    assert junit.render(BROKEN, failing=("error",)).count("<failure") == len(errors)
    assert junit.render(BROKEN, failing=("error", "warning")).count("<failure") == len(errors) + len(warnings)


def test_a_line_of_a_file_is_where_the_annotation_goes() -> None:
    finding = replace(BROKEN.findings[0], subject="file:/home/me/.bash,rc:12")
    report = replace(BROKEN, findings=(finding,))
    assert "file=/home/me/.bash%2Crc,line=12," in drawn("github", report)
    location = json.loads(drawn("sarif", report))["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "file:///home/me/.bash%2Crc"
    assert location["region"] == {"startLine": 12}


def test_markdown_names_no_person() -> None:
    shell = BROKEN.facts.shell
    assert shell is not None
    facts = replace(BROKEN.facts, shell=replace(shell, home="/home/grace", variables={"USER": "grace"}))
    seen = Seen(where="/home/grace/.bashrc:3", text="export CUDA_HOME=/home/grace/cuda")
    finding = replace(BROKEN.findings[0], evidence=(seen,), message="/home/grace/env is broken")
    text = drawn("markdown", replace(BROKEN, facts=facts, findings=(finding,), verdict="/home/grace/env"))
    assert "grace" not in text


SCHEMAS = os.environ.get("CUDADOCTOR_FORMAT_SCHEMAS")


@pytest.mark.skipif(not SCHEMAS, reason="CUDADOCTOR_FORMAT_SCHEMAS names no folder with sarif.json and junit-10.xsd")
@pytest.mark.parametrize("name", MACHINES)
def test_official_schemas(name: str) -> None:
    import jsonschema  # type: ignore[import-untyped]
    from lxml import etree

    folder = Path(SCHEMAS or "")
    schema = json.loads((folder / "sarif.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(json.loads(drawn("sarif", examined(name))))] == []
    xsd = etree.XMLSchema(etree.parse(str(folder / "junit-10.xsd")))
    xsd.assertValid(etree.fromstring(drawn("junit", examined(name)).encode()))
