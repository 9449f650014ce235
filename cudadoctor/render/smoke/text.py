"""A smoke report for a terminal: the sentence, a table, what failed and what to type."""

from __future__ import annotations

import textwrap

from cudadoctor.facts.smoke import SmokeResult
from cudadoctor.remedies.plan import Run
from cudadoctor.render.clean import clean
from cudadoctor.render.smoke import BAD, device_of, figure
from cudadoctor.report.model import SmokeReport

_MARKS = {"pass": ("\u2713", "ok"), "skip": ("\u2013", "--"), "": ("\u2717", "XX")}
_COLORS = {"pass": "32", "skip": "2", "": "31"}
_SHOWN = ("TFLOP/s", "GB/s", "accuracy")


def render(report: SmokeReport, *, width: int | None = None, color: bool = False, unicode: bool = True,
           verbosity: int = 0) -> str:  # fmt: skip
    """Plain text, with ANSI colours where `color`. `verbosity` -1: the sentence alone; 1: every figure."""
    lines = textwrap.wrap(clean(report.sentence), width or 120) or [""]
    lines[0] = _painted(lines[0], "1;32" if report.status == "passed" else "1;31", color=color)
    if verbosity < 0:
        return "\n".join(lines) + "\n"
    smoke = report.smoke
    about = [f"torch {smoke.torch}" if smoke.torch else None, f"Python {smoke.python}" if smoke.python else None]
    about += [f"CUDA {smoke.cuda}" if smoke.cuda else None, f"in {smoke.env}" if smoke.env else None]
    lines.append(clean(", ".join(one for one in about if one)))
    lines += [f"GPU {gpu.index}: {clean(gpu.name or 'not named')}" for gpu in smoke.gpus or ()]
    lines.append("")
    for result in smoke.results:
        lines += _rows(result, report, width, color=color, unicode=unicode, verbosity=verbosity)
    lines.append("")
    lines.append(_counts(report))
    if report.findings:
        lines += ["", "Why:"]
        for finding in report.findings:
            lead = "  " if finding.name in report.root_causes else "    follows: "
            lines += textwrap.wrap(
                f"{clean(finding.message)} [{finding.code} {finding.name}]", width or 120,
                initial_indent=lead, subsequent_indent="    ",
            )  # fmt: skip
    commands = _commands(report)
    if commands:
        lines += ["", "Next:", *(f"  {one}" for one in commands)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _rows(
    result: SmokeResult, report: SmokeReport, width: int | None, *, color: bool, unicode: bool, verbosity: int
) -> list[str]:
    kind = result.outcome if result.outcome in _MARKS else ""
    mark = _painted(_MARKS[kind][0 if unicode else 1], _COLORS[kind], color=color)
    seconds = "" if result.seconds is None else f"{result.seconds:.2f} s"
    row = f"{mark} {device_of(result, report):<6} {result.name:<24} {result.layer:<18} {seconds:>9}"
    if result.outcome in BAD:
        row += f"  {result.outcome.upper()}"
    small = [f"{name} {figure(value)}" for name, value in result.figures.items() if name.endswith(_SHOWN)]
    remark = report.shares.get(f"{result.name}@{result.gpu}")
    if small and verbosity < 1:
        row += f"  {', '.join(small)}"
    lines = [row]
    lead = " " * 9
    if verbosity >= 1:
        lines += [f"{lead}{name}: {clean(figure(value))}" for name, value in result.figures.items()]
    if remark:
        lines.append(f"{lead}{remark}")
    if result.message and (result.outcome in BAD or verbosity >= 1 or not result.message.startswith("not reached")):
        lines += textwrap.wrap(clean(result.message), max((width or 120) - 9, 20), initial_indent=lead,
                               subsequent_indent=lead)  # fmt: skip
    if result.suspects:
        lines.append(f"{lead}points to: {', '.join(result.suspects)}")
    return lines


def _counts(report: SmokeReport) -> str:
    outcomes = [one.outcome for one in report.smoke.results]
    parts = [f"{outcomes.count('pass')} passed", f"{sum(one in BAD for one in outcomes)} failed"]
    skipped = outcomes.count("skip")
    if skipped:
        parts.append(f"{skipped} skipped")
    end = "" if report.smoke.complete else "; not all tests were done"
    return f"{report.status}: {', '.join(parts)}{end}"


def _commands(report: SmokeReport) -> list[str]:
    """What to type: the cure's commands of the root cause, then the pages."""
    found: list[str] = []
    for finding in report.findings:
        remedy = report.remedies.get(finding.id)
        if remedy is not None and finding.name in report.root_causes:
            found += [clean(" ".join(step.argv)) for step in remedy.actions if isinstance(step, Run)]
    found += [command for one in report.smoke.results if (command := report.next_command(one)) is not None]
    if report.status == "failed":
        found += [f"cudadoctor explain {name}" for name in report.root_causes if name in report.known]
    return list(dict.fromkeys(found))[:8]


def _painted(text: str, code: str, *, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color else text
