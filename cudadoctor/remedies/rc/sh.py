"""A line of sh, bash or zsh written anew."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from cudadoctor.remedies.rc.model import LineEdit
from cudadoctor.remedies.rc.words import PLAIN, Entry, Words, quoted, scan

_HEAD = re.compile(r"([ \t]*)((?:export|declare -x|declare -gx|typeset -x|typeset -gx)[ \t]+)?([A-Za-z_]\w*)=")
_GOES_ON = re.compile(r"(?:\\|&&|\|\|?|[{(]|\b(?:then|do|else|in))[ \t]*\r?\Z")


class Line(Struct, frozen=True, kw_only=True):
    """One assignment, alone on its line."""

    indent: str
    keyword: str
    """`export `, as written; empty where there is none."""
    name: str
    words: Words
    value: tuple[int, int]
    """Where the right-hand side stands."""
    rest: str
    """Behind it: `; export NAME`, a comment, white space."""
    exported: bool


def read(text: str, variable: str, before: str) -> Line | None:
    """The line, where it is one plain assignment to `variable`; `before` is the line above it."""
    head = _HEAD.match(text)
    if head is None or head.group(3) != variable or _GOES_ON.search(before) or text.rstrip("\r").endswith("\\"):
        return None
    words = scan(text, head.end(), variable)
    if words is None:
        return None
    rest = text[words.end :]
    end = re.match(
        rf"[ \t]*(;[ \t]*export[ \t]+{variable}(?=[ \t;\r]|\Z))?[ \t]*;?(?:[ \t]*|(?<=[ \t;])#.*)\r?\Z", rest
    )
    if end is None:
        return None
    return Line(
        indent=head.group(1),
        keyword=head.group(2) or "",
        name=variable,
        words=words,
        value=(head.end(), words.end),
        rest=rest,
        exported=bool(head.group(2) or end.group(1)),
    )


def rewrite(text: str, before: str, wish: LineEdit) -> tuple[str, ...] | None:
    """What the line becomes; no line at all where it goes; None where it is not understood for certain."""
    line = read(text, wish.line.variable, before)
    if line is None:
        return None
    if wish.remove:
        return ()
    head = line.indent + line.keyword
    if wish.export and not line.exported:
        head = f"{line.indent}export {line.keyword}"
    if wish.value is not None:
        value = wish.value if PLAIN.match(wish.value) else _literal(wish.value)
        return None if value is None else (f"{head}{line.name}={value}{line.rest}",)
    if wish.line.effect is None:
        start, end = line.value
        return (f"{head}{line.name}={text[start:end]}{line.rest}",) if wish.export else None
    return _search_path(line, wish, head)


def _literal(value: str) -> str | None:
    if any(ord(letter) < 32 or letter in "!\x7f" for letter in value):
        return None
    return '"' + "".join(f"\\{letter}" if letter in '$`"\\' else letter for letter in value) + '"'


def _search_path(line: Line, wish: LineEdit, head: str) -> tuple[str, ...] | None:
    entries = chosen(line.words, wish, quoted)
    if entries is None:
        return None
    name, before, after = line.name, entries.before, entries.after
    if not before and not after:
        return ()
    if not line.words.keeps:
        return (f'{head}{name}="{":".join(before)}"{line.rest}',)
    if wish.guard:
        parts = [_guarded(name, one, f'{head.lstrip()}{name}="{one}${{{name}:+:${name}}}"') for one in reversed(before)]
        parts += [_guarded(name, one, f'{head.lstrip()}{name}="${{{name}:+${name}:}}{one}"') for one in after]
        return (f"{line.indent}{'; '.join(parts)}{line.rest}",)
    value = f"{':'.join(before)}${{{name}:+:${name}}}" if before else f"${{{name}:+${name}:}}"
    value += (":" if before and after else "") + ":".join(after)
    return (f'{head}{name}="{value}"{line.rest}',)


def _guarded(name: str, entry: str, command: str) -> str:
    return f'case ":${{{name}-}}:" in *":{entry}:"*) ;; *) {command} ;; esac'


class Chosen(Struct, frozen=True, kw_only=True):
    """The entries that are to stand there, each once, as they are written in the shell's language."""

    before: tuple[str, ...]
    """In front of the old value; all of them where it does not keep that."""
    after: tuple[str, ...]


def chosen(words: Words, wish: LineEdit, written: Callable[[Entry], str | None]) -> Chosen | None:
    """The entries of a line after the wish: what was mistyped replaced, what is dropped gone, nothing twice.

    None where the line's entries are not those that the facts tell of, or one of them cannot be written.
    """
    effect = wish.line.effect
    own = [one for one in words.entries if not one.old]
    if effect is None or effect.unknown or len(own) != len(effect.adds) or words.keeps is not effect.keeps:
        return None
    sides: list[list[str]] = [[]]
    done: set[str] = set()
    known = iter(effect.adds)
    for entry in words.entries:
        if entry.old:
            sides.append([])
            continue
        meant = next(known).text
        if entry.literal is not None and entry.literal != meant:
            return None
        other = dict(wish.swaps).get(meant)
        if meant in wish.drops or (other or meant) == ".":
            continue
        name = (other or meant).rstrip("/") or "/"
        if name in done:
            continue
        done.add(name)
        text = _plain(other) if other is not None else written(entry)
        if text is None:
            return None
        sides[-1].append(text)
    return Chosen(before=tuple(sides[0]), after=tuple(sides[1]) if len(sides) > 1 else ())


def _plain(directory: str) -> str | None:
    """A directory that the facts name, where no quotes are needed in any shell."""
    return directory if PLAIN.match(directory) else None
