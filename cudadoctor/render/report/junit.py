"""A report as JUnit XML, as CI systems read it: a test case for each check.

The form is that of Jenkins' xunit plugin (junit-10.xsd, read 2026-12-01): a check that crashed is a failure of its own.
"""

from __future__ import annotations

from collections.abc import Collection

import cudadoctor
from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.render.clean import clean
from cudadoctor.render.escape import tag, xml
from cudadoctor.render.report.shared import lines_of, ran_nothing
from cudadoctor.report.model import Report


def render(report: Report, *, failing: Collection[str] = ("error",)) -> str:
    """One document; findings of the severities in `failing` are failures."""
    failed = [one for one in report.findings if one.severity.word in failing]
    cases = [_finding(one, report, failed=one in failed) for one in report.findings]
    cases += [_case(f"{one.code} {one.name}", tag("failure", {"message": clean(one.error), "type": "crash"}, ""))
              for one in report.crashed]  # fmt: skip
    cases += [_case(code, "") for code in report.passed]
    cases += [
        _case(f"{one.code} {one.name}{f' ({one.subject})' if one.subject else ''}",
              tag("skipped", {"message": clean(one.reason)}))
        for one in report.skipped
    ]  # fmt: skip
    skipped, failures = len(report.skipped), len(failed) + len(report.crashed)
    if ran_nothing(report) and not report.crashed:
        cases.append(_case("verdict", tag("failure", {"message": "no check was run", "type": "nothing-run"}, "")))
        failures += 1
    elif report.status == "unknown":
        cases.append(_case("verdict", tag("skipped", {"message": clean(report.verdict)})))
        skipped += 1
    counts = f'tests="{len(cases)}" failures="{failures}" errors="0"'
    properties = {
        "status": report.status,
        "verdict": clean(report.verdict),
        "root_causes": ", ".join(report.root_causes) or None,
        "cudadoctor": cudadoctor.__version__,
    }
    rows = [f"      {tag('property', {'name': name, 'value': value})}" for name, value in properties.items() if value]
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites name="cudadoctor" {counts}>',
            f'  <testsuite name="cudadoctor.check" {counts} skipped="{skipped}">',
            "    <properties>",
            *rows,
            "    </properties>",
            *cases,
            "  </testsuite>",
            "</testsuites>",
            "",
        ]
    )


def _case(name: str, body: str) -> str:
    head = f'    <testcase classname="cudadoctor.check" name="{xml(clean(name))}"'
    return f"{head}>{body}</testcase>" if body else f"{head}/>"


def _finding(finding: Finding, report: Report, *, failed: bool) -> str:
    text = [clean(finding.message)]
    text += [f"{clean(seen.where)}: {clean(seen.text)}" for seen in finding.evidence]
    remedy = report.remedies.get(finding.id)
    if remedy is not None:
        text += [f"fix: {clean(remedy.summary)}", *(f"  {line}" for _, line in lines_of(remedy))]
    body = "\n".join(text)
    name = f"{finding.code} {finding.name}{'' if finding.subject == 'machine' else f' ({finding.subject})'}"
    kind = {"message": clean(finding.message), "type": finding.severity.word}
    return _case(name, tag("failure", kind, body) if failed else tag("system-out", {}, body))
