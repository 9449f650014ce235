"""A line of fish, tcsh or /etc/environment written anew."""

from __future__ import annotations

import re

from cudadoctor.remedies.rc.model import LineEdit
from cudadoctor.remedies.rc.sh import Chosen, chosen
from cudadoctor.remedies.rc.words import PLAIN, Entry, Piece, Words, words

_END = r"[ \t]*;?[ \t]*(?:(?<=[ \t;])#.*)?\r?"
_FISH = re.compile(
    rf"([ \t]*)set((?:[ \t]+-{{1,2}}[A-Za-z-]+)*)[ \t]+([A-Za-z_]\w*)((?:[ \t]+[^\s#;&|()<>]+)*)({_END})\Z"
)
_CSH = re.compile(rf"([ \t]*)setenv[ \t]+([A-Za-z_]\w*)[ \t]+([^\s#;&|()<>]+)({_END})\Z")
_LINE = re.compile(r"([A-Za-z_]\w*)=(\"?)([^\"'$\\#\s]*)\2([ \t]*\r?)\Z")
_PART = re.compile(r"\$\{([A-Za-z_]\w*)\}|\{\$([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)|([A-Za-z0-9_./+@%,=-]+)|(:)")


def _pieces(word: str, variable: str) -> list[Piece] | None:
    """A word of plain letters, dividers and variables, in one pair of double quotes or in none."""
    if len(word) > 1 and word[0] == word[-1] == '"':
        word = word[1:-1]
    found: list[Piece] = []
    at = 0
    while at < len(word):
        match = _PART.match(word, at)
        if match is None:
            return None
        name = match.group(1) or match.group(2) or match.group(3)
        if name:
            found.append(Piece(kind="old") if name == variable else Piece(kind="ref", text=name))
        else:
            found.append(Piece(kind="divider") if match.group(5) else Piece(kind="text", text=match.group(4)))
        at = match.end()
    return found


def _plain_word(entry: Entry) -> str | None:
    """As a word of fish: a variable that is joined to letters in braces."""
    out = ""
    for piece in entry.pieces:
        out += f"{{${piece.text}}}" if piece.kind == "ref" else piece.text
    return out


def _csh_word(entry: Entry) -> str | None:
    """Between double quotes of tcsh. A pattern cannot come from a variable there: only literal directories."""
    return entry.literal


def fish(text: str, before: str, wish: LineEdit) -> tuple[str, ...] | None:
    """As `rc_sh.rewrite`."""
    match = _FISH.match(text)
    if match is None or match.group(3) != wish.line.variable or before.rstrip().endswith(("\\", "|", "(")):
        return None
    indent, written, name, rest, end = match.groups()
    options = written.split()
    short = "".join(one[1:] for one in options if not one.startswith("--"))
    longer = [one for one in options if one.startswith("--")]
    if set(short) - set("gxap") or set(longer) - {"--global", "--export", "--append", "--prepend", "--path"}:
        return None  # a universal variable outlives the line, a local one is another matter
    if wish.remove:
        return ()
    if wish.value is not None or wish.export:
        exported = "x" in short or "--export" in longer
        said = " ".join(options if exported else [*(options or ["-g"]), "-x"])
        value = rest.strip() if wish.value is None else wish.value
        fine = PLAIN.match(value) is not None or wish.value is None
        return (f"{indent}set {said} {name} {value}{end}",) if fine else None
    found = _fish_entries(rest, name, short, longer)
    entries = None if found is None else chosen(found, wish, _plain_word)
    if entries is None or found is None:
        return None
    scope = [f"-{kept}" for one in options if not one.startswith("--") and (kept := one[1:].translate(_NO_AP))]
    flags = [*scope, *(one for one in longer if one not in ("--append", "--prepend"))]
    return _fish_lines(entries, " ".join(["set", *flags, name]), name, indent, end, keeps=found.keeps)


_NO_AP = str.maketrans("", "", "ap")


