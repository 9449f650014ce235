"""The report for a person: verdict, layers, findings, what to do, set up.

Commands are never wrapped or cut, so that they can be pasted.
"""

from __future__ import annotations

import re

from msgspec.structs import replace
from rich.cells import cell_len
from rich.text import Text

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.envs import UNNAMED
from cudadoctor.recommend.model import Recommendation
from cudadoctor.remedies.plan import ADMIN_NOTE, ByHand, Remedy, Run, Tell, WriteFile
from cudadoctor.render.clean import clean, clean_lines, command
from cudadoctor.render.report.chain import fold, minor
from cudadoctor.render.report.layers import everything, layers
from cudadoctor.render.text_draw import CODE_INDENT, MARKS, STYLES, Look, Sheet
from cudadoctor.report.model import Report

EVIDENCE = 2
"""Pieces of evidence of one finding; `-v` and JSON have all."""
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
        self._home = report.facts.shell.home if report.facts.shell and not report.pasted else None
        self._root = report.facts.os is not None and report.facts.os.uid == 0
        self._noted = False
        self._verdict(report)
        if self.look.verbosity < 0:
            return
        self._layers(report)
        self._findings(report)
        self._suspects(report)
        self._ask(report)
        self._set_up(report)
        self._rest(report)

    def _ask(self, report: Report) -> None:
        """What to ask the reporter for, where nothing could be decided."""
        if report.ask is not None:
            self.head("Ask for")
            self.prose("  ", f"The output of this command: {report.ask.why}.")
            self.code(clean(report.ask.command), CODE_INDENT)

    def _suspects(self, report: Report) -> None:
        """Causes that no check decided, and what would decide each; the command once, where `Ask for` has it."""
        if not report.suspects:
            return
        self.head("It could also be" if report.root_causes else "It could be")
        for one in report.suspects:
            likely = "" if one.confidence.word == "possible" else f" · {one.confidence.word}"
            self.prose("  ", Text.assemble((one.name, "bold"), likely, f" {clean(one.why)}"))
            if report.ask is None or not one.decide.text.startswith(report.ask.command):
                self.prose("    ", f"To decide: {clean(one.decide.text)}", "dim")

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
        """A block for each root cause: what shows it, and right below it the cure. The rest is one line each."""
        roots, folded = fold(report.findings)
        causes = [one for one in roots if not minor(one, folded)]
        remarks = [one for one in roots if minor(one, folded)]
        if report.status == "no-gpu" and self.look.verbosity < 1:
            remarks = [one for one in remarks if one.name != "no-nvidia-gpu"]  # the first line has said it
        printed: list[tuple[ByHand, ...]] = []
        for finding in causes:
            self.lines.append(Text())
            self._cause(finding, report, folded[finding.id], printed)
        if any(isinstance(step, (Run, WriteFile)) for steps in printed for step in steps) and not report.pasted:
            self.lines.append(Text())
            self.prose("", "`cudadoctor fix` shows these steps as a plan; --apply carries them out.", "dim")
        if remarks:
            self.head("Worth knowing")
        for finding in remarks:
            if self.look.verbosity > 0:
                self._cause(finding, report, folded[finding.id], printed)
            else:
                mark = finding.severity.word
                self._one_line(
                    Text.assemble("  ", (MARKS[mark], STYLES[mark]), " "), f"{finding.name}: {finding.message}"
                )

    def _cause(
        self, finding: Finding, report: Report, effects: list[Finding], printed: list[tuple[ByHand, ...]]
    ) -> None:
        word = finding.severity.word
        title = Text.assemble((finding.name, "bold"), f" {finding.code}")
        if finding.subject not in ("machine", _UNNAMED):
            title.append(f" · {self._subject(finding)}")
        if finding.confidence.word != "certain":
            title.append(f" · {finding.confidence.word}")
        self.prose(Text(f"{MARKS[word]} ", STYLES[word]), title)
        detailed = self.look.verbosity > 0
        in_verdict = clean(finding.message).rstrip(".") in clean(report.verdict)
        if not in_verdict or detailed:
            self.prose("  ", finding.message)
        for seen in finding.evidence if detailed else finding.evidence[:EVIDENCE]:
            shown = self._short_path(f"{clean(seen.where)}: {_short(clean(seen.text))}")
            if detailed:
                self.prose("    ", shown, "dim")
            else:
                self._one_line(Text("    "), shown, "dim")
        if effects and not detailed:
            names = ", ".join(dict.fromkeys(effect.name for effect in effects))
            self.prose("    ", f"This also explains {names}.", "dim")
        for effect in effects if detailed else ():
            self._effect(effect)
        if finding.source is not None and detailed:
            source = finding.source
            self.prose("  ", f"Source: {source.title}, {source.url} (read {source.read_on})", "dim")
        remedy = report.remedies.get(finding.id)
        if remedy is not None:
            self._cure(remedy, report, printed)

    def _cure(self, remedy: Remedy, report: Report, printed: list[tuple[ByHand, ...]]) -> None:
        """The steps, unless a cause above has the same."""
        in_verdict = clean(remedy.summary).rstrip(".") in clean(report.verdict)
        actions = remedy.actions
        if not in_verdict or self.look.verbosity > 0 or not actions:
            self.prose(Text("  → ", "green"), remedy.summary)
        if not actions:
            return
        if actions in printed:
            self.prose("  ", "The same steps as above.", "dim")
            return
        printed.append(actions)
        steps = [one for step in actions if step != ADMIN_NOTE and (one := _without(step, remedy.summary))]
        before = {step for some in printed[:-1] for step in some if isinstance(step, Tell)}
        steps = [step for step in steps if step not in before]
        for number, step in enumerate(steps, 1):
            self._step(Text(f"  {number}. " if len(steps) > 1 else "  "), step, root=self._root)
        if remedy.needs_sudo and not self._noted:
            self._noted = True
            self.prose("  ", ADMIN_NOTE.text, "dim")

    def _effect(self, effect: Finding) -> None:
        word = effect.severity.word
        where = "" if effect.subject == "machine" else f" · {self._subject(effect)}"
        first = Text.assemble("    ", (MARKS[word], STYLES[word]), " ")
        self.prose(first, f"follows from it: {effect.name} {effect.code}{where}: {effect.message}", "dim")

    def _subject(self, finding: Finding) -> str:
        """What a finding is about, as a person calls it."""
        kind, _, which = clean(finding.subject).partition(":")
        return f"GPU {which}" if kind == "gpu" else self._short_path(which or kind)

    def _one_line(self, first: Text, text: str, style: str = "") -> None:
        """As much of the text as fits beside `first`; `-v` and JSON have all of it."""
        body = Text(clean(text), style)
        body.truncate(max(20, self.width - cell_len(first.plain)), overflow="ellipsis")
        self.lines.append(Text.assemble(first, body))

    def _short_path(self, text: str) -> str:
        """`~` for this user's home."""
        home = (self._home or "").rstrip("/")
        return re.sub(rf"(?<![\w./-]){re.escape(home)}(?=/|$)", "~", text) if home else text

    def _step(self, first: Text, step: ByHand, *, root: bool) -> None:
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
            if line.startswith("    "):  # a command, to be pasted whole
                self.code(line.strip(), CODE_INDENT)
            else:
                self.prose(first if number == 0 else " " * cell_len(first.plain), line)

    def _set_up(self, report: Report) -> None:
        """What to type next, where no cure above says it already."""
        ready = report.set_up
        install = ready.install if ready.install is not None and not self._told(ready.install, report) else None
        if not ready.shell and install is None:
            return
        self.head("Set up")
        if ready.shell:
            self.prose(
                "  ",
                f"To compile with the toolkit in {clean(ready.toolkit or '')}, put it on PATH "
                f"(`cudadoctor shell --apply` adds these lines to the shell's rc file):",
            )
            for line in ready.shell:
                self.code(" ".join(clean_lines(line)), CODE_INDENT)
        if install is not None:
            self._install(install, report)

    @staticmethod
    def _told(install: Recommendation, report: Report) -> bool:
        """Whether a cure has that command."""
        words = {word for line in install.commands for word in line.split() if word.startswith(("torch=", "pytorch="))}
        steps = [step for remedy in report.remedies.values() for step in remedy.actions]
        said = [
            step.argv if isinstance(step, Run) else step.text.split() if isinstance(step, Tell) else ()
            for step in steps
        ]
        return any(words & set(some) for some in said)

    def _install(self, found: Recommendation, report: Report) -> None:
        """The matching torch: the command, or why there is none."""
        first = clean(found.reasons[0].text) if found.reasons else ""
        if not found.commands:
            why = first or "too little is known"
            self.prose("  ", f"No install command: {why}. `cudadoctor recommend` has the details.")
            return
        self.prose("  ", f"Install torch ({first}):" if first else "Install torch:")
        if any(env.active and env.kind == "system" for env in report.facts.envs or ()) and "pip" in found.commands[0]:
            # Distributions refuse pip in their own Python (PEP 668), and what it installs there stays in their way.
            self.code("python3 -m venv ~/torch-env", CODE_INDENT)
            self.code(". ~/torch-env/bin/activate", CODE_INDENT)
        for line in found.commands:
            self.code(clean(line), CODE_INDENT)
        plans = "" if report.pasted else " `cudadoctor install` plans it in a separate environment."
        self.prose("  ", f"`cudadoctor recommend` explains the choice.{plans}", "dim")

    def _rest(self, report: Report) -> None:
        """What is undetermined and what crashed: one line each where it was asked for, a count where not."""
        for crash in report.crashed:
            self.lines.append(Text())
            said = f"check {crash.code} {crash.name} crashed, a bug in cudadoctor: {crash.error}"
            self.prose(Text("✗ ", STYLES["error"]), said)
        if report.ignored:
            self.lines.append(Text())
        for one in report.ignored:
            until = f", until {one.until}" if one.until else ""
            self.prose("", f"Ignored: {one.name} ({one.reason}{until}; {self._short_path(one.origin)})", "dim")
        if self.look.verbosity > 0:
            self._verbose(report)
        else:
            undecided = len({one.code for one in report.skipped})
            found = len({finding.code for finding in report.findings})
            if not found and not undecided:
                return
            says = f"{report.checks_run} checks: {found} finding{'' if found == 1 else 's'}"
            says += f", {undecided} undetermined" if undecided else ""
            self.lines.append(Text())
            self.prose("", f"{says} (-v for details)", "dim")

    def _verbose(self, report: Report) -> None:
        if report.skipped:
            self.head("Undetermined")
            for one in report.skipped:
                where = f" · {clean(one.subject)}" if one.subject else ""
                self.prose(Text("  ? ", STYLES["unknown"]), f"{one.code} {one.name}{where}: {one.reason}")
        if report.facts.gaps:
            self.head("Not known")
            for gap in report.facts.gaps:
                self.prose(Text("  ? ", STYLES["unknown"]), f"{gap.fact}: {gap.reason}")
        if report.passed:
            self.head("Passed")
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


def _without(step: ByHand, summary: str) -> ByHand | None:
    """The step without the summary, which is printed above it; None where nothing is left to say."""
    if not isinstance(step, Tell) or not step.text.startswith(summary.rstrip(".")):
        return step
    rest = step.text[len(summary.rstrip(".")) :].lstrip(".:; ")
    return replace(step, text=rest[:1].upper() + rest[1:]) if rest else None


def _short(text: str) -> str:
    return text if len(text) <= EVIDENCE_LIMIT else f"{text[:EVIDENCE_LIMIT]}…"
