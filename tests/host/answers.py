"""A machine of every kind of answer, for the tests of recordings and rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from cudadoctor.host.base import (
    READ_LIMIT,
    Completed,
    Denied,
    Failed,
    FileStat,
    Host,
    Identity,
    Limits,
    Missing,
    OpenResult,
    Process,
    Refusal,
    TimedOut,
    TooLarge,
)

HANG = TimedOut(
    "nvidia-smi", "no end", seconds=1.5, stdout=b"half\n", stderr=b"\xff\x00", pid=4711, stuck=True, idle=True
)
IDENTITY = Identity(
    machine="x86_64",
    kernel="5.15.0",
    libc="glibc 2.35",
    user="walburga",
    uid=1000,
    groups=("render", "walburga"),
    hostname="kestrel",
    home="/home/walburga",
    cwd="/home/walburga/work",
    tool_prefix="/home/walburga/doctor",
)
Result = TypeVar("Result")


class EveryAnswer:
    """Answers each question in one of the ways a host can, and counts them."""

    def __init__(self) -> None:
        self.asked = 0
        self.env: Mapping[str, str] = {"PATH": "/usr/bin", "HOME": "/home/walburga", "ODD": "\udcff"}

    def _give(self, table: dict[Any, Any], name: Any) -> Any:
        self.asked += 1
        value = table[name]
        if isinstance(value, Refusal):
            raise value
        return value

    def read(self, path: str, *, offset: int = 0, limit: int = READ_LIMIT) -> bytes:
        table = {
            "/text": b"one\ntwo\n\nthree",
            "/line": b"one\n",
            "/empty": b"",
            "/cr": b"a\r\nb\x0bc\xc2\x85d\n\x00\n",
            "/binary": b"\xff\xfe\x00\n",
            "/\udcff": b"odd name",
            "/large": TooLarge("/large", "more than 9 bytes"),
            "/denied": Denied("/denied", "Permission denied"),
            "/dir": Failed("/dir", "Is a directory"),
            "/absent": Missing("/absent"),
        }
        value: bytes = self._give(table, path)
        return value[offset:] if limit >= 0 else value[offset:][:-limit]

    def stat(self, path: str) -> FileStat:
        table = {
            "/text": FileStat(kind="file", mode=0o644, uid=1, gid=2, size=3),
            "/link": FileStat(kind="link", mode=0o777, uid=1, gid=2, size=3, target="/text"),
            "/dev/nvidia0": FileStat(kind="char", mode=0o666, uid=0, gid=0, size=0, device=(195, 0)),
            "/absent": Missing("/absent", "no such file"),
        }
        entry: FileStat = self._give(table, path)
        return entry

    def realpath(self, path: str) -> str:
        return str(self._give({"/link": "/text", "/absent": Missing("/absent")}, path))

    def glob(self, pattern: str, *, limit: int = 10_000) -> tuple[str, ...]:
        found: tuple[str, ...] = self._give({"/*": ("/link", "/text", "/\udcff"), "/x*": ()}, pattern)
        return found[:limit]

    def opens(self, path: str, *, write: bool) -> OpenResult:
        del path
        self.asked += 1
        return OpenResult(ok=not write, errno=13 if write else 0)

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        env: Mapping[str, str | None] | None = None,
        stdin: bytes = b"",
    ) -> Completed:
        done = Completed(
            argv=tuple(argv), returncode=-11, stdout=b"a\nb\n", stderr=b"\xff", truncated=True, seconds=0.25
        )
        other = Completed(argv=tuple(argv), returncode=0, stdout=repr(dict(env or {})).encode(), stderr=b"")
        table = {
            "crash": done,
            "echo": other,
            "nvidia-smi": HANG,
            "absent": Missing("absent"),
            "denied": Denied("denied", "Permission denied"),
            "odd": Failed("/usr/bin/odd", "Exec format error"),
        }
        completed: Completed = self._give(table, argv[0])
        return completed

    def which(self, name: str) -> tuple[str, ...]:
        self.asked += 1
        return (f"/usr/bin/{name}",) if name == "tool" else ()

    def processes(self) -> tuple[Process, ...]:
        self.asked += 1
        return (Process(pid=1, name="init", owner="root", argv=("/sbin/init", "\udcff")),)

    def identity(self) -> Identity:
        self.asked += 1
        return IDENTITY

    def limits(self) -> Limits:
        self.asked += 1
        return Limits(address_space=None, locked_memory=65536, open_files=1024, shm_size=67108864)


def everything(host: Host) -> dict[str, Any]:
    """What this machine answers to one question of every kind; a refusal as its kind and fields."""
    found: dict[str, Any] = {"env": dict(host.env)}

    def ask(name: str, call: Callable[[], Any]) -> None:
        try:
            found[name] = call()
        except Refusal as refusal:
            found[name] = (type(refusal), dict(vars(refusal)))

    for path in ("text", "line", "empty", "cr", "binary", "\udcff", "large", "denied", "dir", "absent"):
        ask(f"read {path}", lambda path=path: host.read(f"/{path}"))  # type: ignore[misc]
    ask("piece", lambda: host.read("/text", offset=4, limit=-3))
    ask("rest", lambda: host.read("/text", offset=4))
    for path in ("text", "link", "dev/nvidia0", "absent"):
        ask(f"stat {path}", lambda path=path: host.stat(f"/{path}"))  # type: ignore[misc]
    ask("realpath", lambda: host.realpath("/link"))
    ask("no realpath", lambda: host.realpath("/absent"))
    ask("glob", lambda: host.glob("/*"))
    ask("glob 1", lambda: host.glob("/*", limit=1))
    ask("no glob", lambda: host.glob("/x*"))
    ask("opens", lambda: host.opens("/dev/nvidia0", write=False))
    ask("opens w", lambda: host.opens("/dev/nvidia0", write=True))
    for name in ("crash", "nvidia-smi", "absent", "denied", "odd"):
        ask(f"run {name}", lambda name=name: host.run([name, "-q"], timeout=1))  # type: ignore[misc]
    ask("run env", lambda: host.run(["echo"], timeout=1, env={"A": "1", "B": None}))
    ask("run env 2", lambda: host.run(["echo"], timeout=1, env={"A": "2"}, stdin=b"\xff"))
    ask("which", lambda: host.which("tool"))
    ask("no which", lambda: host.which("other"))
    ask("processes", host.processes)
    ask("identity", host.identity)
    ask("limits", host.limits)
    return found
