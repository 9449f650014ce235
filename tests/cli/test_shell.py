"""`cudadoctor shell` and `cudadoctor undo`, as a user starts them."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOG = (
    "export CUDA_HOME=/usr/local/cuda\n"
    'export LD_LIBRARY_PATH=/usr/local/cuda/lib64:"$LD_LIBRARY_PATH:/usr/loacl/cuda/lib64:'
    '/usr/local/cuda/extras/CUPTI/lib64"\n'
    "export PATH=/usr/local/cuda/bin:$PATH\n"
)
GUARDED = "# mine\ncase $- in\n  *i*) ;;\n  *) return;;\nesac\nexport Z=1"


class User:
    """Somebody with a home, a shell and a toolkit."""

    def __init__(self, base: Path, shell: str = "/bin/bash") -> None:
        self.home = base / "home"
        self.home.mkdir()
        self.cuda = base / "cuda-12.4"
        for folder in ("bin", "lib64"):
            (self.cuda / folder).mkdir(parents=True)
        self.env = {"HOME": str(self.home), "SHELL": shell, "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
        self.rc = self.home / ".bashrc"

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cudadoctor", *words], env={**self.env, **more}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def done(self, *words: str, **more: str) -> str:
        done = self.run(*words, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def apply(self, *words: str) -> str:
        return self.done("shell", "--cuda", str(self.cuda), "--apply", "--yes", *words)

    def files(self) -> dict[str, bytes]:
        """All but the state directory."""
        found = {}
        for path in self.home.rglob("*"):
            name = path.relative_to(self.home).as_posix()
            if not name.startswith(".local") and path.is_file():
                found[name] = path.read_bytes()
        return found


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


def one_line(done: subprocess.CompletedProcess[str], code: int) -> str:
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_printed_lines_are_those_that_apply_writes(user: User) -> None:
    printed = user.done("shell", "--cuda", str(user.cuda))
    user.apply()
    assert user.rc.read_text() == printed
    assert "LD_LIBRARY_PATH" not in printed
    assert "LD_LIBRARY_PATH" in user.done("shell", "--cuda", str(user.cuda), "--ld-library-path")


@pytest.mark.parametrize("shell", ["bash", "zsh", "sh", "fish", "tcsh"])
def test_every_shell_gets_its_own_file_and_gives_it_back(user: User, shell: str) -> None:
    user.apply("--shell", shell)
    before = user.files()
    names = {"bash": ".bashrc", "zsh": ".zshrc", "sh": ".profile", "tcsh": ".tcshrc"}
    assert list(before) == [names.get(shell, ".config/fish/conf.d/cudadoctor.fish")]
    user.apply("--shell", shell)
    assert user.files() == before
    user.done("shell", "--remove", "--yes")
    assert user.files() == {}, "nobody else's: the file goes with the block"
    user.done("undo")
    assert user.files() == before
    user.done("undo")
    assert user.files() == {}


@pytest.mark.parametrize(
    "content",
    [b"", b"a=1", b"a=1\n", b"a=1\r\nb=2\r\n", b"\xff\xfe=\x80", GUARDED.encode(), BLOG.encode(), b"x='open\n\n\n"],
)
def test_apply_remove_and_apply_undo_give_the_same_bytes(user: User, content: bytes) -> None:
    user.rc.write_bytes(content)
    user.apply()
    applied = user.rc.read_bytes()
    user.apply()
    assert user.rc.read_bytes() == applied
    user.done("shell", "--remove", "--yes")
    assert user.rc.read_bytes() == content
    user.apply()
    user.done("undo")
    assert user.rc.read_bytes() == content


def test_the_toolkit_is_there_for_commands_over_ssh(user: User) -> None:
    """The block lies above the line that ends the file for shells without a prompt."""
    user.rc.write_text(GUARDED)
    user.apply()
    done = subprocess.run(
        ["bash", "-c", '. "$HOME/.bashrc"; echo "$CUDA_HOME"'], env=user.env, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{user.cuda}\n"


def test_apply_after_the_blogs_lines_leaves_a_working_shell(user: User) -> None:
    user.rc.write_text(BLOG)
    user.apply("--ld-library-path")
    script = '. "$HOME/.bashrc"; . "$HOME/.bashrc"; /usr/bin/env -0'
    done = subprocess.run(
        ["bash", "-euc", script], env={**user.env, "LD_LIBRARY_PATH": ""}, capture_output=True, check=True
    )
    found = dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0") if entry)
    assert found["CUDA_HOME"] == str(user.cuda)
    assert "" not in found["LD_LIBRARY_PATH"].split(":")
    assert found["PATH"].split(":").count(f"{user.cuda}/bin") == 1
    assert user.rc.read_text().startswith(BLOG), "the user's own lines are never edited"


def test_another_toolkit_takes_the_place_of_the_first(user: User, tmp_path: Path) -> None:
    user.apply()
    other = tmp_path / "cuda-13.0"
    (other / "bin").mkdir(parents=True)
    user.done("shell", "--cuda", str(other), "--apply", "--yes")
    text = user.rc.read_text()
    assert str(other) in text
    assert str(user.cuda) not in text
    assert text.count(">>> cudadoctor >>>") == 1


def test_the_diff_comes_first_and_without_a_terminal_yes_is_needed(user: User) -> None:
    user.rc.write_text("a=1\n")
    done = user.run("shell", "--cuda", str(user.cuda), "--apply")
    assert done.returncode == 2
    assert "+# >>> cudadoctor >>>" in done.stdout.splitlines()
    assert "--yes" in done.stderr.splitlines()[-1]
    assert user.files() == {".bashrc": b"a=1\n"}
    assert not (user.home / ".local").exists()


@pytest.mark.parametrize(("answer", "code", "written"), [("y\n", 0, True), ("n\n", 130, False), ("\n", 130, False)])
def test_asked_once_on_a_terminal(user: User, answer: str, code: int, written: bool) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(
            sys.executable,
            [sys.executable, "-m", "cudadoctor", "shell", "--cuda", str(user.cuda), "--apply"],
            user.env | {"TERM": "dumb"},
        )
    seen = b""
    while b"[y/N]" not in seen:
        seen += os.read(terminal, 4096)
    os.write(terminal, answer.encode())
    try:
        while piece := os.read(terminal, 4096):
            seen += piece
    except OSError:
        pass  # the other end is closed: Linux says EIO
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == code
    assert seen.index(b"+# >>> cudadoctor >>>") < seen.index(b"[y/N]")
    assert seen.count(b"[y/N]") == 1
    assert user.rc.exists() is written


def test_a_link_of_a_dotfile_manager(user: User, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "bashrc"
    real.parent.mkdir()
    real.write_text("a=1\n")
    real.chmod(0o600)
    user.rc.symlink_to(real)
    assert str(real) in user.run("shell", "--cuda", str(user.cuda), "--apply", "--yes").stderr
    assert user.rc.is_symlink()
    assert "cudadoctor" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    user.done("undo")
    assert (real.read_text(), user.rc.is_symlink()) == ("a=1\n", True)


def test_undo_of_an_edited_file_keeps_the_edits(user: User) -> None:
    user.rc.write_text("a=1\n")
    user.apply()
    user.rc.write_text(f"{user.rc.read_text()}b=2\n")
    assert "edited since" in user.done("undo")
    assert user.rc.read_text() == "a=1\nb=2\n"
    assert "nothing to take back" in user.run("undo").stderr


@pytest.mark.parametrize("words", [("--apply",), ("--remove",)])
def test_damaged_markers_are_refused_with_their_lines(user: User, words: tuple[str, ...]) -> None:
    user.rc.write_text("a=1\n# >>> cudadoctor >>>\nb=1\n# >>> cudadoctor >>>\n")
    cuda = ("--cuda", str(user.cuda)) if words == ("--apply",) else ()
    said = one_line(user.run("shell", *cuda, *words, "--yes"), 2)
    assert ".bashrc" in said
    assert "2, 4" in said


def test_sudo_with_another_users_home(user: User) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    user.rc.write_text("a=1\n")
    os.chown(user.home, 12345, 12345)
    os.chown(user.rc, 12345, 12345)
    said = one_line(user.run("shell", "--cuda", str(user.cuda), "--apply", "--yes", SUDO_UID="12345", SUDO_USER="u"), 2)
    assert "without sudo" in said
    assert user.files() == {".bashrc": b"a=1\n"}


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (("--cuda", "banana"), "banana"),
        (("--cuda", "/a:b"), "`:`"),
        (("--cuda", "relative/dir"), "absolute"),
        (("--cuda", "/a\nb"), "line break"),
        (("--cuda", "/a", "--shell", "nu"), "nu"),
        (("--cuda", "/a", "--apply", "--remove"), "exclude"),
        (("--cuda", "/a", "--apply", "--for", "docker"), "docker"),
        (("--cuda", "/a", "--apply", "-o", "x"), "--output"),
        (("--remove", "--cuda", "/a"), "--cuda"),
        (("--cuda", "/a", "--for", "cake"), "cake"),
        (("--cuda", "/opt/$ORIGIN", "--ld-library-path"), "$ORIGIN"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(user: User, words: tuple[str, ...], word: str) -> None:
    assert word in one_line(user.run("shell", *words), 2)
    assert user.files() == {}


def test_lines_for_a_toolkit_that_is_not_here(user: User) -> None:
    done = user.run("shell", "--cuda", "9.9")
    assert done.returncode == 0
    assert "'/usr/local/cuda-9.9/bin'" in done.stdout
    assert "/usr/local/cuda-9.9/bin" in done.stderr


def test_the_unknown_shell_of_a_service_gets_posix_lines(user: User) -> None:
    for shell in ("", "/usr/sbin/nologin"):
        assert "export CUDA_HOME" in user.done("shell", "--cuda", str(user.cuda), SHELL=shell)
        done = user.run("shell", "--cuda", str(user.cuda), "--apply", "--yes", SHELL=shell)
        assert "--shell" in one_line(done, 2)
    assert "'nu" not in one_line(user.run("shell", "--cuda", str(user.cuda), SHELL="/usr/bin/nu"), 2)


def test_remove_where_there_is_nothing(user: User) -> None:
    user.rc.write_text("a=1\n")
    done = user.run("shell", "--remove", "--yes")
    assert (done.returncode, done.stdout) == (0, "")
    assert user.rc.read_text() == "a=1\n"


def test_login_shells_that_do_not_read_the_file_are_named(user: User) -> None:
    (user.home / ".bash_profile").write_text("a=1\n")
    assert ".bash_profile" in user.run("shell", "--cuda", str(user.cuda), "--apply", "--yes").stderr
    (user.home / ".bash_profile").write_text(". ~/.bashrc\n")
    user.done("undo")
    assert ".bash_profile" not in user.run("shell", "--cuda", str(user.cuda), "--apply", "--yes").stderr
    user.apply("--session", "login")
    assert "cudadoctor" in (user.home / ".bash_profile").read_text()


def test_output_to_a_file_and_quiet(user: User, tmp_path: Path) -> None:
    out = tmp_path / "lines"
    done = user.run("shell", "--cuda", str(user.cuda), "--ld-library-path", "-q", "-o", str(out))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert out.read_text().startswith("# >>> cudadoctor >>>\n")


def test_the_journal_is_json_lines(user: User) -> None:
    user.apply()
    lines = (user.home / ".local/state/cudadoctor/journal.jsonl").read_text().splitlines()
    entry = json.loads(lines[0])
    assert (entry["path"], entry["before"], entry["action"]) == (str(user.rc), "", "shell --apply")
    elsewhere = user.home / "elsewhere"
    user.done("shell", "--remove", "--yes", XDG_STATE_HOME=str(elsewhere))
    assert (elsewhere / "cudadoctor" / "journal.jsonl").is_file()


def findings(user: User, **more: str) -> dict[str, list[dict[str, object]]]:
    report = json.loads(user.run("check", "--fast", "--json", **more).stdout)
    assert report["crashed"] == []
    found: dict[str, list[dict[str, object]]] = {}
    for one in report["findings"]:
        found.setdefault(one["name"], []).append(one)
    return found


def blog(user: User) -> str:
    """The three lines, for this user's toolkit, with the letters of one directory mistyped."""
    text = BLOG.replace("/usr/local/cuda", str(user.cuda))
    return text.replace("/usr/loacl/cuda", str(user.cuda).replace("cuda-12.4", "cdua-12.4"))


