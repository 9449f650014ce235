"""LocalHost: what stands in files."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cudadoctor.host.base import Failed, FileStat, Missing, OpenResult, TooLarge
from cudadoctor.host.local import LocalHost

HOST = LocalHost()


def as_nobody(program: str, *arguments: str) -> str:
    """Run Python code as a user who is not root, and give what it prints."""
    lines = [
        "import os, subprocess, sys, json, cudadoctor.host.child",
        "from cudadoctor.host.local import LocalHost",
        "from cudadoctor.host.base import *",
    ]
    if os.getuid() == 0:
        lines += ["os.setgroups([])", "os.setgid(65534)", "os.setuid(65534)"]
    code = "\n".join([*lines, "host = LocalHost()", program])
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def open_path(tmp_path: Path) -> Path:
    """A directory that other users may enter."""
    here = tmp_path
    while here != here.parent and here.stat().st_uid == os.getuid() and str(here) != "/tmp":
        here.chmod(0o755)
        here = here.parent
    return tmp_path


def test_reads_whole_pieces_and_limits(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(bytes(range(100)))
    path = str(file)
    assert HOST.read(path) == bytes(range(100))
    assert HOST.read(path, offset=90) == bytes(range(90, 100))
    assert HOST.read(path, limit=100) == bytes(range(100))
    assert HOST.read(path, offset=5, limit=-3) == bytes([5, 6, 7])
    assert HOST.read(path, limit=-1000) == bytes(range(100))
    assert HOST.read(path, offset=1000) == b""
    assert HOST.read(path, offset=60, limit=40) == bytes(range(60, 100))
    with pytest.raises(TooLarge):
        HOST.read(path, limit=99)
    with pytest.raises(TooLarge):
        HOST.read(path, offset=59, limit=40)


def test_reads_files_whose_size_is_stated_as_nothing() -> None:
    assert b"Linux" in HOST.read("/proc/version")
    assert len(HOST.read("/proc/version", offset=3, limit=-4)) == 4
    with pytest.raises(TooLarge):
        HOST.read("/proc/self/status", limit=10)


def test_refuses_what_is_no_file(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for name in ("fifo", "socket", "."):
            with pytest.raises(Failed):
                HOST.read(str(tmp_path / name))
    with pytest.raises(Missing):  # links that lead to each other lead nowhere
        HOST.read(str(tmp_path / "loop"))
    with pytest.raises(Failed):
        HOST.read("/dev/null")
    with pytest.raises(Failed):
        HOST.read(str(tmp_path / ("x" * 300)))


@pytest.mark.parametrize("name", ["absent", "file/below", "no\0name", ""])
def test_what_is_not_there_is_missing(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    path = f"{tmp_path}/{name}" if name else ""
    for ask in (HOST.read, HOST.stat, HOST.realpath):
        with pytest.raises(Missing):
            ask(path)
    assert HOST.opens(path, write=False).errno in {errno.ENOENT, errno.ENOTDIR}


def test_what_may_not_be_read_is_denied(open_path: Path) -> None:
    secret = open_path / "secret"
    secret.write_text("x")
    secret.chmod(0)
    folder = open_path / "folder"
    folder.mkdir(mode=0o700)
    (folder / "inner").write_text("x")
    folder.chmod(0)
    program = """
found = {}
for name, ask in (("read", host.read), ("inner", lambda p: host.stat(p.replace("secret", "folder/inner")))):
    try:
        found[name] = str(ask(sys.argv[1]))
    except Refusal as refusal:
        found[name] = refusal.kind
try:
    host.run([sys.argv[1]], timeout=5)
except Refusal as refusal:
    found["run"] = refusal.kind
