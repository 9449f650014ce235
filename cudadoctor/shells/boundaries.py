"""Lines of an rc file before which something may be put: nothing is open there that began further up.

Cautious: what looks odd counts as open until the end, so that a line is only called free where it surely is. The top of
the file always is.
"""

from __future__ import annotations

import re

from msgspec import Struct, field

from cudadoctor.shells.dialects import Family

_SH_OPENS = frozenset({"if", "case", "do"})
_SH_CLOSES = {"fi": "if", "esac": "case", "done": "do", "}": "{"}
_SH_FIRST = frozenset({"then", "else", "elif", "do", "{", "!", "time", "if", "while", "until", ")"})
"""Words behind which a command begins."""
_CSH_CLOSES = {"endif": "then", "end": "loop", "endsw": "switch"}
_HEREDOC = re.compile(r"<<(-?)[ \t]*(\\?)(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\3")
_SH_PIECE = re.compile(r"[^\s'\"\\`;&|()<>#$]+|\\.|\$[({]?|#|<<<|<<|[^\S\n]+|.", re.DOTALL)
_SIMPLE_SUBSTITUTION = re.compile(r"\$\([^()\"'`\\]*\)")
_CSH_WORD = re.compile(r"[^\s();&|]+|[();&|]")


class _State(Struct):
    open: list[str] = field(default_factory=list)
    quote: str = ""
    heredocs: list[tuple[str, bool]] = field(default_factory=list)
    continued: bool = False
    lost: bool = False
    """Something did not fit: nothing below is known to be free."""

    @property
    def free(self) -> bool:
        return not (self.open or self.quote or self.heredocs or self.continued or self.lost)


def free_lines(lines: list[str], family: Family) -> list[bool]:
    """For each line, and at the end for the place behind the last: whether something may be put before it."""
    state = _State()
    found: list[bool] = []
    for line in lines:
        found.append(state.free)
        text = line.rstrip("\r\n")
        if family == "csh":
            _csh_line(state, text)
        else:
            _sh_line(state, text)
    found.append(state.free)
    found[0] = True
    return found


def _sh_line(state: _State, line: str) -> None:
    if state.heredocs:
        word, tabs = state.heredocs[0]
        if (line.lstrip("\t") if tabs else line) == word:
            state.heredocs.pop(0)
        return
    commanding = not state.continued  # a word here begins a command
    state.continued = False
    at = 0
    after_space = True
    while at < len(line):
        if state.quote:
            at = _quoted(state, line, at)
            commanding = after_space = False
            continue
        match = _SH_PIECE.match(line, at)
        piece = match.group() if match else line[at]
        if (piece == "#" and after_space) or state.lost:
            return
        if piece == "\\":  # the last character of the line
            state.continued = True
            return
        if piece == "<<":
            at = _heredoc(state, line, at)
            continue
        at += len(piece)
        if not piece.isspace():
            commanding = _sh_piece(state, piece, commanding=commanding)
        after_space = piece.isspace() or piece in ";&|()"


def _sh_piece(state: _State, piece: str, *, commanding: bool) -> bool:
    """Take in a piece of a line; answer whether a word behind it begins a command."""
    if piece in "'\"`":
        state.quote = piece
        return False
    if piece in ("$(", "${", "("):
        state.open.append(piece if piece == "${" else "(")
        return piece != "${"
    if piece == ")":
        _close_paren(state)
    return True if piece in ";&|)" else _sh_word(state, piece, commanding=commanding)


def _heredoc(state: _State, line: str, at: int) -> int:
    heredoc = _HEREDOC.match(line, at)
    if heredoc is None:
        state.lost = True  # a shift, or a word that is quoted in another way
        return len(line)
    state.heredocs.append((heredoc.group(4), bool(heredoc.group(1))))
    return heredoc.end()


def _quoted(state: _State, line: str, at: int) -> int:
    """From inside a quote to behind its end, or to the end of the line."""
    while at < len(line):
        letter = line[at]
        if letter == "\\" and state.quote != "'":
            at += 2
        elif letter == state.quote:
            state.quote = ""
            return at + 1
        elif line.startswith("$(", at) and state.quote == '"':
            simple = _SIMPLE_SUBSTITUTION.match(line, at)
            if simple is None:
                state.lost = True  # quotes inside it are its own
                return len(line)
            at = simple.end()
        else:
            at += 1
    return at


def _close_paren(state: _State) -> None:
    if state.open and state.open[-1] == "(":
        state.open.pop()
    elif "case" not in state.open:
        state.lost = True


def _sh_word(state: _State, word: str, *, commanding: bool) -> bool:
    """Take in a word; answer whether the next one begins a command."""
    if state.open and state.open[-1] == "${":
        for _ in range(word.count("}")):
            if state.open and state.open[-1] == "${":
                state.open.pop()
        return False
    if word == "{":  # also behind `function name`, which no word tells from a command
        state.open.append(word)
        return True
    if not commanding:
        return False
    if word in _SH_OPENS:
        state.open.append(word)
    elif word in _SH_CLOSES:
        if state.open and state.open[-1] == _SH_CLOSES[word]:
            state.open.pop()
        else:
            state.lost = True
    return word in _SH_FIRST


def _csh_line(state: _State, line: str) -> None:
    if state.heredocs:
        if line == state.heredocs[0][0]:
            state.heredocs.pop(0)
        return
    was_continued, state.continued = state.continued, line.endswith("\\")
    text = re.split(r"(?:^|\s)#", line, maxsplit=1)[0]
    heredoc = re.search(r"<<\s*['\"\\]?(\S+?)['\"]?\s*$", text)
    if heredoc:
        state.heredocs.append((heredoc.group(1), False))
    words = _CSH_WORD.findall(text)
    if was_continued or not words:
        return
    first = words[0]
    if first in ("foreach", "while"):
        state.open.append("loop")
    elif first == "switch":
        state.open.append("switch")
    elif first == "if" and words[-1] == "then":
        state.open.append("then")
    elif first in _CSH_CLOSES:
        if state.open and state.open[-1] == _CSH_CLOSES[first]:
            state.open.pop()
        else:
            state.lost = True
