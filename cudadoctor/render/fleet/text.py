"""A fleet for a person: one sentence, then what is broken, what differs, and who did not answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.text import Text

from cudadoctor.fleet.compare import Comparison
from cudadoctor.render.clean import clean
from cudadoctor.render.text_draw import MARKS, STYLES, Look, Sheet

Fold = Callable[[Iterable[str]], str]


def render(found: Comparison, fold: Fold, look: Look | None = None) -> str:
    """The whole comparison, ending in a newline."""
    page = _Page(look or Look(), fold)
    page.verdict(found)
    if page.look.verbosity >= 0:
        page.causes(found)
        page.differences(found)
        page.silent(found)
    if page.look.verbosity > 0:
        page.groups(found)
    return page.text()


class _Page(Sheet):
    def __init__(self, look: Look, fold: Fold) -> None:
        super().__init__(look)
        self._fold = fold

    def _names(self, nodes: Iterable[str]) -> str:
        return clean(self._fold(nodes))

    def _row(self, mark: str, text: str) -> None:
        self.prose(Text.assemble("  ", (MARKS[mark], STYLES[mark]), " "), text)

    def verdict(self, found: Comparison) -> None:
        count = len(found.nodes)
        broken = {node for one in found.findings if one.severity == "error" and one.root for node in one.nodes}
        odd = {node for one in found.odd for node in one.nodes}
        parts = [f"{len(broken)} broken"] if broken else []
        parts += [f"{len(odd)} {'differs' if len(odd) == 1 else 'differ'} from the others"] if odd else []
        parts += [f"{len(found.silent)} did not answer"] if found.silent else []
        mark = "error" if broken or found.silent else "warning" if odd else "ok"
        what = ", ".join(parts) or "nothing wrong, and all peers are equal"
        sentence = f"{count} node{'' if count == 1 else 's'}: {what}."
        self.prose(Text(f"{MARKS[mark]} ", STYLES[mark]), Text(sentence, "bold"))

    def causes(self, found: Comparison) -> None:
        shown = [one for one in found.findings if one.severity != "info" and (one.root or self.look.verbosity > 0)]
        for one in shown:
            self.lines.append(Text())
            title = Text.assemble((one.name, "bold"), f" {one.code} on {self._names(one.nodes)}")
            self.prose(Text(f"{MARKS[one.severity]} ", STYLES[one.severity]), title)
            self.prose("  ", one.message)
        if shown:
            self.lines.append(Text())
            self.prose("", "`cudadoctor explain NAME` has the cure; `check --via` examines one node in full.", "dim")

    def differences(self, found: Comparison) -> None:
        if found.odd:
            self.head("Different from the others")
        for one in found.odd:
            usual = f"{one.usual} on {one.peers} others"
            self._row("warning", f"{self._names(one.nodes)}: {one.aspect} {one.value}; {usual}")
        if found.varies:
            self.head("No common value")
        for aspect in found.varies:
            values = "; ".join(f"{value} on {self._names(some)}" for value, some in aspect.groups[:6])
            self.prose("  ", f"{aspect.aspect}: {values}")

    def silent(self, found: Comparison) -> None:
        by_reason: dict[str, list[str]] = {}
        for node in found.silent:
            by_reason.setdefault(node.error or "", []).append(node.name)
        if by_reason:
            self.head("No answer")
        for reason, some in by_reason.items():
            self._row("error", f"{self._names(some)}: {reason}")

    def groups(self, found: Comparison) -> None:
        self.head("Equal nodes")
        for group in found.groups:
            values = ", ".join(f"{aspect} {value}" for aspect, value in group.values.items())
            self.prose("  ", f"{self._names(group.nodes)}: {values}")
