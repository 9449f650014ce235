"""A plan for a person: what it comes to, then each step with its reason and the exact command, ready to paste."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

from rich.cells import cell_len
from rich.text import Text

from cudadoctor.remedies.plan import PACKAGE_SOURCES, Fetch, Plan, PlanStep, Run, Tell, WriteFile
from cudadoctor.render.clean import clean, clean_lines, command
from cudadoctor.render.plan import roles as plan_parts
from cudadoctor.render.text_draw import MOST_WIDTH, PIPED_WIDTH, STYLES, Look, draw, hang

Diffs = Mapping[str, Sequence[str]]
"""By step id: the lines of a unified diff of the file that it writes."""

Offer = Literal["apply", "forms", "nothing"]

_MARKS = {"held": "✓", "do": "→", "by-you": "☞", "by-name": "☞", "idle": "–"}
_ASCII = {"held": "+", "do": ">", "by-you": "*", "by-name": "*", "idle": "-"}
_STYLES = {"held": "green", "do": "cyan", "by-you": "yellow", "by-name": "yellow", "idle": "dim"}
_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_MOST_LINES = 30
"""Lines of a file that are shown where there is no diff; -v shows all."""


def render(
    plan: Plan,
    look: Look | None = None,
    *,
    holds: plan_parts.Holds | None = None,
    diffs: Diffs | None = None,
    named: Collection[str] = (),
    offer: Offer = "apply",
) -> str:
    """The whole plan, ending in a newline.

    `holds`: what is done already, by step id. `named`: ids of steps that are done unasked. `offer`:
    what the last line says can be typed next; forms: the plan is not for this machine; nothing: it is being applied.
    """
    page = _Page(plan, look or Look(), holds or {}, diffs or {}, named)
    page.lines.extend(page.head())
    if page.look.verbosity >= 0:
        for number, step in enumerate(plan.steps, 1):
            page.lines.append(Text())
            page.lines.extend(page.step(number, step))
        page.lines.extend(page.tail(offer))
    return draw(page.lines, page.look)


class _Page:
    """Collects lines."""

    def __init__(
        self, plan: Plan, look: Look, holds: plan_parts.Holds, diffs: Diffs, named: Collection[str]
    ) -> None:  # fmt: skip
        self.plan = plan
        self.look = look
        self.holds = holds
        self.diffs = diffs
        self.named = named
        self.width = min(look.width or PIPED_WIDTH, MOST_WIDTH)
        self.idle = plan_parts.nothing_to_do(plan, self.holds, named)
        """What is always run is then not run: there is nothing new to test."""
        self.lines: list[Text] = []

    def head(self) -> Iterator[Text]:
        plan = self.plan
        if plan.impossible is not None:
            first = Text("✗ " if self.look.unicode else "x ", STYLES["error"])
            yield from hang(first, Text(f"Impossible: {clean(plan.impossible)}", "bold red"), self.width)
            if plan.steps:
                yield from hang(Text("  "), Text(f"What works instead: {clean(plan.title)}", "bold"), self.width)
        elif plan.steps and self.idle:
            first = Text(f"{self._mark('held')} ", STYLES["ok"])
            yield from hang(first, Text(f"{clean(plan.title)}: nothing to do", "bold"), self.width)
        else:
            yield from hang(Text(), Text(clean(plan.title), "bold"), self.width)
        if self.look.verbosity >= 0:
            for note in plan.notes:
                yield from hang(Text("  ! ", STYLES["warning"]), Text(clean(note)), self.width)

    def _mark(self, role: str) -> str:
        return (_MARKS if self.look.unicode else _ASCII)[role]

    def step(self, number: int, step: PlanStep) -> Iterator[Text]:
        role = plan_parts.role(step, self.holds, self.named)
        digits = len(str(len(self.plan.steps)))
        shown = "idle" if role == "do" and self.idle else role
        first = Text.assemble((self._mark(shown), _STYLES[shown]), f" {number:>{digits}}. ")
        told = _told(step)
        said = clean(told or step.title)
        title = Text(f"{said[:1].upper()}{said[1:]}", "bold" if role != "held" else "")
        extra = " · ".join(self._needs(step, role))
        yield from hang(first, Text.assemble(title, (f" · {extra}" if extra else "", "dim")), self.width)
        if role == "held" and self.look.verbosity < 1:
            return
        indent = " " * cell_len(first.plain)
        causes = {one.partition("@")[0] for one in self.plan.purpose.findings}
        # Which of several causes it is for is worth a line; of the only one the title speaks.
        if step.why and not (len(causes) == 1 and step.why == f"for {next(iter(causes))}"):
            yield from hang(Text(indent), Text(clean(step.why)), self.width)
        if told is None:
            yield from self._action(step, indent)
        if self.look.verbosity > 0:
            yield from self._more(step, indent)

    def _needs(self, step: PlanStep, role: plan_parts.Role) -> Iterator[str]:
        """What it takes, beside its title."""
        if role == "held":
            yield "done already"
            return
        if role == "do" and self.idle:
            yield "not run again"
            return
        if role == "by-you":
            yield "manual"
        if role == "by-name":
            yield "only when named"
        if step.needs_root and self.plan.uid != 0 and not isinstance(step.action, Tell):
            yield "root"
        if step.network:
            yield "network"
        action = step.action
        if isinstance(action, Fetch) and action.size_mib:
            yield f"{plan_parts.size(action.size_mib)} to download"
        elif step.disk_mib:
            yield f"{plan_parts.size(step.disk_mib)}{f' in {clean(step.disk_at)}' if step.disk_at else ''}"
        if step.reboot and not isinstance(action, Tell):
            yield "takes effect after a reboot"

    def _action(self, step: PlanStep, indent: str) -> Iterator[Text]:
        action = step.action
        sudo = "sudo " if step.needs_root and self.plan.uid != 0 else ""
        if isinstance(action, Run):
            yield _code(indent, sudo + command(action.argv))
        elif isinstance(action, WriteFile):
            yield from self._file(step, action, indent)
        elif isinstance(action, Fetch):
            yield from self._fetch(action, sudo, indent)
        else:
            for line in clean_lines(action.text.strip()):
                if line.startswith("    "):  # a command, to be pasted whole
                    yield _code(indent + "  ", line.strip())
                    continue
                yield from hang(Text(indent + _leading(line)), Text(line.strip()), self.width)

    def _fetch(self, action: Fetch, sudo: str, indent: str) -> Iterator[Text]:
        if plan_parts.is_local(action):
            yield _code(indent, f"{sudo}cp {command((plan_parts.local_path(action), action.path))}")
        else:
            how = ("curl", "--proto", "=https", "--tlsv1.2", "-fL", "-o", action.path, "--url", action.url)
            yield _code(indent, sudo + command(how))
        if action.digest is None:
            said = "Nothing was published to compare it with."
            yield from hang(Text(indent), Text(said, STYLES["warning"]), self.width)
        else:
            line = command((f"{action.digest}  {action.path}",))
            yield _code(indent, f"echo {line} | {action.algorithm}sum -c -")

    def _file(self, step: PlanStep, action: WriteFile, indent: str) -> Iterator[Text]:
        diff = self.diffs.get(step.id)
        if diff is not None:
            for line in (part for one in diff for part in clean_lines(one)):
                style = "" if line[:3] in ("+++", "---") else _DIFF_STYLES.get(line[:1], "")
                yield Text.assemble(indent, (line, style))
            return
        if action.delete:
            yield from hang(Text(indent), Text(f"{clean(action.path)} is removed"), self.width)
            return
        yield from hang(Text(indent), Text(f"{clean(action.path)} gets these lines:"), self.width)
        rows = clean_lines(action.text.removesuffix("\n"))
        shown = rows if self.look.verbosity > 0 else rows[:_MOST_LINES]
        yield from (_code(f"{indent}  ", row) for row in shown)
        if len(shown) < len(rows):
            yield Text(f"{indent}  ({len(rows) - len(shown)} more lines: -v)", "dim")

    def _more(self, step: PlanStep, indent: str) -> Iterator[Text]:
        """How it is taken back, what it speaks to, where that stands."""
        back = [
            *(command(one.argv) for one in step.undo),
            *(f"{clean(path)} is removed, where it was not there before" for path in step.makes),
            *(f"{clean(path)} is given back" for path in step.touches),
        ]
        if isinstance(step.action, WriteFile) and not step.manual:
            back.append("the file is given back")
        if step.packages:
            back.append("the packages that came are removed")
        rows = [("Undo: ", "; ".join(back))] if back else []
        if step.lasting:
            rows.append(("Stays: ", clean(step.lasting)))
        if step.network:
            rows.append(("Speaks to: ", clean(", ".join(step.network))))
        if step.source is not None:
            source = step.source
            rows.append(("Source: ", clean(f"{source.title}, {source.url} (read {source.read_on})")))
        for name, text in rows:
            yield from hang(Text(f"{indent}{name}", "dim"), Text(text, "dim"), self.width)

    def tail(self, offer: Offer) -> Iterator[Text]:
        plan = self.plan
        if not plan.steps:
            return
        roles = [plan_parts.role(step, self.holds, self.named) for step in plan.steps]
        counts = [(roles.count("do"), "not run again" if self.idle else "to do"), (roles.count("held"), "done already")]
        counts += [(roles.count("by-you"), "manual"), (roles.count("by-name"), "only when named")]
        said = [
            f"{plan_parts.steps_said(len(roles))}: " + ", ".join(f"{count} {what}" for count, what in counts if count)
        ]
        to_do = [step for step, role in zip(plan.steps, roles, strict=True) if role == "do" and not self.idle]
        disk = sum(step.disk_mib for step in to_do)
        if disk:
            said.append(f"{plan_parts.size(disk)} of disk at most")
        fetched = plan_parts.downloads_mib(plan, self.holds)
        if fetched:
            said.append(f"{plan_parts.size(fetched)} of files to download, packages aside")
        named = plan_parts.networks(plan, self.holds)
        hosts = [f"{host}'s sources" if host in PACKAGE_SOURCES else clean(host) for host in named]
        if hosts and not self.idle:
            said.append(f"uses the network: {', '.join(hosts)}")
        if plan.uid != 0 and any(step.needs_root for step in to_do):
            said.append("needs root: where sudo asks for a password, run `sudo -v` first")
        yield Text()
        yield from hang(Text(), Text("; ".join(said) + "."), self.width)
        idle = plan.impossible is not None or self.idle or offer == "nothing"
        if to_do and not idle:
            yield from hang(Text(), Text(_next(plan, offer)), self.width)
        if "by-name" in roles and offer != "forms":
            line = plan_parts.only_named(plan, self.holds, self.named)
            yield from hang(Text(), Text("What is done only when named is done by its name:"), self.width)
            yield _code("  ", line or "cudadoctor fix NAME --apply")
        said_before = plan_parts.entering(plan)
        if said_before is not None and plan.impossible is None and offer != "nothing":
            yield from hang(Text(), Text(said_before if self.idle else _afterwards(said_before)), self.width)
            yield _code("  ", command(plan.enter))


def _next(plan: Plan, offer: Offer) -> str:
    forms = "--emit sh prints a shell script of it"
    if plan.image is not None:
        forms += ", --emit dockerfile a Dockerfile"
    if offer == "forms":
        return f"This plan is not for this machine: {forms}."
    return f"Nothing was changed. The same command with --apply does it; {forms}."


_MOST_TITLE = 160
"""Letters of a told step that may stand as its title."""


def _told(step: PlanStep) -> str | None:
    """What a person is told, where the title is but its beginning: then it stands there alone, and once."""
    if not isinstance(step.action, Tell):
        return None
    text, title = step.action.text.strip().removesuffix("."), step.title.removesuffix(" …")
    if "\n" in text or len(text) > _MOST_TITLE or not text.lower().startswith(title.lower()):
        return None
    return title + text[len(title) :]


def _afterwards(text: str) -> str:
    return f"Afterwards, {text[:1].lower()}{text[1:]}"


def _leading(line: str) -> str:
    return " " * (cell_len(line) - cell_len(line.lstrip(" ")))


def _code(indent: str, line: str) -> Text:
    """Never wrapped: a command that is cut in two cannot be pasted."""
    return Text.assemble(indent, (line, "cyan"))
