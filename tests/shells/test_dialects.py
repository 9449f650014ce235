"""Every emitted form in the real shells: exact values, whatever was there before and however often it is read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cudadoctor.shells import block, dialects, values
from cudadoctor.shells.paths import wanted
from tests.shells import running

ODD = (
    "plain-13.0",
    "a  space ",
    "it's",
    'double"quote',
    "$HOME",
    "${PATH}$(id)",
    "`id`",
    "bang!x!!",
    "ünïcødé 漢字",
    "backslash\\",
    "\\n back\\\\slash\\t",
    "star*[a-c]?",
    "[x]{a,b}~",
    "-dash",
    "#hash",
    "percent%s%d",
    "(paren)&|<>",
    "tail\\'",
    "^caret,comma=",
    "@at+",
    "\\[\\*",
)
PRESET = {
    "PATH": ("/usr/bin:/bin", "/opt/with space/b in:/usr/bin:/bin", "/u$x/[b]*:/usr/bin"),
    "LD_LIBRARY_PATH": ("/opt/lib", "/opt/my lib:/x*"),
}


@pytest.fixture(params=list(running.PROGRAMS))
def program(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    reason = running.missing(name)
    if reason:
        pytest.skip(reason)
    return name


def toolkit(tmp_path: Path, name: str = "cuda-13.0") -> Path:
    root = tmp_path / "toolkits" / name
    for folder in ("bin", "lib64"):
        (root / folder).mkdir(parents=True)
    return root


def rc_file(tmp_path: Path, program: str, root: Path | str, *, library: bool = False) -> Path:
    shell = dialects.shell_named(running.LANGUAGE.get(program, "sh"))
    rc = tmp_path / "home" / "rc"
    rc.parent.mkdir(exist_ok=True)
    lines = block.rendered(dialects.lines(shell, wanted(str(root), ld_library_path=library)))
    rc.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return rc


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("path", PRESET["PATH"])
def test_preset_values_get_the_toolkit_in_front_once(program: str, tmp_path: Path, path: str, times: int) -> None:
    root = toolkit(tmp_path)
    rc = rc_file(tmp_path, program, root, library=True)
    for library in PRESET["LD_LIBRARY_PATH"]:
        got = running.after(program, rc, {"PATH": path, "LD_LIBRARY_PATH": library}, times=times)
        assert got == {
            "CUDA_HOME": str(root),
            "PATH": f"{root}/bin:{path}",
            "LD_LIBRARY_PATH": f"{root}/lib64:{library}",
        }


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("old", [None, "", ":", "::", ";"])
def test_unset_and_empty_variables_get_no_empty_entry(
    program: str, tmp_path: Path, old: str | None, times: int
) -> None:
    root = toolkit(tmp_path)
    rc = rc_file(tmp_path, program, root, library=True)
    env = {"PATH": "/usr/bin:/bin"} | ({} if old is None else {"LD_LIBRARY_PATH": old})
    assert running.after(program, rc, env, times=times)["LD_LIBRARY_PATH"] == f"{root}/lib64"


@pytest.mark.parametrize("old", ["/a:", ":/a", "/a::/b", ":::/a::::/b:", "/a;/b", ";/a;;/b:;", "/a:;:/b"])
def test_empty_entries_that_were_there_are_taken_out(program: str, tmp_path: Path, old: str) -> None:
    root = toolkit(tmp_path)
    rc = rc_file(tmp_path, program, root, library=True)
    for before in (old, f"{old}:{root}/lib64:", f"::{root}/lib64:{old}"):
        for times in (1, 2):
            env = {"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": before}
            got = running.after(program, rc, env, times=times)["LD_LIBRARY_PATH"]
            expected = values.library_path(before, f"{root}/lib64")
            assert got == expected
            assert "" not in got.replace(";", ":").split(":")


def test_without_the_option_the_loader_variable_is_left_alone(program: str, tmp_path: Path) -> None:
    root = toolkit(tmp_path)
    rc = rc_file(tmp_path, program, root)
    env = {"PATH": "/usr/bin:/bin"}
    assert "LD_LIBRARY_PATH" not in running.after(program, rc, env)
    assert running.after(program, rc, env | {"LD_LIBRARY_PATH": ":/a:"})["LD_LIBRARY_PATH"] == ":/a:"
    assert "LD_LIBRARY_PATH" not in rc.read_text()


@pytest.mark.parametrize("path", [None, ""])
def test_path_unset_and_empty(program: str, tmp_path: Path, path: str | None) -> None:
    root = toolkit(tmp_path)
    rc = rc_file(tmp_path, program, root)
    got = running.after(program, rc, {} if path is None else {"PATH": path}, times=2)["PATH"].split(":")
    assert got[0] == f"{root}/bin"
    assert got.count(f"{root}/bin") == 1
    assert "" not in got


def test_nothing_happens_without_the_directory(program: str, tmp_path: Path) -> None:
    rc = rc_file(tmp_path, program, tmp_path / "not-there", library=True)
    env = {"PATH": "/usr/bin:/bin"}
    assert running.after(program, rc, env) == env
    only_bin = tmp_path / "only-bin"
    (only_bin / "bin").mkdir(parents=True)
    rc = rc_file(tmp_path, program, only_bin, library=True)
    assert running.after(program, rc, env) == {"CUDA_HOME": str(only_bin), "PATH": f"{only_bin}/bin:/usr/bin:/bin"}


@pytest.mark.parametrize("name", ODD)
def test_odd_paths_arrive_unchanged_and_once(program: str, tmp_path: Path, name: str) -> None:
    root = toolkit(tmp_path, name)
    rc = rc_file(tmp_path, program, root, library=True)
    for times in (1, 3):
        got = running.after(program, rc, {"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": "/a"}, times=times)
        assert got == {
            "CUDA_HOME": str(root),
            "PATH": f"{root}/bin:/usr/bin:/bin",
            "LD_LIBRARY_PATH": f"{root}/lib64:/a",
        }


@pytest.mark.parametrize("name", ["star*", "q?x", "[ab]c"])
def test_a_directory_that_the_name_would_match_as_a_pattern_is_another(program: str, tmp_path: Path, name: str) -> None:
    root = toolkit(tmp_path, name)
    other = tmp_path / "toolkits" / name.replace("*", "fish").replace("?", "z").replace("[ab]", "a")
    rc = rc_file(tmp_path, program, root, library=True)
    env = {"PATH": f"{other}/bin:/usr/bin:/bin", "LD_LIBRARY_PATH": f"{other}/lib64"}
    got = running.after(program, rc, env)
    assert got["PATH"] == f"{root}/bin:{env['PATH']}"
    assert got["LD_LIBRARY_PATH"] == f"{root}/lib64:{other}/lib64"


def test_a_longer_or_shorter_name_is_not_the_same_entry(program: str, tmp_path: Path) -> None:
    root = toolkit(tmp_path)
    rc = rc_file(tmp_path, program, root)
    path = f"{root}/bin64:/x{root}/bin:{root}/bin/:/usr/bin:/bin"
    assert running.after(program, rc, {"PATH": path})["PATH"] == f"{root}/bin:{path}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("C/bin:/usr/bin:/bin", "C/bin:T:/usr/bin:/bin"),
        ("/usr/bin:C/bin", "/usr/bin:C/bin:T"),
        ("/pre/C/binary:C/bin:/bin:C/bin:/x", "/pre/C/binary:C/bin:T:/bin:C/bin:/x"),
        ("/usr/bin:/bin", "T:/usr/bin:/bin"),  # the environment's directory is not on PATH
        ("C/bin:T:/usr/bin", "C/bin:T:/usr/bin"),
    ],
)
def test_an_active_conda_environment_stays_in_front(program: str, tmp_path: Path, old: str, new: str) -> None:
    root = toolkit(tmp_path)
    conda = tmp_path / "it's [conda]* $x"
    conda.mkdir()
    rc = rc_file(tmp_path, program, root)

    def real(text: str) -> str:
        return text.replace("T", f"{root}/bin").replace("C/", f"{conda}/")

    for times in (1, 2):
        env = {"PATH": real(old), "CONDA_PREFIX": str(conda)}
        assert running.after(program, rc, env, times=times)["PATH"] == real(new)
    env = {"PATH": "/usr/bin:/bin", "CONDA_PREFIX": ""}  # `/bin` is nobody's environment
    assert running.after(program, rc, env)["PATH"] == f"{root}/bin:/usr/bin:/bin"


@pytest.mark.parametrize("program", ["bash", "zsh", "dash", "ksh", "mksh", "busybox"])
@pytest.mark.parametrize("preset", [{}, {"LD_LIBRARY_PATH": ""}, {"LD_LIBRARY_PATH": ":/a:;"}, {"CONDA_PREFIX": "/c"}])
def test_strict_shells_go_through(program: str, tmp_path: Path, preset: dict[str, str]) -> None:
    if running.missing(program):
        pytest.skip(f"{program} is not installed")
    root = toolkit(tmp_path)
    rc = rc_file(tmp_path, program, root, library=True)
    got = running.after(program, rc, {"PATH": "/c/bin:/usr/bin", **preset}, times=2, options="eu")
    assert got["CUDA_HOME"] == str(root)


def test_the_values_worked_out_here_are_those_of_the_shells(program: str, tmp_path: Path) -> None:
    root = toolkit(tmp_path)
    rc = rc_file(tmp_path, program, root, library=True)
    for env in (
        {"PATH": "/usr/bin:/bin"},
        {"PATH": "/c/bin:/usr/bin", "CONDA_PREFIX": "/c", "LD_LIBRARY_PATH": "::/a::"},
        {"PATH": f"/usr/bin:{root}/bin", "LD_LIBRARY_PATH": f"/a:{root}/lib64"},
    ):
        want = wanted(str(root), ld_library_path=True)
        assert running.after(program, rc, env) == values.values(want, env)


def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    for name in ODD:
        root = toolkit(tmp_path, name)
        for shell in ("bash", "sh"):
            rc = rc_file(tmp_path, shell, root, library=True)
            command = ["shellcheck", "-o", "all", "-e", "SC2250,SC2292", "-s", shell, str(rc)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stdout) == (0, "")


def test_nothing_is_read_from_standard_input(program: str, tmp_path: Path) -> None:
    """A command over ssh keeps its input: fish's `string` without arguments would eat it."""
    root = toolkit(tmp_path)
    rc = rc_file(tmp_path, program, root, library=True)
    read = "source" if program in ("fish", "tcsh") else "."
    start = running.PROGRAMS[program]
    executable = shutil.which(start[0]) or start[0]
    done = subprocess.run(
        [executable, *start[1:], "-c", f"{read} {rc}\n/bin/cat"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}, input=b"mine\n", capture_output=True, timeout=60,
        check=True,
    )  # fmt: skip
    assert done.stdout == b"mine\n"
