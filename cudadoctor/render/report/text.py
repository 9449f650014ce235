"""The report for a person: verdict, layers, findings, what to do, set up.

Commands are never wrapped or cut, so that they can be pasted.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.envs import UNNAMED
from cudadoctor.recommend.model import Recommendation
from cudadoctor.remedies.plan import Remedy, Run, Step, Tell, WriteFile
from cudadoctor.render.clean import clean, clean_lines, command
from cudadoctor.render.report.chain import fold, minor
from cudadoctor.render.report.layers import everything, layers
from cudadoctor.render.text_draw import CODE_INDENT, MARKS, STYLES, Look, Sheet
from cudadoctor.report.model import Report

EVIDENCE_LIMIT = 400
"""Characters of one piece of evidence; JSON has it whole."""

_VERDICTS = {
    "healthy": ("ok", "healthy"),
    "no-gpu": ("absent", "no GPU"),
    "warnings": ("warning", "warnings"),
    "broken": ("error", "broken"),
    "unknown": ("unknown", "unknown"),
}
_UNNAMED = f"env:{UNNAMED} environment"
SAYS_NOTHING = ("not known", "not known which")


def render(report: Report, look: Look | None = None) -> str:
    """The whole report, ending in a newline."""
    page = _Page(look or Look())
    page.report(report)
    return page.text()


class _Page(Sheet):
    """The report."""

    def report(self, report: Report) -> None:
        self._verdict(report)
        if self.look.verbosity < 0:
            return
        self._layers(report)
        self._findings(report)
        self._ask(report)
        self._to_do(report)
        self._rest(report)
        if not report.pasted or report.set_up.install is not None:
            self._set_up(report)

    def _ask(self, report: Report) -> None:
        """What to ask the reporter for, where nothing could be decided."""
        if report.ask is not None:
            self.head("Ask for")
            self.prose("  ", f"The output of this command: {report.ask.why}.")
            self.code(clean(report.ask.command), CODE_INDENT)

    def _verdict(self, report: Report) -> None:
        mark, word = _VERDICTS[report.status]
        said = clean(report.verdict)
        # The sentence of a healthy machine begins with the word already, and that of one without GPU says it.
        lead = "" if report.status == "no-gpu" or said.lower().startswith(word) else f"{word}: "
        body = Text(f"{lead}{said}", "bold" if mark != "error" else "bold red")
        first = Text(f"{MARKS[mark]} ", STYLES[mark])
        if self.look.width is None or self.look.verbosity < 0:
            self.lines.append(Text.assemble(first, body))
        else:
            self.prose(first, body)

    def _layers(self, report: Report) -> None:
        self.lines.append(Text())
        for layer in layers(report):
            # A text shows a part of a machine: what it says nothing of is no line.
            if report.pasted and layer.mark in ("unknown", "absent") and layer.text in SAYS_NOTHING:
                continue
            first = Text.assemble("  ", (MARKS[layer.mark], STYLES[layer.mark]), f" {layer.title:<8} ")
            self.prose(first, layer.text, "dim" if layer.mark == "absent" else "")

    def _findings(self, report: Report) -> None:
        roots, folded = fold(report.findings)
        if report.status == "no-gpu" and self.look.verbosity < 1:
            roots = [one for one in roots if one.name != "no-nvidia-gpu"]  # the first line has said it
        for title, some in (
            ("Findings", [one for one in roots if not minor(one, folded)]),
            ("Worth knowing", [one for one in roots if minor(one, folded)]),
        ):
            if some:
                self.head(title)
            for number, finding in enumerate(some):
                if number:
                    self.lines.append(Text())
                self._finding(finding, report.remedies.get(finding.id))
                for effect in folded[finding.id]:
                    self._effect(effect)

    def _finding(self, finding: Finding, remedy: Remedy | None) -> None:
        word = finding.severity.word
        title = Text.assemble((finding.name, "bold"), f" {finding.code}")
        if finding.subject not in ("machine", _UNNAMED):
            title.append(f" · {clean(finding.subject)}")
        if finding.confidence.word != "certain":
            title.append(f" · {finding.confidence.word}")
        self.prose(Text(f"{MARKS[word]} ", STYLES[word]), title)
        self.prose("  ", finding.message)
        for seen in finding.evidence:
            self.prose("    ", f"{clean(seen.where)}: {_short(clean(seen.text))}", "dim")
        if remedy is not None:
            self.prose(Text("  → ", "green"), remedy.summary)
        if finding.source is not None:
            source = finding.source
            self.prose("  ", f"Source: {source.title}, {source.url} (read {source.read_on})", "dim")

    def _effect(self, effect: Finding) -> None:
        word = effect.severity.word
        where = "" if effect.subject == "machine" else f" · {clean(effect.subject)}"
        message = f": {effect.message}" if self.look.verbosity > 0 else ""
        first = Text.assemble("    ", (MARKS[word], STYLES[word]), " ")
        self.prose(first, f"follows from it: {effect.name} {effect.code}{where}{message}", "dim")

    def _to_do(self, report: Report) -> None:
        """The steps of every root cause, once each, from the most likely down."""
        root = report.facts.os is not None and report.facts.os.uid == 0
        roots, folded = fold(report.findings)
        shown: list[tuple[str, Remedy]] = []
        for finding in roots:
            remedy = report.remedies.get(finding.id)
            if remedy is None or not remedy.steps:
                continue
            # What is only worth knowing asks for nothing: its cure stands in one line beneath it.
            if minor(finding, folded) and self.look.verbosity < 1:
                continue
            if all(remedy.steps != other.steps for _, other in shown):
                shown.append((finding.name, remedy))
        if not shown:
            return
        self.head("What to do")
        for name, remedy in shown:
            if len(shown) > 1:
                self.prose("  ", Text.assemble((name, "bold"), f": {clean(remedy.summary)}"))
            for number, step in enumerate(remedy.steps, 1):
                self._step(Text(f"  {number}. " if len(remedy.steps) > 1 else "  "), step, root=root)
        if not report.pasted and any(not isinstance(step, Tell) for _, remedy in shown for step in remedy.steps):
            self.prose("  ", "`cudadoctor fix` shows it as a plan; with --apply it does what is safe.")

    def _step(self, first: Text, step: Step, *, root: bool) -> None:
        if isinstance(step, Run):
            self.prose(first, f"{step.why[:1].upper()}{step.why[1:]}" if step.why else "Run:")
            sudo = "sudo " if step.needs_root and not root and step.argv[:1] != ("sudo",) else ""
            self.code(sudo + command(step.argv), CODE_INDENT)
        elif isinstance(step, WriteFile):
            by_root = ", as root" if step.needs_root and not root else ""
            self.prose(first, f"In {clean(step.path)}{by_root}{f' ({clean(step.why)})' if step.why else ''}:")
            for line in clean_lines(step.text.rstrip("\n")):
                self.code(line, CODE_INDENT)
        else:
            self._tell(first, step)

    def _tell(self, first: Text, step: Tell) -> None:
        for number, line in enumerate(clean_lines(step.text.strip())):
            self.prose(first if number == 0 else " " * cell_len(first.plain), line)

    def _set_up(self, report: Report) -> None:
        self.head("Set up")
        ready = report.set_up
        if ready.shell:
            self.prose(
                "  ",
                f"The toolkit in {clean(ready.toolkit or '')} is not on PATH. Only compiling needs it; then these "
                "lines belong into the shell's rc file (`cudadoctor shell --apply` puts them there):",
            )
            for line in ready.shell:
                self.code(" ".join(clean_lines(line)), CODE_INDENT)
        if ready.install is not None:
            self._install(ready.install, report)
        if not ready.shell and ready.install is None:
            self.prose("  ", "Nothing to set up.")

    def _install(self, found: Recommendation, report: Report) -> None:
        """The matching torch: the command, or why there is none."""
        first = clean(found.reasons[0].text) if found.reasons else ""
        if not found.commands:
            self.prose("  ", f"No install command: {first or 'too little is known'}. `cudadoctor recommend` says more.")
            return
        self.prose("  ", f"To install torch ({first}):" if first else "To install torch:")
        if any(env.active and env.kind == "system" for env in report.facts.envs or ()) and "pip" in found.commands[0]:
            # Distributions refuse pip in their own Python (PEP 668), and what it installs there stays in their way.
            self.code("python3 -m venv ~/torch-env", CODE_INDENT)
            self.code(". ~/torch-env/bin/activate", CODE_INDENT)
        for line in found.commands:
            self.code(clean(line), CODE_INDENT)
        plans = "" if report.pasted else " `cudadoctor install` does it as a plan, in an environment of its own."
        self.prose("  ", f"`cudadoctor recommend` says why, and what else would fit.{plans}")

    def _rest(self, report: Report) -> None:
        """What was not decided and what crashed: one line each where it was asked for, a count where not."""
        for crash in report.crashed:
            self.lines.append(Text())
            said = f"check {crash.code} {crash.name} crashed, a bug in cudadoctor: {crash.error}"
            self.prose(Text("✗ ", STYLES["error"]), said)
        if self.look.verbosity > 0:
            self._verbose(report)
        else:
            undecided = len({one.code for one in report.skipped})
            found = len({finding.code for finding in report.findings})
            says = f"{report.checks_run} checks: {found} found something"
            says += f", {undecided} could not be decided" if undecided else ""
            self.lines.append(Text())
            self.prose("", f"{says} (-v shows all)", "dim")

    def _verbose(self, report: Report) -> None:
        if report.skipped:
            self.head("Not decided")
            for one in report.skipped:
                where = f" · {clean(one.subject)}" if one.subject else ""
                self.prose(Text("  ? ", STYLES["unknown"]), f"{one.code} {one.name}{where}: {one.reason}")
        if report.facts.gaps:
            self.head("Not known")
            for gap in report.facts.gaps:
                self.prose(Text("  ? ", STYLES["unknown"]), f"{gap.fact}: {gap.reason}")
        if report.passed:
            self.head("Nothing found by")
            self.prose(Text("  ✓ ", STYLES["ok"]), " ".join(report.passed))
        if report.timings:
            self.head("Seconds by probe")
            slowest = sorted(report.timings.items(), key=lambda item: -item[1])
            self.prose("  ", ", ".join(f"{probe} {seconds:.2f}" for probe, seconds in slowest))
        if self.look.verbosity > 1:
            from cudadoctor.render.report.facts import facts_document

            self.head("Facts")
            for name, value in everything(facts_document(report.facts)):
                self.lines.append(Text.assemble("  ", (f"{clean(name)}: ", "dim"), clean(value)))


def _short(text: str) -> str:
    return text if len(text) <= EVIDENCE_LIMIT else f"{text[:EVIDENCE_LIMIT]}…"