def _fish_entries(rest: str, name: str, short: str, longer: list[str]) -> Words | None:
    pieces: list[Piece] = []
    for word in rest.split():
        found = _pieces(word, name)
        if found is None:
            return None
        pieces += [Piece(kind="divider"), *found] if pieces else found
    if "a" in short or "--append" in longer:
        pieces = [Piece(kind="old"), Piece(kind="divider"), *pieces]
    elif "p" in short or "--prepend" in longer:
        pieces = [*pieces, Piece(kind="divider"), Piece(kind="old")]
    return words(pieces, 0)


def _fish_lines(entries: Chosen, command: str, name: str, indent: str, end: str, *, keeps: bool) -> tuple[str, ...]:
    if not keeps:
        return (f"{indent}{command} {' '.join(entries.before)}{end}",) if entries.before else ()
    out: list[str] = []
    ordered = [(one, True) for one in reversed(entries.before)] + [(one, False) for one in entries.after]
    tail = end.rstrip("\r")
    eol = "\r" if end.endswith("\r") else ""
    for one, first in ordered:
        both = f"{one} ${name}" if first else f"${name} {one}"
        out += [
            f"{indent}if not contains -- {one} ${name}{tail}{eol}",
            f'{indent}    if test -n "${name}"{eol}',
            f"{indent}        {command} {both}{eol}",
            f"{indent}    else{eol}",
            f"{indent}        {command} {one}{eol}",
            f"{indent}    end{eol}",
            f"{indent}end{eol}",
        ]
        tail = ""
    return tuple(out)


def csh(text: str, before: str, wish: LineEdit) -> tuple[str, ...] | None:
    """As `rc_sh.rewrite`. Lines that add to the old value become a block: tcsh stops at one that is not set."""
    match = _CSH.match(text)
    if match is None or match.group(2) != wish.line.variable or before.rstrip().endswith(("\\", "|", "(", "&&")):
        return None
    indent, name, word, end = match.groups()
    if wish.remove:
        return ()
    if wish.value is not None:
        return (f"{indent}setenv {name} {wish.value}{end}",) if PLAIN.match(wish.value) else None
    pieces = _pieces(word, name)
    found = None if pieces is None else words(pieces, 0)
    entries = None if found is None else chosen(found, wish, _csh_word)
    if entries is None or found is None:
        return None
    if not entries.before and not entries.after:
        return ()
    if not found.keeps:
        return (f'{indent}setenv {name} "{":".join(entries.before)}"{end}',)
    eol = "\r" if end.endswith("\r") else ""
    out = [f'{indent}if ( ! $?{name} ) setenv {name} ""{end}']
    ordered = [(one, True) for one in reversed(entries.before)] + [(one, False) for one in entries.after]
    for one, first in ordered:
        both = f"{one}:${{{name}}}" if first else f"${{{name}}}:{one}"
        out += [
            f'{indent}if ( ":${{{name}}}:" !~ "*:{one}:*" ) then{eol}',
            f'{indent}  if ( "${{{name}}}" == "" ) then{eol}',
            f'{indent}    setenv {name} "{one}"{eol}',
            f"{indent}  else{eol}",
            f'{indent}    setenv {name} "{both}"{eol}',
            f"{indent}  endif{eol}",
            f"{indent}endif{eol}",
        ]
    return tuple(out)


def environment(text: str, before: str, wish: LineEdit) -> tuple[str, ...] | None:  # noqa: ARG001
    """As `rc_sh.rewrite`; nothing is expanded in such a file."""
    match = _LINE.match(text)
    if match is None or match.group(1) != wish.line.variable:
        return None
    name, quote, value, end = match.groups()
    if wish.remove:
        return ()
    if wish.value is not None:
        return (f"{name}={quote}{wish.value}{quote}{end}",) if PLAIN.match(wish.value) else None
    pieces = _pieces(value, name)
    found = None if pieces is None else words(pieces, 0)
    entries = None if found is None else chosen(found, wish, lambda entry: entry.literal)
    if entries is None:
        return None
    return (f"{name}={quote}{':'.join(entries.before)}{quote}{end}",) if entries.before else ()
