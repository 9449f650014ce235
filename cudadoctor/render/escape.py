"""Foreign text that stays text in each format: it can neither end what it stands in nor begin something else."""

from __future__ import annotations

import html as _html
import re
from collections.abc import Iterable, Mapping

from cudadoctor.render.clean import clean

_XML_ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_CHARACTER = re.compile(
    "[\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)
"""Code points that Unicode keeps out of texts, and HTML forbids."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~$:@.-])")
_TICKS = re.compile("`+")


def xml(text: str) -> str:
    """For XML text and attributes."""
    text = _XML_ILLEGAL.sub("?", text)
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\n", "&#10;"), ("\r", "&#13;")):
        text = text.replace(sign, name)
    return text


def tag(name: str, attributes: Mapping[str, str | None], text: str | None = None) -> str:
    """An XML element; attributes that are None are left out."""
    inner = "".join(f' {key}="{xml(value)}"' for key, value in attributes.items() if value is not None)
    return f"<{name}{inner}/>" if text is None else f"<{name}{inner}>{xml(text)}</{name}>"


def html(text: str) -> str:
    """For HTML text and attributes, on one line."""
    return _html.escape(_NO_CHARACTER.sub("?", clean(text)), quote=True)


def markdown(text: str) -> str:
    """For a line, a list item or a table cell of GitHub's Markdown: no markup, tag, link, mention or formula."""
    shown = _html.escape(clean(text), quote=False)
    # A backslash makes punctuation plain; `@` and `#` would mention people and issues, `.` and `:` make links.
    shown = _MARKDOWN.sub(lambda found: _plain(found.group(), found), shown)
    return shown.replace("://", ":&#47;/")


def _plain(sign: str, found: re.Match[str]) -> str:
    if sign == "@":
        return "&#64;"
    if sign in "#+-." and not _begins(found):
        return "&#35;" if sign == "#" else sign
    return sign if sign in ":." else f"\\{sign}"


def _begins(found: re.Match[str]) -> bool:
    """Whether the sign could begin a list or a heading: only blanks and digits stand before it."""
    before = found.string[: found.start()]
    return not before.strip(" 0123456789")


def code_block(text: str, language: str = "") -> list[str]:
    """Lines of a fenced block; the fence is longer than every run of backticks in the text."""
    fence = "`" * max(3, 1 + max((len(found) for found in _TICKS.findall(text)), default=0))
    return [f"{fence}{language}", *text.split("\n"), fence]


def workflow_command(kind: str, text: str, **properties: str | None) -> str:
    """A command of GitHub Actions such as `::error title=…::…`, as its toolkit escapes it."""
    shown = clean(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    named = []
    for name, value in properties.items():
        if value is not None:
            escaped = clean(value).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
            named.append(f"{name}={escaped.replace(':', '%3A').replace(',', '%2C')}")
    return f"::{kind}{' ' if named else ''}{','.join(named)}::{shown}"


def metric(name: str, about: str, samples: Iterable[tuple[dict[str, str], float]]) -> list[str]:
    """Lines of a gauge of Prometheus: its samples by their labels."""
    lines = [f"# HELP cudadoctor_{name} {about}", f"# TYPE cudadoctor_{name} gauge"]
    for labels, value in samples:
        inner = ",".join(f'{key}="{_label(text)}"' for key, text in labels.items())
        lines.append(f"cudadoctor_{name}{{{inner}}} {value:g}" if inner else f"cudadoctor_{name} {value:g}")
    return lines


def _label(text: str) -> str:
    return clean(text).replace("\\", "\\\\").replace('"', '\\"')
