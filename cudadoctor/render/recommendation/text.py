"""A recommendation as text, on one screen: the command, the verdict, at most five reasons. `-v` shows everything.

Without rich: it is to be there at once.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from cudadoctor.recommend.model import Alternative, Reason, Recommendation
from cudadoctor.render.clean import clean

PIPED_WIDTH = 100
LEAST_WIDTH = 40
_BOLD, _YELLOW, _RED, _OFF = "\x1b[1m", "\x1b[33m", "\x1b[31m", "\x1b[0m"
_MOST_REASONS = 5
_MOST_ROWS = 28
"""Rows of a screen at 80 columns, without the note about what was left out."""
_INDENT = "  "
_NAMES = frozenset({"torch", "torchvision", "torchaudio", "mkl", "numpy", "pillow", "conda", "glibc", "cudatoolkit"})
"""Words that stay in small letters at the beginning of a sentence."""


def render(found: Recommendation, *, width: int | None = None, color: bool = False, verbosity: int = 0) -> str:
    """The text. `verbosity`: -1 the commands alone, 0 one screen, 1 everything, with the sources."""
    if verbosity < 0 and found.commands:
        return "\n".join(clean(line) for line in found.commands) + "\n"
    wide = max(width or PIPED_WIDTH, LEAST_WIDTH)
    lines = list(_head(found, wide, color=color))
    if verbosity < 0:
        return "\n".join(lines) + "\n"
    if verbosity > 0:
        lines += [*_asked(found, wide), *_why(_reasons(found), wide, color=color, sources=True)]
        lines += [*_rejected(found, wide, color=color), *_alternatives(found.alternatives, wide, color=color)]
    else:
        lines += _screen(found, wide, lines, color=color)
    return "\n".join(lines) + "\n"


def _reasons(found: Recommendation) -> tuple[Reason, ...]:
    """Those that the head has not said."""
    return found.reasons if found.commands else found.reasons[1:]


def _screen(found: Recommendation, wide: int, head: list[str], *, color: bool) -> list[str]:
    """What fits on one screen: the first reasons, as many alternatives as there are rows for, and what was left out."""
    reasons = _reasons(found)
    said = [one for one in reasons if not one.detail][:_MOST_REASONS]
    lines = list(_why(said, wide, color=color, sources=False))
    shown: list[Alternative] = []
    for one in found.alternatives:
        more = list(_alternatives((*shown, one), wide, color=color))
        fits = rows([*head, *lines, *more], wide) <= _MOST_ROWS
        if not fits and (shown or found.commands):
            break
        shown.append(one)
    lines += _alternatives(tuple(shown), wide, color=color)
    left = {
        "reasons": len(reasons) - len(said),
        "builds ruled out": len(found.rejected),
        "alternatives": len(found.alternatives) - len(shown),
    }
    words = [f"{count} {_one(what) if count == 1 else what}" for what, count in left.items() if count]
    if words:
        lines += ["", *_wrapped(f"-v shows more: {', '.join(words)}.", wide, "", "")]
    return lines


def _one(what: str) -> str:
    return {"reasons": "reason", "builds ruled out": "build ruled out", "alternatives": "alternative"}[what]


def rows(lines: list[str], wide: int) -> int:
    """The rows of a terminal that lines take: a command is never wrapped by us, and longer than one."""
    return sum(max(1, -(-len(line) // wide)) for line in lines)


def _head(found: Recommendation, wide: int, *, color: bool) -> Iterator[str]:
    # A command is never wrapped: one that is cut in two cannot be pasted.
    for line in found.commands:
        yield _painted(clean(line), _BOLD, color=color)
    if found.commands:
        yield ""
    text, paint = _verdict(found)
    yield from (_painted(line, paint, color=color) for line in _wrapped(text, wide, "", ""))
    if found.published is not None and found.published != found.command and found.verdict != "ok":
        yield f"{_INDENT}{clean(found.published)}"


def _verdict(found: Recommendation) -> tuple[str, str]:
    """The verdict in one sentence."""
    as_published = found.request.style.value == "published"
    if not found.commands:
        word = {"impossible": "Nothing fits", "unknown": "Not known"}.get(found.verdict, "No command")
        text = f"{word}: {found.reasons[0].text}." if found.reasons else f"{word}."
        # What PyTorch printed stands below.
        more = " PyTorch's own command was:" if found.published is not None else ""
        return text + more, _RED
    if found.verdict in ("impossible", "unknown"):
        return "This is PyTorch's own command, unchanged; it does not work on this machine.", _RED
    if found.verdict == "outdated":
        if as_published:
            return "This is PyTorch's own command, unchanged; it no longer installs what it did.", _YELLOW
        return "This works today; PyTorch's own command no longer installs what it did:", _YELLOW
    if as_published and found.published == found.command:
        return "This is PyTorch's own command, unchanged, and it still works.", _BOLD
    build = ""
    if found.choice is not None:
        cuda = f"CUDA {found.choice.cuda}" if found.choice.cuda is not None else "CPU build"
        build = f" torch {found.choice.torch} ({cuda})"
    return f"Installs{build} for {_machine(found)}.", _BOLD


def _machine(found: Recommendation) -> str:
    """What the answer is for, in a few words."""
    request = found.request
    words = []
    if request.gpus is not None and request.gpus.value:
        words.append(
            ", ".join(one.name or ", ".join(each.sm for each in one.capabilities) for one in request.gpus.value)
        )
    if request.driver is not None:
        words.append(f"driver {request.driver.value}")
    if request.python is not None:
        words.append(f"Python {request.python.value}")
    return " with ".join([words[0], ", ".join(words[1:])]) if len(words) > 1 else (words or [request.platform.value])[0]


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
    yield from _wrapped("Request: " + "; ".join(words), wide, "", "         ")


def _why(reasons: tuple[Reason, ...] | list[Reason], wide: int, *, color: bool, sources: bool) -> Iterator[str]:
    if not reasons:
        return
    yield ""
    yield _painted("Why", _BOLD, color=color)
    for one in reasons:
        yield from _wrapped(_sentence(one.text), wide, "  - ", "    ")
        if sources and one.source is not None:
            yield f"    {one.source.url} (read {one.source.read_on})"


def _sentence(text: str) -> str:
    """With a capital, unless it begins with a name that has none (a package, a command)."""
    first = text.partition(" ")[0]
    plain = first.isalpha() and first.islower() and first not in _NAMES
    return text[0].upper() + text[1:] if plain else text


def _rejected(found: Recommendation, wide: int, *, color: bool) -> Iterator[str]:
    if not found.rejected:
        return
    yield ""
    yield _painted("Newer builds that were ruled out", _BOLD, color=color)
    for one in found.rejected:
        yield from _wrapped(one.text, wide, "  - ", "    ")


def _alternatives(shown: tuple[Alternative, ...], wide: int, *, color: bool) -> Iterator[str]:
    if not shown:
        return
    yield ""
    yield _painted("Alternatives", _BOLD, color=color)
    for one in shown:
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
