"""Names, paths and addresses that a user typed: taken whole as one word of a command, or refused with the reason."""

from __future__ import annotations

import posixpath
import re
import unicodedata

from cudadoctor.errors import CudaDoctorError
from cudadoctor.recommend.model import CONDA_FAMILY

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}\Z")
_RESERVED = ("base", "root")
"""conda's own."""
_CHANNEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.-]+)*\Z")
_ADDRESS = re.compile(r"(?:https?|file)://[^\s\"'`\\<>{}|^]+\Z")
_THIS_MACHINE = re.compile(r"http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:/|\Z)")
_CONDA = re.compile(r"(miniforge|miniconda|anaconda)3?(?:=([0-9][0-9A-Za-z._-]{0,30}))?\Z")


def shown(text: str) -> str:
    """The text for a message: printable, and not endless."""
    plain = text if text.isprintable() else ascii(text)[1:-1]
    return plain if len(plain) <= 60 else f"{plain[:57]}..."


def plain_path(text: str, option: str) -> str:
    """An absolute path without surprises, cleaned. Raises CudaDoctorError."""
    if not text.startswith("/"):
        raise CudaDoctorError(f"{option} `{shown(text)}` is not an absolute path")
    for letter in text:
        if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            raise CudaDoctorError(f"{option} `{shown(text)}` cannot be used: it holds a control character")
    if ".." in text.split("/"):
        raise CudaDoctorError(f"{option} `{shown(text)}` cannot be used: it goes upwards by `..`")
    # A path of two slashes is kept as such by normpath (POSIX leaves its meaning open).
    return posixpath.normpath("/" + text.lstrip("/"))


def home_path(home: str) -> str:
    """The home directory. Raises CudaDoctorError where no path can be made from it."""
    clean = plain_path(home, "HOME")
    if clean == "/":
        raise CudaDoctorError("HOME `/` is no home directory: set HOME to one of yours")
    return clean


def env_word(text: str, home: str, manager: str) -> str:
    """A name, or the absolute path of an environment. Raises CudaDoctorError."""
    if "/" not in text and text != "~":
        if text in _RESERVED:
            raise CudaDoctorError(f"--env `{text}` is conda's own environment: give the new one another name")
        if not _NAME.match(text):
            here = f"; for one in this directory: --env ./{text}" if _NAME.match(text.lstrip(".")) else ""
            raise CudaDoctorError(
                f"--env `{shown(text)}` is no name for a new environment: letters, digits, `_`, `.`, `+` and `-`, "
                f"no `.` or `-` in front, or a path{here}"
            )
        return text
    path = plain_path(home + text[1:] if text.startswith("~/") else text, "--env")
    if path in ("/", home) or home.startswith(f"{path}/"):
        raise CudaDoctorError(f"--env `{shown(text)}` cannot be an environment: the home directory lies in it")
    if manager in CONDA_FAMILY and " " in path:
        raise CudaDoctorError(f"--env `{shown(text)}` cannot be used with {manager}: the path has a space")
    if ":" in path:
        raise CudaDoctorError(f"--env `{shown(text)}` cannot be used: `:` divides the entries of PATH")
    return path


def conda_word(text: str) -> tuple[str, str | None]:
    """`anaconda=2019.10` as (`anaconda3`, `2019.10`). Raises CudaDoctorError."""
    match = _CONDA.match(text.strip().lower())
    if match is None:
        raise CudaDoctorError(
            f"--conda `{shown(text)}` is not one of miniforge, miniconda and anaconda, with =VERSION where one is meant"
        )
    return f"{match[1]}3", match[2]


def channel_word(text: str) -> str:
    """A channel by name, address or folder. Raises CudaDoctorError."""
    if text.startswith("/"):
        return plain_path(text, "--channel")
    if _ADDRESS.match(text) and text.isprintable():
        return _safe(text, "--channel")
    if _CHANNEL.match(text) and ".." not in text:
        return text
    raise CudaDoctorError(f"--channel `{shown(text)}` is neither the name of a channel nor an address nor a folder")


def address(text: str, option: str) -> str:
    """`https://…` or `file:///…`. Raises CudaDoctorError."""
    if not _ADDRESS.match(text) or not text.isprintable():
        raise CudaDoctorError(f"{option} `{shown(text)}` is not an address such as https://mirror.example/simple")
    return _safe(text, option)


def _safe(text: str, option: str) -> str:
    """Over http anybody on the way could change what is then run; to this machine itself there is no way."""
    if text.startswith("http://") and not _THIS_MACHINE.match(text):
        raise CudaDoctorError(f"{option} `{shown(text)}` cannot be used: over http anybody could change it; use https")
    return text


def folder_or_page(text: str) -> str:
    """A folder of wheels, or a page that lists some. Raises CudaDoctorError."""
    return plain_path(text, "--find-links") if text.startswith("/") else address(text, "--find-links")


def file_of(text: str, option: str, suffix: str) -> str:
    """A file by its absolute path and ending. Raises CudaDoctorError."""
    path = plain_path(text, option)
    if not path.endswith(suffix):
        raise CudaDoctorError(f"{option} `{shown(text)}` is not a file that ends in {suffix}")
    return path


def host_of(url: str) -> tuple[str, ...]:
    """The host that an address speaks to, with its port where that is not 443; none for a folder or a file."""
    if url.startswith(("/", "file:")):
        return ()
    if "://" not in url:
        return ("conda.anaconda.org",)
    rest = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    name, _, port = rest.partition(":")
    port = port or ("80" if url.startswith("http:") else "443")
    return (name if port == "443" else f"{name}:{port}",) if name and port.isdecimal() else ()