found["opens"] = host.opens(sys.argv[1], write=True).errno
found["glob"] = host.glob(os.path.dirname(sys.argv[1]) + "/**")
print(json.dumps(found))
"""
    try:
        found = json.loads(as_nobody(program, str(secret)))
    finally:
        folder.chmod(0o700)
    assert found == {
        "read": "denied",
        "inner": "denied",
        "run": "denied",
        "opens": errno.EACCES,
        "glob": [str(folder), str(secret)],
    }


def test_stat_never_follows_the_last_link(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    file.chmod(0o640)
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "broken").symlink_to("/nowhere/at/all")
    entry = HOST.stat(str(file))
    assert entry == FileStat(kind="file", mode=0o640, uid=os.getuid(), gid=entry.gid, size=5)
    assert HOST.stat(str(tmp_path / "link")).target == "file"
    assert HOST.stat(str(tmp_path / "broken")).kind == "link"
    assert HOST.stat(str(tmp_path)).kind == "dir"
    null = HOST.stat("/dev/null")
    assert (null.kind, null.device) == ("char", (1, 3))
    with pytest.raises(Missing):
        HOST.realpath(str(tmp_path / "broken"))
    assert HOST.realpath(str(tmp_path / "link")) == os.path.realpath(file)


def test_opens_keeps_the_errno_and_creates_nothing(tmp_path: Path) -> None:
    assert HOST.opens("/dev/null", write=True) == OpenResult(ok=True)
    assert HOST.opens(str(tmp_path), write=True) == OpenResult(ok=False, errno=errno.EISDIR)
    absent = tmp_path / "absent"
    assert HOST.opens(str(absent), write=True) == OpenResult(ok=False, errno=errno.ENOENT)
    assert not absent.exists()
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert HOST.opens(str(fifo), write=False) == OpenResult(ok=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a/one.so.1", "a/two.so", "b/c/deep.so.2", "b/.hidden/x.so.3", "a/[odd]"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    (tmp_path / "b" / "loop").symlink_to("..")
    (tmp_path / "a" / "broken.so.9").symlink_to("nowhere")
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("a/*.so*", ["a/broken.so.9", "a/one.so.1", "a/two.so"]),
        ("a/*.so.[0-8]", ["a/one.so.1"]),
        ("a/*.so.[!1]", ["a/broken.so.9"]),
        ("a/???.so", ["a/two.so"]),
        ("*/c/*", ["b/c/deep.so.2"]),
        ("*/loop/a/two.so", ["b/loop/a/two.so"]),
        ("**/*.so.?", ["a/broken.so.9", "a/one.so.1", "b/c/deep.so.2"]),
        ("b/**", ["b/c", "b/c/deep.so.2", "b/loop"]),
        ("b/.h*/*", ["b/.hidden/x.so.3"]),
        ("b/*/", ["b/c/", "b/loop/"]),
        ("a/two.so", ["a/two.so"]),
        ("a/[[]odd]", ["a/[odd]"]),
        ("absent/*", []),
        ("a/two.so/*", []),
        ("x\0*", []),
    ],
)
@pytest.mark.parametrize("rooted", [False, True])
def test_glob(tree: Path, pattern: str, found: list[str], rooted: bool) -> None:
    base = "" if rooted else str(tree)
    host = LocalHost(root=str(tree)) if rooted else HOST
    assert host.glob(f"{base}/{pattern}") == tuple(f"{base}/{name}" for name in found)


def test_glob_stops_at_its_limit(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}").write_text("")
    assert HOST.glob(f"{tmp_path}/*", limit=7) == tuple(f"{tmp_path}/{number:02}" for number in range(7))


def test_names_that_are_not_utf8_can_be_asked_for_again(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff\xfe", "wb") as stream:
        stream.write(b"here")
    (name,) = HOST.glob(f"{tmp_path}/*")
    assert HOST.read(name) == b"here"


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_which_lists_all_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = program(tmp_path / "1" / "tool"), program(tmp_path / "2" / "tool")
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "tool").write_text("not executable")
    (tmp_path / "4" / "tool").mkdir(parents=True)
    path = ":".join(str(tmp_path / name) for name in ("4", "3", "2", "absent", "1", "2"))
    assert LocalHost({"PATH": path}).which("tool") == (str(second), str(first))
    assert LocalHost({"PATH": path}).which("other") == ()
    assert LocalHost({"PATH": path}).which("") == ()
    monkeypatch.chdir(tmp_path / "1")
    assert LocalHost({"PATH": f":{tmp_path}/2"}).which("tool") == ("./tool", str(second))
    assert LocalHost({"PATH": ""}).which(str(first)) == (str(first),)


def test_root_keeps_every_path_inside(tmp_path: Path) -> None:
    root = tmp_path / "root"
    program(root / "usr/bin/tool")
    (root / "etc").mkdir()
    (root / "etc/real").write_text("inside")
    (root / "etc/hostname").write_text("box\n")
    (tmp_path / "outside").write_text("outside")
    (root / "bin").symlink_to("/usr/bin")
    (root / "etc/absolute").symlink_to("/etc/real")
    (root / "etc/up").symlink_to("../../../outside")
    (root / "etc/loop").symlink_to("/etc/loop")
    host = LocalHost(root=str(root))
    assert host.read("/etc/absolute") == b"inside"
    assert host.realpath("/bin/tool") == "/usr/bin/tool"
    assert host.realpath("/../..") == "/"
    assert host.stat("/etc/up").target == "../../../outside"
    with pytest.raises(Missing):
        host.read("/etc/up")
    with pytest.raises(Missing):
        host.read("/../outside")
    with pytest.raises(Missing):
        host.read("/etc/loop")
    assert host.glob("/bin/*") == ("/bin/tool",)
    assert host.which("tool") == ("/usr/bin/tool", "/bin/tool")
    assert host.env == {}
    assert host.processes() == ()
    assert host.identity().hostname == "box"
    assert host.identity().uid is None
    assert host.opens("/etc/real", write=False).ok
    assert host.opens("/etc", write=False) == OpenResult(ok=False, errno=errno.ENXIO)
    with pytest.raises(Missing):
        host.run(["/usr/bin/tool"], timeout=1)


def test_identity_and_limits_are_this_process() -> None:
    who = HOST.identity()
    assert who.uid == os.getuid()
    assert who.kernel == os.uname().release
    assert who.tool_prefix == sys.prefix
    assert who.cwd == os.getcwd()
    assert who.groups
    assert (HOST.limits().open_files or 0) > 0


def test_identity_survives_a_deleted_directory(tmp_path: Path) -> None:
    code = "import os; from cudadoctor.host.local import LocalHost; os.rmdir(os.getcwd())"
    code += "; print(LocalHost().identity().cwd)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"


def test_processes_contain_this_one() -> None:
    (mine,) = [process for process in HOST.processes() if process.pid == os.getpid()]
    assert mine.argv
    assert mine.owner
    assert not stat.S_ISDIR(HOST.stat("/proc/self/stat").mode)


def test_links_that_lead_to_each_other_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for ask in (HOST.realpath, HOST.read):
        with pytest.raises(Missing):
            ask(str(tmp_path / "a"))
