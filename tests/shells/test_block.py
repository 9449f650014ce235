"""The managed block: any bytes survive it, damage is refused, and it lies where the shell reads it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cudadoctor.shells import block, boundaries
from cudadoctor.shells.dialects import Family

LINES = ("export A=1", "export B=2")
OTHER = ("export A=3",)
FAMILIES: tuple[Family, ...] = ("posix", "fish", "csh")
MARKS = (block.BEGIN.encode(), block.END.encode())

PIECES = st.sampled_from(
    [
        b"", b"\n", b"\r\n", b"\r", b"# comment\n", b"export X=1\n", b"if true; then\n", b"fi\n", b"case $- in\n",
        b"  *i*) ;;\n", b"  *) return;;\n", b"esac\n", b"cat <<EOF\n", b"EOF\n", b"x='open\n", b"'\n", b"\\\n",
        b"# >>> conda initialize >>>\n", b"# <<< conda initialize <<<\n", b'[ -z "$PS1" ] && return\n', b"\xff\xfe\n",
        b"f() {\n", b"}\n", b"exit", b"if ( ! $?prompt ) exit\n", b"foreach x (a b)\n", b"end\n", b"$(", b"${", b"`\n",
    ]
)  # fmt: skip
FILES = st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=25).map(b"".join)).filter(
    lambda data: not any(mark in data for mark in MARKS)
)


@settings(max_examples=400, deadline=None)
@given(data=FILES, family=st.sampled_from(FAMILIES))
def test_any_bytes_come_back(data: bytes, family: Family) -> None:
    once = block.put(data, LINES, family)
    assert block.take(once) == data
    assert block.put(once, LINES, family) == once
    other = block.put(once, OTHER, family)
    assert other == block.put(data, OTHER, family)
    assert block.take(other) == data


@settings(max_examples=200, deadline=None)
@given(data=FILES, family=st.sampled_from(FAMILIES))
def test_the_lines_of_the_file_stay_whole(data: bytes, family: Family) -> None:
    written = block.put(data, LINES, family)
    span = block.find(written)
    assert span is not None
    assert written[span.start : span.end].rstrip(b"\n") == "\n".join(block.rendered(LINES)).encode()
    assert span.start == 0 or written[span.start - 1 : span.start] == b"\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\n{B}\nb\n", (2,)),
        ("a\n{E}\nb\n", (2,)),
        ("{E}\nb\n{B}\n", (1, 3)),
        ("{B}\n{E}\n{B}\n{E}\n", (1, 2, 3, 4)),
        ("{B}\n{B}\nx\n{E}\n{E}\n", (1, 2, 4, 5)),
        ("x\r\n  {B}\r\n{B}\r\n{E}\r\n", (2, 3, 4)),
    ],
)
def test_damaged_markers_are_refused_with_their_lines(text: str, lines: tuple[int, ...]) -> None:
    data = text.format(B=block.BEGIN, E=block.END).encode()
    with pytest.raises(block.DamagedBlock) as refused:
        block.put(data, LINES, "posix")
    assert refused.value.lines == lines
    assert all(str(line) in str(refused.value) for line in lines)
    with pytest.raises(block.DamagedBlock):
        block.take(data)


def test_a_block_that_an_editor_gave_windows_line_ends_is_found() -> None:
    data = b"a\r\n" + "\r\n".join(block.rendered(LINES)).encode() + b"\r\nb\r\n"
    assert block.take(data) == b"a\r\nb\r\n"
    assert b"\r" not in block.put(data, LINES, "posix").replace(b"a\r\n", b"").replace(b"b\r\n", b"")


def above(text: str, family: Family = "posix") -> str:
    """What stands above the block."""
    written = block.put(text.encode(), LINES, family)
    return written[: written.index(MARKS[0])].decode()


DEBIAN = "# a\n\n# If not running interactively, leave\ncase $- in\n    *i*) ;;\n      *) return;;\nesac\nexport Z=1\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("export A=1\n", "export A=1\n"),
        (DEBIAN, "# a\n\n"),
        ('a=1\n[ -z "$PS1" ] && return\nb=1\n', "a=1\n"),
        ("a=1\n[[ $- != *i* ]] && return\nb=1\n", "a=1\n"),
        ("a=1\n[[ $- == *i* ]] || return\n", "a=1\n"),
        ('a=1\nif [ -z "${PS1:-}" ]; then\n  return\nfi\nb=1\n', "a=1\n"),
        ("a=1\n[[ -o interactive ]] || return\n", "a=1\n"),
        ("a=1\n[ -t 0 ] || exit\nb=1\n", "a=1\n"),
        ("#!/bin/bash\n# why\nreturn\n", "#!/bin/bash\n"),
        ("a=1\nexec fish\n", "a=1\n"),
        ("a=1\n# >>> conda initialize >>>\n__x=1\n# <<< conda initialize <<<\nb=1\n", "a=1\n"),
        ("a=1\n. /opt/miniforge3/etc/profile.d/conda.sh\n", "a=1\n"),
        ('a=1\n# added by Anaconda3 installer\nexport PATH="/home/u/anaconda3/bin:$PATH"\n', "a=1\n"),
        ("a=1\nexport PATH=/opt/miniconda3/bin:$PATH\nb=1\n", "a=1\n"),
        ("case $- in *i*) set -o vi;; esac\nb=1\n", "case $- in *i*) set -o vi;; esac\nb=1\n"),  # nobody leaves there
        ("PS1='$ '\nb=1\n", "PS1='$ '\nb=1\n"),
        # Where something is open, the place is looked for further up.
        ('a=1\nif true; then\n  [ -z "$PS1" ] && return\nfi\nb=1\n', "a=1\n"),
        ("a=1\ncat <<EOF\nreturn\nEOF\nb=1\n", "a=1\n"),
        ('a=1\nf() {\n[ -z "$PS1" ] && return\n}\nb=1\n', "a=1\n"),
        ("a=1\nfunction f {\nreturn\n}\n", "a=1\n"),
        ("a=1\nx='\nreturn\n'\n", "a=1\n"),
        ("a=1\necho \\\nreturn\n", "a=1\n"),
        ("a=1\necho open \\", "a=1\n"),
        ("a=1\nx='open\n", "a=1\n"),
        ("x=$(( 1 << 2 ))\nb=1\n", ""),  # not understood: the top is always right
    ],
)  # fmt: skip
def test_place_in_posix_files(text: str, expected: str) -> None:
    assert above(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("set a = 1\nif ( ! $?prompt ) exit\nset b = 1\n", "set a = 1\n"),
        ("if ($?prompt) then\n set a = 1\nendif\nset b = 1\n", "if ($?prompt) then\n set a = 1\nendif\nset b = 1\n"),
        ("set a = 1\nif ( -f x ) then\n  source /opt/conda/etc/profile.d/conda.csh\nendif\n", "set a = 1\n"),
        ("set a = 1\nif ( -f x ) then\n  exit\nendif\n", "set a = 1\nif ( -f x ) then\n  exit\nendif\n"),
    ],
)
def test_place_in_csh_files(text: str, expected: str) -> None:
    assert above(text, "csh") == expected


WHOLE = (
    "a=${b:-${c}x} d=${#e} f=${g#h}\n",
    "if a; then b; elif c; then d; else e; fi\n",
    "for x in 1 2; do while true; do break; done; done\n",
    "case x in (a) b ;; c|d) e ;; *) f ;; esac\n",
    "f() { a; }; g () { if a; then b; fi; }\n",
    'a="x $(b) `c` ${d}" e=$(f "g") h=\'i\'\n',
    "x=(a b\n  'c d'\n)\n",
    "cat <<-'EOF' | b\n\tif [ x\n\tEOF\n",
    "cat <<< 'x'; [[ a == *b* ]] && c; (( d ))\n",
    "# it's a comment with ' and if\n",
    "a # it's\n",
    "echo \\' \\\" \\# \\( if fi\n",
)


@pytest.mark.parametrize("text", WHOLE)
def test_whole_commands_leave_nothing_open(text: str) -> None:
    rows = text.splitlines(keepends=True)
    assert boundaries.free_lines(rows, "posix")[-1]


@settings(max_examples=150, deadline=None)
@given(
    pieces=st.lists(
        st.sampled_from([*WHOLE, DEBIAN, "x='a\n'\n", "f() {\n :\n}\n", "if :; then\n :\nfi\n"]), max_size=6
    )
)
def test_a_file_that_parses_still_parses_with_the_block(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    rc = tmp_path_factory.mktemp("rc") / "rc"
    rc.write_bytes(block.put("".join(pieces).encode(), LINES, "posix"))
    assert subprocess.run(["bash", "-n", str(rc)], capture_output=True, check=False).returncode == 0


def test_the_block_is_at_the_top_level_of_real_files(tmp_path: Path) -> None:
    """The files that distributions give to new users: still read as a whole, and the lines take effect."""
    for name in (".bashrc", ".profile"):
        skeleton = Path("/etc/skel") / name
        if not skeleton.is_file():
            pytest.skip("no /etc/skel here")
        rc = tmp_path / name
        rc.write_bytes(block.put(skeleton.read_bytes(), LINES, "posix"))
        done = subprocess.run(
            ["bash", "-c", f". {rc}; echo $A$B"], capture_output=True, text=True, check=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        )  # fmt: skip
        assert done.stdout == "12\n"
