"""What a machine is expected to have: read from files and the command line, or written from a good machine."""

from __future__ import annotations

import datetime as dt
import importlib
import posixpath
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from cudadoctor.errors import CudaDoctorError
from cudadoctor.facts.base import Facts
from cudadoctor.facts.expected import Expectation, Ignored
from cudadoctor.host.base import Denied, Host, Missing, Refusal
from cudadoctor.parsers import expectations

__all__ = ["Expected", "expected", "written"]

FILE = "cudadoctor.toml"


class Expected(Struct, frozen=True, kw_only=True):
    """What is wanted, and what is left out of the report on purpose."""

    wanted: tuple[Expectation, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    """Those that hold today."""
    ended: tuple[Ignored, ...] = ()
    """Those whose last day is over: no longer left out."""


def expected(words: Sequence[str], host: Host, today: dt.date | None = None) -> Expected:
    """`--expect` words, each a file or key=value; without a file the nearest `cudadoctor.toml`, or `pyproject.toml`
    with `[tool.cudadoctor]`, from the working directory upward.

    Raises CudaDoctorError for what cannot be read or understood: a job must not be green by a typing error.
    """
    wanted: list[Expectation] = []
    ignored: list[Ignored] = []
    named = False
    for word in words:
        if "=" in word:
            wanted += _tried("--expect", lambda word=word: expectations.from_word(word))
            continue
        named = True
        found = _file(host, word, must=True)
        wanted += found[0]
        ignored += found[1]
    if not named:
        found = _nearest(host)
        wanted = [*(one for one in found[0] if one.key not in {other.key for other in wanted}), *wanted]
        ignored += found[1]
    day = (today or dt.datetime.now(dt.timezone.utc).date()).isoformat()
    over = tuple(one for one in ignored if one.until is not None and one.until < day)
    return Expected(wanted=tuple(wanted), ignored=tuple(one for one in ignored if one not in over), ended=over)


_Found = tuple[tuple[Expectation, ...], tuple[Ignored, ...]]


def _tried(origin: str, read: Any) -> Any:  # noqa: ANN401  gives what `read` gives
    try:
        return read()
    except ValueError as error:
        raise CudaDoctorError(f"{origin}: {error}") from error


def _nearest(host: Host) -> _Found:
    folder = host.identity().cwd or ""
    while folder.startswith("/"):
        for name in (FILE, "pyproject.toml"):
            path = posixpath.join(folder, name)
            if _trusted(host, path):
                found: _Found | None = _file(host, path, must=False)
                if found is not None:
                    return found
        if folder == "/":
            break
        folder = posixpath.dirname(folder)
    return (), ()


def _trusted(host: Host, path: str) -> bool:
    """A file of this user's or of root's: another user's must not hide findings."""
    try:
        entry = host.stat(path)
    except Refusal:
        return False
    return entry.kind == "file" and entry.uid in (0, host.identity().uid) and not entry.mode & 0o002


def _file(host: Host, path: str, *, must: bool) -> Any:  # noqa: ANN401  _Found, or None where the file says nothing
    try:
        text = host.read(path).decode("utf-8")
        table = _toml(text)
    except Missing as error:
        raise CudaDoctorError(f"--expect {path}: there is no such file, and it is not key=value") from error
    except (Denied, Refusal) as error:
        raise CudaDoctorError(f"{path}: cannot be read: {error.reason or error.kind}") from error
    except ValueError as error:
        if not must and posixpath.basename(path) == "pyproject.toml":
            return None  # somebody else's file, and nothing says that it speaks of us
        raise CudaDoctorError(f"{path}: not TOML: {error}") from error
    if posixpath.basename(path) == "pyproject.toml":
        tool = table.get("tool")
        table = tool.get("cudadoctor") if isinstance(tool, Mapping) else None
        if not isinstance(table, Mapping):
            if must:
                raise CudaDoctorError(f"{path}: it has no table [tool.cudadoctor]")
            return None
    return _tried(path, lambda: expectations.from_table(table, path))


def _toml(text: str) -> Any:  # noqa: ANN401
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        tomllib = importlib.import_module("tomli")
    return tomllib.loads(text)


def written(facts: Facts) -> str:
    """A `cudadoctor.toml` that this machine meets. What is not known is left out, with a word about it."""
    env = next((one for one in facts.envs or () if one.active), None)
    torch = env.torch if env else None
    gpus = facts.gpus or ()
    names = {gpu.name for gpu in gpus if gpu.name}
    capabilities = [gpu.compute_capability for gpu in gpus if gpu.compute_capability]
    memory = [gpu.memory_total_mib for gpu in gpus if gpu.memory_total_mib]
    lines = [
        "# What this machine must have. `cudadoctor check` reads it here or above the working directory.",
        f"gpus = {len(gpus)}" if facts.gpus is not None else "# gpus: not known here",
        f'gpu = "{names.pop()}"' if len(names) == 1 else None,
        f'compute = ">={min(capabilities)}"' if capabilities and len(capabilities) == len(gpus) else None,
        f'memory = ">={min(memory)}MiB"' if memory and len(memory) == len(gpus) else None,
        f'driver = ">={facts.driver.version}"' if facts.driver and facts.driver.version else None,
    ]
    if facts.toolkit is not None:
        versions = [one.version for one in facts.toolkit.toolkits if one.version]
        on_path = max(versions, default=None)
        lines.append(f'toolkit = "{on_path.release}.*"' if on_path else "toolkit = false")
    if env is not None and env.python_version:
        lines.append(f'python = "{".".join(env.python_version.split(".")[:2])}.*"')
    if torch is not None and torch.version[:1].isdigit():
        lines.append(f'torch = "{torch.version.partition("+")[0]}"')
        lines.append(f'torch_cuda = "{torch.cuda.release}"' if torch.cuda else "torch_cuda = false")
    return "\n".join(line for line in lines if line) + "\n"
