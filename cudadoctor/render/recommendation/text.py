"""A recommendation as text: the command first, ready to paste, then why. Without rich: it is to be there at once."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from cudadoctor.recommend.model import Recommendation
from cudadoctor.render.clean import clean

PIPED_WIDTH = 100
LEAST_WIDTH = 40
_BOLD, _YELLOW, _RED, _OFF = "\x1b[1m", "\x1b[33m", "\x1b[31m", "\x1b[0m"
_MOST_REJECTED = 4
_VERDICTS = {
    "ok": "",
    "outdated": "What upstream printed for this no longer gives what it did; the command is what to run today.",
    "impossible": "Nothing fits",
    "unknown": "Not known",
}


def render(found: Recommendation, *, width: int | None = None, color: bool = False, verbosity: int = 0) -> str:
    """The text. `verbosity`: -1 the commands alone, 0, 1 with the sources and everything that was rejected."""
    if verbosity < 0 and found.commands:
        return "\n".join(clean(line) for line in found.commands) + "\n"
    wide = max(width or PIPED_WIDTH, LEAST_WIDTH)
    lines = [*_head(found, wide, color=color)]
    if verbosity >= 0:
        lines += [
            *_why(found, wide, color=color, verbose=verbosity > 0),
            *_rejected(found, wide, color=color, verbose=verbosity > 0),
            *_alternatives(found, wide, color=color),
        ]
    return "\n".join(lines) + "\n"


def _head(found: Recommendation, wide: int, *, color: bool) -> Iterator[str]:
    if found.commands:
        # Never wrapped: a command that is cut in two cannot be pasted.
        for line in found.commands:
            yield _painted(clean(line), _BOLD, color=color)
        yield ""
    elif found.reasons:
        first = f"{_VERDICTS[found.verdict]}: {found.reasons[0].text}."
        yield from (_painted(line, _RED, color=color) for line in _wrapped(first, wide, "", ""))
    if found.verdict == "outdated":
        as_printed = found.request.style.value == "published"
        text = (
            "What upstream printed, to the letter; it no longer gives what it did."
            if as_printed
            else _VERDICTS["outdated"]
        )
        yield from (_painted(line, _YELLOW, color=color) for line in _wrapped(text, wide, "", ""))
    if found.verdict in ("impossible", "unknown") and found.commands:
        text = "What upstream printed, to the letter; it does not run on the machine that was described."
        yield from (_painted(line, _RED, color=color) for line in _wrapped(text, wide, "", ""))
    if found.published is not None and found.published != found.command:
        yield f"Upstream printed: {clean(found.published)}"
    yield from _asked(found, wide)


def _asked(found: Recommendation, wide: int) -> Iterator[str]:
    """The request in one paragraph, each value with where it came from."""
    request = found.request
    words = []
    for name in ("torch", "cuda", "python", "manager", "platform", "driver", "glibc"):
        value = getattr(request, name)
        if value is None:
            continue
        shown = value.value
        if name == "cuda":
            shown = "cpu" if shown is None else shown.release
        if name == "glibc":
            shown = ".".join(map(str, shown))
        words.append(f"{name} {shown} ({value.origin})")
    if request.gpus is not None:
        names = ", ".join(map(str, request.gpus.value)) or "none"
        words.append(f"GPU {names} ({request.gpus.origin})")
    yield from _wrapped("For: " + "; ".join(words), wide, "", "     ")


def _why(found: Recommendation, wide: int, *, color: bool, verbose: bool) -> Iterator[str]:
    reasons = found.reasons if found.commands else found.reasons[1:]
    if not reasons:
        return
    yield ""
    yield _painted("Why" if found.choice is not None else "More", _BOLD, color=color)
    for one in reasons:
        yield from _wrapped(one.text, wide, "  - ", "    ")
        if verbose and one.source is not None:
            yield f"    {one.source.url} (read {one.source.read_on})"


def _rejected(found: Recommendation, wide: int, *, color: bool, verbose: bool) -> Iterator[str]:
    if not found.rejected:
        return
    yield ""
    yield _painted("Nearer, and not taken", _BOLD, color=color)
    shown = found.rejected if verbose else found.rejected[:_MOST_REJECTED]
    for one in shown:
        yield from _wrapped(one.text, wide, "  - ", "    ")
    if len(shown) < len(found.rejected):
        yield f"  … and {len(found.rejected) - len(shown)} more (-v)".replace("…", "...")


def _alternatives(found: Recommendation, wide: int, *, color: bool) -> Iterator[str]:
    if not found.alternatives:
        return
    yield ""
    yield _painted("Other ways", _BOLD, color=color)
    for one in found.alternatives:
        first, *block = one.text.split("\n")
        yield from _wrapped(first, wide, "  - ", "    ")
        if one.command is not None:
            yield f"      {clean(one.command)}"
        yield from (f"      {line}" if line else "" for line in block)


def _wrapped(text: str, wide: int, first: str, more: str) -> list[str]:
    return textwrap.wrap(
        clean(text), wide, initial_indent=first, subsequent_indent=more, break_long_words=False, break_on_hyphens=False
    )


def _painted(text: str, code: str, *, color: bool) -> str:
    return f"{code}{text}{_OFF}" if color and text else text
