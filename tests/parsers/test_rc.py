"""Assignments in rc files of every dialect."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cudadoctor.parsers import rc


def found(text: str, dialect: rc.Dialect = "sh") -> list[tuple[int, str, str, bool]]:
    return [
        (item.line, item.variable, item.value, item.exported)
        for item in rc.parse(text, dialect, lambda name: name in {"PATH", "LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH"})
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("export CUDA_HOME=/usr/local/cuda", [(1, "CUDA_HOME", "/usr/local/cuda", True)]),
        ("CUDA_HOME=/x", [(1, "CUDA_HOME", "/x", False)]),
        ("CUDA_HOME=/x\nexport CUDA_HOME", [(1, "CUDA_HOME", "/x", True)]),
        ("PATH=/x:$PATH", [(1, "PATH", "/x:$PATH", True)]),
        ("export CUDA_HOME=/a CUDA_PATH=/b", [(1, "CUDA_HOME", "/a", True), (1, "CUDA_PATH", "/b", True)]),
        ("declare -x CUDA_HOME=/x", [(1, "CUDA_HOME", "/x", True)]),
        ("typeset -gx CUDA_HOME=/x", [(1, "CUDA_HOME", "/x", True)]),
        ("declare CUDA_HOME=/x", [(1, "CUDA_HOME", "/x", False)]),
        ("set -a\nCUDA_HOME=/x\nset +a\nCUDA_PATH=/y", [(2, "CUDA_HOME", "/x", True), (4, "CUDA_PATH", "/y", False)]),
        ("export LD_LIBRARY_PATH+=:/x", [(1, "LD_LIBRARY_PATH", "$LD_LIBRARY_PATH:/x", True)]),
        ("if [ -d /x ]; then export CUDA_HOME=/x; fi", [(1, "CUDA_HOME", "/x", True)]),
        ("[ -d /x ] && export CUDA_HOME=/x", [(1, "CUDA_HOME", "/x", True)]),
        ("case $- in *i*) CUDA_HOME=/x ;; esac", [(1, "CUDA_HOME", "/x", False)]),
        ("f() {\n  export CUDA_HOME=/x\n}", [(2, "CUDA_HOME", "/x", True)]),
        ("# export CUDA_HOME=/x\necho 'export CUDA_HOME=/y'", []),
        ("echo CUDA_HOME=/x", []),
        ("CUDA_HOME=/x nvcc --version", []),
        ("'CUDA_HOME=/x'", []),
        ("export MY_CUDA_HOME=/x", []),
        ("export CUDA_HOME='/a b' # why", [(1, "CUDA_HOME", "/a b", True)]),
        ('export CUDA_HOME="/a b"', [(1, "CUDA_HOME", "/a b", True)]),
        ("export CUDA_HOME=/a\\ b", [(1, "CUDA_HOME", "/a b", True)]),
        ("\n\nexport \\\n  CUDA_HOME=/x", [(4, "CUDA_HOME", "/x", True)]),
        ('export PATH="$(dirname "$X")":$PATH', [(1, "PATH", '$(dirname "$X"):$PATH', True)]),
        (
            'export LD_LIBRARY_PATH="/x${LD_LIBRARY_PATH:+:${LD_LIBRARY_PATH}}"',
            [(1, "LD_LIBRARY_PATH", "/x${LD_LIBRARY_PATH:+:${LD_LIBRARY_PATH}}", True)],
        ),
        (
            "cat > /f <<'EOF'\nexport CUDA_HOME=/inside\nEOF\nexport CUDA_HOME=/after",
            [(4, "CUDA_HOME", "/after", True)],
        ),
        ("cat <<-E\n\tCUDA_HOME=/inside\n\tE\nCUDA_PATH=/after", [(4, "CUDA_PATH", "/after", False)]),
        ("read x <<< word\nCUDA_HOME=/x", [(2, "CUDA_HOME", "/x", False)]),
        ("path=(/usr/local/cuda/bin $path)", [(1, "PATH", "/usr/local/cuda/bin:$path", True)]),
        ("path+=(/usr/local/cuda/bin)", [(1, "PATH", "$PATH:/usr/local/cuda/bin", True)]),
        ("export CUDA_HOME=$CUDA_HOME:/usr/local/cuda", [(1, "CUDA_HOME", "$CUDA_HOME:/usr/local/cuda", True)]),
        ("export CUDA_HOME=/x;export CUDA_PATH=/y", [(1, "CUDA_HOME", "/x", True), (1, "CUDA_PATH", "/y", True)]),
        ("export CUDA_HOME=", [(1, "CUDA_HOME", "", True)]),
        (
            "export CUDA_HOME=/x\r\nexport CUDA_PATH=/y\r\n",
            [(1, "CUDA_HOME", "/x", True), (2, "CUDA_PATH", "/y", True)],
        ),
    ],
)
def test_sh(text: str, expected: list[tuple[int, str, str, bool]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("set -gx CUDA_HOME /usr/local/cuda", [(1, "CUDA_HOME", "/usr/local/cuda", True)]),
        ("set -x -g CUDA_HOME /x", [(1, "CUDA_HOME", "/x", True)]),
        ("set CUDA_HOME /x", [(1, "CUDA_HOME", "/x", False)]),
        ("set --export CUDA_HOME /x", [(1, "CUDA_HOME", "/x", True)]),
        ("set -e CUDA_HOME\nset -q CUDA_HOME", []),
        ("set -gx PATH /a /b $PATH", [(1, "PATH", "/a:/b:$PATH", True)]),
        ("set -gxa LD_LIBRARY_PATH /a", [(1, "LD_LIBRARY_PATH", "$LD_LIBRARY_PATH:/a", True)]),
        ("set -gxp LD_LIBRARY_PATH /a", [(1, "LD_LIBRARY_PATH", "/a:$LD_LIBRARY_PATH", True)]),
        ("fish_add_path -g /usr/local/cuda/bin", [(1, "PATH", "/usr/local/cuda/bin:$PATH", True)]),
        ("fish_add_path --append /x", [(1, "PATH", "$PATH:/x", True)]),
        ("test -d /x; and set -gx CUDA_HOME /x", [(1, "CUDA_HOME", "/x", True)]),
        ("if test -d /x\n  set -gx CUDA_HOME (realpath /x)\nend", [(2, "CUDA_HOME", "(realpath /x)", True)]),
        ("export CUDA_HOME=/x", [(1, "CUDA_HOME", "/x", True)]),
        ("# set -gx CUDA_HOME /x\nset", []),
    ],
)
def test_fish(text: str, expected: list[tuple[int, str, str, bool]]) -> None:
    assert found(text, "fish") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("setenv CUDA_HOME /usr/local/cuda", [(1, "CUDA_HOME", "/usr/local/cuda", True)]),
        ('setenv PATH "/x:${PATH}"', [(1, "PATH", "/x:${PATH}", True)]),
        ("set path = (/usr/local/cuda/bin $path)", [(1, "PATH", "/usr/local/cuda/bin:$path", True)]),
        ("set path=(/a /b)", [(1, "PATH", "/a:/b", True)]),
        ("if ( -d /x ) setenv CUDA_HOME /x", [(1, "CUDA_HOME", "/x", True)]),
        ("if ($?LD_LIBRARY_PATH) then\n setenv LD_LIBRARY_PATH /x\nendif", [(2, "LD_LIBRARY_PATH", "/x", True)]),
        ("set prompt = '%'\n# setenv CUDA_HOME /x", []),
    ],
)
def test_csh(text: str, expected: list[tuple[int, str, str, bool]]) -> None:
    assert found(text, "csh") == expected


def test_environment_files() -> None:
    text = '# c\nPATH="/usr/bin:/bin"\nexport CUDA_HOME=/x\nCUDA_PATH = spaced\n'
    assert found(text, "environment") == [(2, "PATH", "/usr/bin:/bin", True), (3, "CUDA_HOME", "/x", True)]
    pam = 'LD_LIBRARY_PATH DEFAULT=/a:/b\nCUDA_HOME OVERRIDE="/c d"\nPATH=/e\n'
    assert found(pam, "pam") == [
        (1, "LD_LIBRARY_PATH", "/a:/b", True),
        (2, "CUDA_HOME", "/c d", True),
        (3, "PATH", "/e", True),
    ]


def test_the_text_is_the_line_of_the_file() -> None:
    (item,) = rc.parse("x=1\n   export CUDA_HOME=/x  # why\n", "sh", lambda name: name == "CUDA_HOME")
    assert (item.line, item.text) == (2, "export CUDA_HOME=/x  # why")


DIALECTS: tuple[rc.Dialect, ...] = ("sh", "fish", "csh", "environment", "pam")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="PATHx=$(){}[]'\"`\\ \n\t;&|<>#:/+-!E", max_size=200), st.sampled_from(DIALECTS))
def test_never_fails(text: str, dialect: rc.Dialect) -> None:
    for item in rc.parse(text + "\nPATH", dialect, lambda _: True):
        assert 1 <= item.line <= text.count("\n") + 2


@pytest.mark.parametrize("piece", ['"$(', "${", "'", "`", "$(", "(", '"', "<<E\n", "\\", '"${"$(', "PATH=(", "a=b "])
def test_takes_time_in_proportion_to_the_text(piece: str) -> None:
    rc.parse("PATH=" + piece * 40_000, "sh", lambda _: True)  # would take minutes if it were quadratic


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab/: '\"\\", max_size=12))
def test_quotes_are_removed_as_bash_removes_them(raw: str) -> None:
    """Against a real bash: whatever it takes for one word, is the same word here."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    script = f"export CUDA_HOME={raw}\n"
    done = subprocess.run(
        [bash, "--norc", "-c", script + 'printf %s "$CUDA_HOME"'], capture_output=True, text=True, check=False
    )
    items = rc.parse(script, "sh", lambda name: name == "CUDA_HOME")
    if done.returncode == 0 and not done.stderr:
        assert [item.value for item in items] == [done.stdout]
