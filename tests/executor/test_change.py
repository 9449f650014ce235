"""One file written whole or not at all, and given back."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cudadoctor.executor.doing import change
from cudadoctor.executor.files import atomic
from cudadoctor.executor.files.journal import Journal, JournalError, directory
from cudadoctor.executor.files.target import Refused, Writer, digest, look
from cudadoctor.remedies.plan import WriteFile

OLD = b"export A=1\r\nnot utf-8: \xff\xfe\nno line end"
NEW = OLD + b"\n# new\n"


class Place:
    """A home with a journal."""

    def __init__(self, base: Path) -> None:
        self.home = base / "home"
        self.home.mkdir()
        self.rc = self.home / ".bashrc"
        self.state = base / "state"
        self.journal = Journal(str(self.state))
        self.writer = Writer(uid=os.geteuid(), home=str(self.home))

    def step(self, data: bytes = NEW, path: Path | None = None, before: bytes | None = OLD) -> WriteFile:
        return WriteFile(
            path=str(path or self.rc),
            text=change.as_text(data),
            why="test",
            before="" if before is None else digest(before),
        )

    def do(self, *steps: WriteFile) -> None:
        change.perform(steps, self.writer, self.journal, "test")

    def undo(self, without: Callable[[bytes], bytes] = lambda data: data) -> str | None:
        done = change.undo(self.journal, self.writer, without)
        return None if done is None else done[1][0].how


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_written_and_given_back_byte_for_byte(place: Place) -> None:
    place.rc.write_bytes(OLD)
    place.do(place.step())
    assert place.rc.read_bytes() == NEW
    assert place.undo() == "restored"
    assert place.rc.read_bytes() == OLD
    assert place.undo() is None
    assert sorted(os.listdir(place.home)) == [".bashrc"]


def test_a_file_that_was_not_there_goes_again_with_its_directories(place: Place) -> None:
    path = place.home / "a/b/c.fish"
    place.do(place.step(path=path, before=None))
    assert path.read_bytes() == NEW
    mask = os.umask(0o077)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644 & ~mask
    assert place.undo() == "removed"
    assert os.listdir(place.home) == []


def test_the_same_again_changes_and_records_nothing(place: Place) -> None:
    place.rc.write_bytes(OLD)
    place.do(place.step())
    inode = place.rc.stat().st_ino
    place.do(place.step(before=NEW))
    assert place.rc.stat().st_ino == inode
    assert len(place.journal.open_groups()) == 1


def test_changes_are_taken_back_one_after_the_other(place: Place) -> None:
    place.rc.write_bytes(OLD)
    place.do(place.step(b"one"))
    place.do(place.step(b"two", before=b"one"))
    assert [place.undo(), place.rc.read_bytes()] == ["restored", b"one"]
    assert [place.undo(), place.rc.read_bytes()] == ["restored", OLD]


def test_a_link_stays_a_link_and_mode_stays(place: Place) -> None:
    real = place.home / "dotfiles" / "bashrc"
    real.parent.mkdir()
    real.write_bytes(OLD)
    real.chmod(0o640)
    place.rc.symlink_to("dotfiles/bashrc")
    place.do(place.step())
    assert os.readlink(place.rc) == "dotfiles/bashrc"
    assert (real.read_bytes(), stat.S_IMODE(real.stat().st_mode)) == (NEW, 0o640)
    place.undo()
    assert (real.read_bytes(), os.readlink(place.rc)) == (OLD, "dotfiles/bashrc")


def test_extended_attributes_stay(place: Place) -> None:
    place.rc.write_bytes(OLD)
    try:
        os.setxattr(place.rc, "user.kept", b"yes")
    except OSError as error:
        pytest.skip(f"no extended attributes here: {error}")
    place.do(place.step())
    assert os.getxattr(place.rc, "user.kept") == b"yes"


def test_edited_since_loses_only_what_was_put_in(place: Place) -> None:
    place.rc.write_bytes(OLD)
    place.do(place.step())
    place.rc.write_bytes(b"mine\n" + NEW)
    assert place.undo(lambda data: data.replace(b"\n# new\n", b"")) == "part"
    assert place.rc.read_bytes() == b"mine\n" + OLD
    place.do(place.step(before=b"mine\n" + OLD))
    place.rc.write_bytes(b"all mine")
    assert place.undo() == "kept"
    assert place.rc.read_bytes() == b"all mine"


@pytest.mark.parametrize(
    "kind", ["directory", "fifo", "hard link", "read-only", "too large", "loop", "nowhere", "open"]
)
def test_refused_with_name_and_reason(place: Place, kind: str) -> None:
    words = {
        "directory": "regular file", "fifo": "regular file", "hard link": "2 hard links", "read-only": "read-only",
        "too large": "larger than", "loop": "circle", "nowhere": "does not exist", "open": "everybody may write",
    }  # fmt: skip
    before: bytes | None = OLD
    if kind == "directory":
        place.rc.mkdir()
    elif kind == "fifo":
        os.mkfifo(place.rc)
    elif kind in ("loop", "nowhere"):
        place.rc.symlink_to(".bashrc" if kind == "loop" else "gone/bashrc")
        before = None
    else:
        place.rc.write_bytes(OLD)
    if kind == "hard link":
        os.link(place.rc, place.home / "other")
    elif kind == "read-only":
        place.rc.chmod(0o444)
    elif kind == "too large":
        place.rc.write_bytes(b"#" * ((1 << 20) + 1))
    elif kind == "open":
        place.home.chmod(0o777)
    with pytest.raises(Refused, match=words[kind]) as refused:
        place.do(place.step(before=before))
    assert str(place.rc) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not place.journal.open_groups()


def test_another_users_home_and_file_are_refused(place: Place) -> None:
    place.rc.write_bytes(OLD)
    if os.geteuid() == 0:
        os.chown(place.rc, 12345, -1)
        with pytest.raises(Refused, match="uid 12345"):
            place.do(place.step())
        os.chown(place.rc, 0, -1)
        os.chown(place.home, 12345, -1)
        with pytest.raises(Refused, match="belongs to another user"):
            place.do(place.step())
    place.writer = Writer(uid=os.geteuid() + 1, home=str(place.home))
    with pytest.raises(Refused, match="belongs to another user"):
        place.do(place.step())
    assert place.rc.read_bytes() == OLD


def test_a_read_only_home() -> None:
    base = Path(tempfile.mkdtemp(prefix="cudadoctor-test-"))
    base.chmod(0o755)
    place = Place(base)
    place.rc.write_bytes(OLD)
    place.state.mkdir()
    nobody = 65534
    if os.geteuid() == 0:
        for path in (place.home, place.rc, place.state):
            os.chown(path, nobody, nobody)
        place.writer = Writer(uid=nobody, home=str(place.home))
    place.home.chmod(0o555)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(nobody, nobody, nobody)
                os.setresuid(nobody, nobody, nobody)
            place.do(place.step())
        except Refused as refused:
            os.write(writer, str(refused).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as said:
        assert f"the directory {place.home} cannot be written" in said.read()
    assert place.rc.read_bytes() == OLD
    place.home.chmod(0o755)
    shutil.rmtree(base)


def test_all_objections_come_at_once_and_nothing_is_done(place: Place) -> None:
    first, second, third = (place.home / name for name in "abc")
    first.write_bytes(OLD)
    second.mkdir()
    third.write_bytes(b"other")
    with pytest.raises(Refused) as refused:
        place.do(*(place.step(path=path) for path in (first, second, third)))
    assert str(second) in str(refused.value)
    assert str(third) in str(refused.value)
    assert first.read_bytes() == OLD


def test_a_failure_takes_back_what_was_done(place: Place) -> None:
    first, second = place.home / "a", place.home / "folder" / "b"
    first.write_bytes(OLD)
    target = look(str(first))

    class Falling(Journal):
        """The disk is full at the second change."""

        count = 0

        def add(self, entry: object) -> None:
            self.count += 1
            if self.count == 2:
                raise JournalError("full")
            super().add(entry)  # type: ignore[arg-type]

    place.journal = Falling(str(place.state))
    with pytest.raises(JournalError):
        place.do(place.step(path=first), place.step(path=second, before=None))
    assert first.read_bytes() == target.data
    assert not second.exists()
    assert place.undo() is None


def test_an_edit_between_plan_and_write_is_noticed(place: Place) -> None:
    place.rc.write_bytes(OLD)
    step = place.step()
    place.rc.write_bytes(OLD + b" edited")
    with pytest.raises(Refused, match="changed by something else"):
        place.do(step)
    assert place.rc.read_bytes() == OLD + b" edited"


@pytest.mark.parametrize("how", ["edit", "replace", "link", "appear"])
def test_an_edit_at_the_last_moment_is_noticed(place: Place, how: str) -> None:
    if how != "appear":
        place.rc.write_bytes(OLD)
    target = look(str(place.rc))
    if how == "edit":
        place.rc.write_bytes(OLD[:-1] + b"D")
    elif how == "link":
        place.rc.rename(place.home / "moved")
        place.rc.symlink_to("moved")
    else:
        (place.home / "other").write_bytes(OLD)
        os.replace(place.home / "other", place.rc)
    held = place.rc.read_bytes()
    with pytest.raises(Refused, match="meanwhile"):
        atomic.replace(target, NEW)
    assert place.rc.read_bytes() == held
    assert not [name for name in os.listdir(place.home) if name.startswith(".cudadoctor-")]


def test_only_one_at_a_time(place: Place) -> None:
    place.rc.write_bytes(OLD)
    with place.journal.locked(), pytest.raises(JournalError, match="another cudadoctor"):
        Place.do(place, place.step())
    place.do(place.step())


def test_readers_never_see_a_part(place: Place) -> None:
    """Many writes while somebody reads: every read is one of the whole contents."""
    contents = [bytes([65 + number]) * 200_000 for number in range(4)]
    place.rc.write_bytes(contents[0])
    seen: set[bytes] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(place.rc.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 12):
        atomic.replace(look(str(place.rc)), contents[number % 4])
    stop.set()
    reader.join()
    assert seen <= set(contents)


def crash_at(number: int, action: Callable[[], None]) -> bool:
    """Run it in a child that dies at its `number`th call into the system. False: it came through."""
    child = os.fork()
    if child == 0:
        calls = 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal calls
            if event in ("c_call", "c_return"):
                module = getattr(argument, "__module__", None) or type(getattr(argument, "__self__", None)).__module__
                if module in ("posix", "fcntl", "_io"):
                    calls += 1
                    if calls == number:
                        os._exit(77)

        sys.setprofile(count)
        try:
            action()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 77)
    return code == 77


@pytest.mark.slow
@pytest.mark.parametrize("start", ["existing", "missing"])
def test_a_crash_anywhere_leaves_the_old_file_or_the_new_one(tmp_path: Path, start: str) -> None:
    outcomes: set[bytes | None] = set()
    old = OLD if start == "existing" else None
    number = 1
    crashed = True
    while crashed:
        base = tmp_path / str(number)
        base.mkdir()
        place = Place(base)
        path = place.rc if old is not None else place.home / "conf.d" / "x.fish"
        if old is not None:
            path.write_bytes(old)
        crashed = crash_at(number, lambda p=place, at=path: p.do(p.step(path=at, before=old)))  # type: ignore[misc]
        now = path.read_bytes() if path.exists() else None
        assert now in (old, NEW)
        outcomes.add(now)
        # What comes next is not hindered by what was left: it can be done, and taken back.
        if now != NEW:
            place.do(place.step(path=path, before=old))
            assert path.read_bytes() == NEW
        assert place.undo() == ("restored" if old is not None else "removed")
        assert (path.read_bytes() if path.exists() else None) == old
        left = [name for _, _, names in os.walk(place.home) for name in names]
        assert left == ([] if old is None else [".bashrc"])
        number += 2
    assert number > 20, "the child must have been stopped at many places"
    assert outcomes == {old, NEW}


@pytest.mark.slow
def test_a_crash_in_undo_leaves_one_of_both(tmp_path: Path) -> None:
    number = 1
    crashed = True
    while crashed:
        base = tmp_path / str(number)
        base.mkdir()
        place = Place(base)
        place.rc.write_bytes(OLD)
        place.do(place.step())
        crashed = crash_at(number, lambda p=place: p.undo() and None)  # type: ignore[misc]
        assert place.rc.read_bytes() in (OLD, NEW)
        place.undo()
        assert place.rc.read_bytes() == OLD
        number += 1
    assert number > 10


def test_a_torn_journal_line_is_passed_over(place: Place) -> None:
    place.rc.write_bytes(OLD)
    place.do(place.step())
    journal = place.state / "journal.jsonl"
    with journal.open("ab") as file:
        file.write(b'{"id": "x", "gro')
    place.do(place.step(b"two", before=NEW))
    with journal.open("ab") as file:
        file.write(b'[]\n{"id": 3}\n\xff\n')
    assert [place.undo(), place.undo(), place.undo()] == ["restored", "restored", None]
    assert place.rc.read_bytes() == OLD


def test_the_state_is_private(place: Place) -> None:
    place.rc.write_bytes(OLD)
    place.do(place.step())
    for folder, _, files in os.walk(place.state):
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        for name in files:
            assert stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) == 0o600


def test_where_the_state_is() -> None:
    assert directory({"XDG_STATE_HOME": "/s"}, "/home/u") == "/s/cudadoctor"
    assert directory({"XDG_STATE_HOME": "s"}, "/home/u") == "/home/u/.local/state/cudadoctor"
    assert directory({}, "/home/u") == "/home/u/.local/state/cudadoctor"


def test_no_state_no_change(place: Place, tmp_path: Path) -> None:
    place.rc.write_bytes(OLD)
    (tmp_path / "state").write_text("a file")
    with pytest.raises(JournalError, match="state directory"):
        place.do(place.step())
    assert place.rc.read_bytes() == OLD
