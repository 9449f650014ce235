"""A smoke report as JUnit XML, as CI systems read it: one test case for each test on each device."""

from __future__ import annotations

from cudadoctor.render.clean import clean
from cudadoctor.render.escape import tag, xml
from cudadoctor.render.smoke import BAD, device_of
from cudadoctor.report.model import SmokeReport

_ERRORS = ("timeout", "crash", "hang")


def render(report: SmokeReport) -> str:
    """One document. A run that failed though no test did (no GPU, too few, no time) has a test case that says so."""
    smoke = report.smoke
    cases = [_case(report, result) for result in smoke.results]
    failures = sum(one.outcome == "fail" for one in smoke.results)
    errors = sum(one.outcome in _ERRORS for one in smoke.results)
    if report.status == "failed" and not failures + errors:
        failures = 1
        verdict = clean(report.sentence)
        body = tag("failure", {"message": verdict, "type": "smoke"}, verdict)
        cases.append(f'    <testcase classname="cudadoctor.smoke" name="verdict" time="0">{body}</testcase>')
    skipped = sum(one.outcome == "skip" for one in smoke.results)
    seconds = sum(one.seconds or 0.0 for one in smoke.results)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="{errors}" skipped="{skipped}" time="{seconds:.3f}"'
    properties = {
        "status": report.status,
        "verdict": report.sentence,
        "level": smoke.level,
        "device": smoke.device,
        "torch": smoke.torch,
        "cuda": smoke.cuda,
        "python": smoke.python,
        "root_causes": ", ".join(report.root_causes) or None,
    }
    rows = [
        f"      {tag('property', {'name': name, 'value': clean(value)})}" for name, value in properties.items() if value
    ]
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites name="cudadoctor" {counts}>',
            f'  <testsuite name="cudadoctor.smoke" {counts}>',
            "    <properties>",
            *rows,
            "    </properties>",
            *cases,
            "  </testsuite>",
            "</testsuites>",
            "",
        ]
    )


def _case(report: SmokeReport, result: object) -> str:
    from cudadoctor.facts.smoke import SmokeResult

    assert isinstance(result, SmokeResult)
    device = device_of(result, report).lower().replace(" ", "")
    head = f'    <testcase classname="cudadoctor.smoke.{device}" name="{xml(result.name)}"'
    head += f' time="{result.seconds or 0.0:.3f}"'
    message = clean(result.message or result.outcome)
    if result.outcome == "skip":
        return f"{head}>{tag('skipped', {'message': message})}</testcase>"
    if result.outcome not in BAD:
        return f"{head}/>"
    text = [message, f"layer: {result.layer}"]
    if result.suspects:
        text.append(f"points to: {', '.join(result.suspects)}")
    text.append(f"next: {report.next_command(result)}")
    kind = "error" if result.outcome in _ERRORS else "failure"
    return f"{head}>{tag(kind, {'message': message, 'type': result.outcome}, chr(10).join(text))}</testcase>"