def test_the_blogs_lines_are_found_with_file_and_line(user: User) -> None:
    # Only directories below a known place are offered as what was meant: this toolkit stands for /usr/local/cuda.
    user.home.joinpath("cuda-12.4").symlink_to(user.cuda)
    user.cuda = user.home / "cuda-12.4"
    user.rc.write_text("# mine\n" + blog(user))
    for more in ({}, {"LD_LIBRARY_PATH": ""}):
        found = findings(user, **more)
        line = f"file:{user.rc}:3"
        for name in ("ld-path-empty-element", "path-duplicates", "path-grows-on-sourcing", "ld-path-entry-missing"):
            assert line in [one["subject"] for one in found[name]], name
        (typo,) = (one for one in found["ld-path-entry-missing"] if one["subject"] == line)
        assert f"{user.cuda}/lib64 is there" in str(typo["message"])
        assert f"file:{user.rc}:4" in [one["subject"] for one in found["path-grows-on-sourcing"]]
        assert f"{user.cuda}/lib64:{user.cuda}/extras" in str(typo["remedy"])


def test_the_corrected_lines_have_no_fault(user: User) -> None:
    user.home.joinpath("cuda-12.4").symlink_to(user.cuda)
    user.cuda = user.home / "cuda-12.4"
    (user.cuda / "extras/CUPTI/lib64").mkdir(parents=True)
    user.rc.write_text(blog(user))
    corrected = {}
    for one in (one for several in findings(user).values() for one in several):
        for row in one["evidence"]:  # type: ignore[attr-defined]
            if row["where"].endswith(", corrected"):
                corrected[row["where"]] = row["text"]
    user.rc.write_text(user.rc.read_text().splitlines()[0] + "\n" + "\n".join(corrected.values()) + "\n")
    assert len(corrected) == 2
    script = '. "$HOME/.bashrc"; . "$HOME/.bashrc"; printf "%s\\n" "$PATH" "$LD_LIBRARY_PATH"'
    done = subprocess.run(["bash", "-euc", script], env=user.env, capture_output=True, text=True, check=True)
    path, library = done.stdout.splitlines()
    assert path == f"{user.cuda}/bin:/usr/bin:/bin"
    assert library == f"{user.cuda}/lib64:{user.cuda}/extras/CUPTI/lib64"
    assert not {"ld-path-empty-element", "path-duplicates", "path-grows-on-sourcing"} & set(findings(user))


@pytest.mark.slow
def test_our_own_block_gives_no_finding(user: User) -> None:
    for shell in ("bash", "fish", "tcsh", "zsh"):
        user.apply("--shell", shell, "--ld-library-path")
        names = set(findings(user, SHELL=f"/bin/{shell}"))
        assert not {name for name in names if name.startswith(("ld-path", "path-", "rc-line", "cuda-home"))}, names


def test_lines_of_another_shell(user: User) -> None:
    user.rc.write_text(f"export CUDA_HOME={user.cuda}\n")
    assert "rc-line-not-read" not in findings(user)
    (found,) = findings(user, SHELL="/usr/bin/zsh")["rc-line-not-read"]
    assert found["subject"] == f"file:{user.rc}:1"
    user.rc.write_text(f"CUDA_HOME={user.cuda}\n")
    (found,) = findings(user)["cuda-home-not-exported"]
    assert (found["subject"], found["severity"]) == (f"file:{user.rc}:1", "warning")
