"""Download a file over https: resumable, hashed while it is written, and in its place only when it is whole.

The standard library's urllib is enough. Looked at in November 2026: httpx and requests (no resuming of their own, and
certifi's list of authorities instead of the system's, which breaks behind a company's proxy), pooch (SHA-256 and moving
into place, no resuming, and requests below it). What is left to do here, Range with If-Range (RFC 9110, sections 13.1.5
and 14), is the same work over any of them.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import json
import os
import shutil
import socket
import ssl
import stat
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct

from cudadoctor.errors import CudaDoctorError
from cudadoctor.executor.doing.conditions import hash_of
from cudadoctor.executor.files import atomic

if TYPE_CHECKING:
    from email.message import Message

STALL = 60.0
"""Seconds without a byte until it counts as broken off (pip waits 15 s, curl by default for ever)."""
MOST_MIB = 20 << 10
"""MiB, where the plan names no size: several times the largest installer that NVIDIA offers."""
SLACK = 1.25
"""Of the size that the plan names: it is an estimate."""
_PIECE = 1 << 18
_LOCAL = ("127.0.0.1", "localhost", "::1")

Progress = Callable[[int, "int | None"], None]
"""Bytes there, and bytes of the whole where that is known."""


class NotFetched(CudaDoctorError):  # noqa: N818  the text says what is wrong and what to do
    """The file is not there. What was fetched of it is kept beside its place, unless its hash was wrong."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What to fetch to where."""

    url: str
    path: str
    digest: str | None
    algorithm: str = "sha256"
    size_mib: int | None = None
    plain_http: bool = False
    """For tests alone: http to this machine itself is let through."""
    stall: float = STALL

    @property
    def most(self) -> int:
        """Bytes at which it is given up."""
        return (MOST_MIB << 20) if self.size_mib is None else int((self.size_mib << 20) * SLACK) + (16 << 20)

    @property
    def part(self) -> str:
        """Where it grows."""
        return f"{self.path}.part"

    @property
    def note(self) -> str:
        """What is known of the part: its address, and what the server calls this state of the file."""
        return f"{self.path}.part.json"


def fetch(wanted: Wanted, progress: Progress | None = None) -> str:
    """Fetch it, unless it lies there already. Returns the hash of what lies there now. Raises NotFetched."""
    _scheme(wanted.url, wanted)
    try:
        os.makedirs(os.path.dirname(wanted.path), mode=0o755, exist_ok=True)
        if wanted.digest is not None and hash_of(wanted.path, wanted.algorithm, wanted.digest):
            return wanted.digest.lower()
        for attempt in range(2):
            with _part(wanted) as part:
                if _fill(part, wanted, progress or _nobody) or attempt:
                    return _settle(part, wanted)
            _forget(wanted)  # the part was of no use: once more from the beginning
    except (OSError, http.client.HTTPException) as error:
        raise NotFetched(reason(error, wanted.url, wanted.part, wanted.stall)) from error
    raise AssertionError("not reached")  # pragma: no cover


def local_path(url: str) -> str:
    """The path that a file:// address names."""
    return urllib.parse.unquote(urllib.parse.urlsplit(url).path, errors="surrogateescape")


def _scheme(url: str, wanted: Wanted) -> None:
    split = urllib.parse.urlsplit(url)
    local_test = wanted.plain_http and split.scheme == "http" and split.hostname in _LOCAL
    if split.scheme == "file" and split.netloc in ("", "localhost") and url == wanted.url:
        return
    if split.scheme != "https" and not local_test:
        at = "" if url == wanted.url else f" (led there from {wanted.url})"
        raise NotFetched(f"{url}: only https is used{at}: anybody on the way could change what comes over another")


@contextlib.contextmanager
def _part(wanted: Wanted) -> Any:  # noqa: ANN401  a context manager of a file
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(wanted.part, flags, 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_nlink != 1:
            raise NotFetched(f"{wanted.part}: is not a file of our own: remove it, then run this again")
        yield file


def _fill(part: IO[bytes], wanted: Wanted, progress: Progress) -> bool:
    """Bring the part to its whole length. False: it is not the beginning of what the server has now."""
    if wanted.url.startswith("file:"):
        with open(local_path(wanted.url), "rb") as source:
            part.truncate(0)
            part.seek(0)
            shutil.copyfileobj(source, part, _PIECE)
        return True
    have = part.seek(0, os.SEEK_END)
    headers = {"User-Agent": "cudadoctor", "Accept-Encoding": "identity"}
    request = urllib.request.Request(wanted.url, headers=headers)  # noqa: S310  the scheme was looked at
    mark = _mark(wanted)
    if have and mark is not None:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", mark)
    elif have:
        part.truncate(0)
        have = part.seek(0)
    try:
        answer = _opener(wanted).open(request, timeout=wanted.stall)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            error.close()
            return error.headers.get("Content-Range", "").rpartition("/")[2] == str(have)
        error.close()
        raise
    with answer:
        if answer.status == http.client.PARTIAL_CONTENT:
            if not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                return False
        else:
            part.truncate(0)
            have = part.seek(0)
            _write_note(wanted, answer.headers)
        length = answer.headers.get("Content-Length")
        whole = have + int(length) if length is not None and length.isdecimal() else None
        if whole is not None and whole > wanted.most:
            raise NotFetched(f"{wanted.url}: is {whole >> 20} MiB, and at most {wanted.most >> 20} were expected")
        _copy(answer, part, wanted, progress, have, whole)
    return True


def _copy(  # noqa: PLR0917
    answer: IO[bytes], part: IO[bytes], wanted: Wanted, progress: Progress, have: int, whole: int | None
) -> None:
    while piece := answer.read(_PIECE):
        view = memoryview(piece)
        while view:  # a full disk takes a part of a piece
            view = view[part.write(view) :]
        have += len(piece)
        if have > wanted.most:
            raise NotFetched(f"{wanted.url}: more than {wanted.most >> 20} MiB came, and it does not end")
        progress(have, whole)
    if whole is not None and have < whole:
        raise ConnectionAbortedError(errno.ECONNABORTED, f"the connection ended after {have} of {whole} bytes")
    os.fsync(part.fileno())


def _settle(part: IO[bytes], wanted: Wanted) -> str:
    """Compare and move into place. What has another hash is deleted. Raises NotFetched."""
    part.seek(0)
    hashed = hashlib.new(wanted.algorithm, usedforsecurity=False)
    while piece := part.read(_PIECE):
        hashed.update(piece)
    found = hashed.hexdigest()
    if wanted.digest is not None and found != wanted.digest.lower():
        _forget(wanted)
        said = f"{wanted.algorithm} is {found}, and {wanted.digest.lower()} was published"
        here = wanted.url.startswith("file:")
        what = "nothing of it was run: download the file anew" if here else (
            "what came was deleted: try again, or fetch it over another network"
        )  # fmt: skip
        raise NotFetched(f"{wanted.url}: {said}; {what}")
    mask = os.umask(0o077)
    os.umask(mask)
    os.fchmod(part.fileno(), 0o644 & ~mask)
    os.replace(wanted.part, wanted.path)
    atomic.sync(os.path.dirname(wanted.path))
    _forget(wanted)
    return found


def _forget(wanted: Wanted) -> None:
    for path in (wanted.part, wanted.note):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def _mark(wanted: Wanted) -> str | None:
    """The strong validator of the part's beginning; None: start anew."""
    try:
        with open(wanted.note, encoding="utf-8") as file:
            note = json.loads(file.read(1 << 16))
    except (OSError, ValueError):
        return None
    if not isinstance(note, dict) or note.get("url") != wanted.url:
        return None
    mark = note.get("mark")
    return mark if isinstance(mark, str) and mark else None


def _write_note(wanted: Wanted, headers: Message[str, str]) -> None:
    tag = headers.get("ETag", "")
    mark = tag if tag.startswith('"') else headers.get("Last-Modified", "")  # a weak tag is not allowed in If-Range
    with contextlib.suppress(FileNotFoundError):
        os.unlink(wanted.note)
    descriptor = os.open(wanted.note, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"url": wanted.url, "mark": mark}, file)


class _OnlyHttps(urllib.request.HTTPRedirectHandler):
    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted

    def redirect_request(  # noqa: PLR0917
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        try:
            _scheme(newurl, self._wanted)
        except NotFetched:
            fp.close()
            raise
        again = super().redirect_request(req, fp, code, msg, headers, newurl)
        if again is not None:
            for name in ("Range", "If-range"):
                if req.has_header(name):
                    again.add_header(name, req.get_header(name) or "")
        return again


def _opener(wanted: Wanted) -> urllib.request.OpenerDirector:
    """Proxies from the environment, authorities from the system (SSL_CERT_FILE too)."""
    secure = urllib.request.HTTPSHandler(context=ssl.create_default_context())
    return urllib.request.build_opener(secure, _OnlyHttps(wanted))


def _nobody(_have: int, _whole: int | None) -> None:
    """Nobody wants to know how far it is."""


def told(seconds: float, say: Callable[[str], None]) -> Progress:
    """A progress that says a line at most every so many seconds."""
    last = 0.0

    def progress(have: int, whole: int | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= seconds or have == whole:
            last = now
            say(f"{have >> 20} MiB" if not whole else f"{have >> 20} of {whole >> 20} MiB ({have * 100 // whole} %)")

    return progress


AGAIN = "; `--resume` goes on where it stopped"
"""How a line ends of which another try may help."""


def reason(error: Exception, url: str, part: str, stall: float) -> str:
    """The line. `part` is the file that grows, `stall` the seconds that were waited for a byte."""
    again = AGAIN
    if isinstance(error, urllib.error.HTTPError):
        return f"{url}: the server says {error.code} {error.reason}" + _at_status(error.code, again)
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    text = getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
    if isinstance(inner, ssl.SSLError):
        return f"{url}: {_unsafe(inner, text, again)}"
    if isinstance(inner, (TimeoutError, socket.timeout)):
        return f"{url}: nothing came for {stall:g} s{again}"
    if isinstance(inner, socket.gaierror):
        return f"{url}: the name is not found ({text}): there is no network, or HTTPS_PROXY has to name a proxy"
    if isinstance(inner, OSError) and inner.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{part}: {text}: make room{again}"
    if isinstance(inner, (ConnectionError, http.client.HTTPException)):
        return f"{url}: broken off: {text}{again}"
    named = getattr(inner, "filename", None)
    return f"{named or url}: {text}"


def _unsafe(error: ssl.SSLError, text: str, again: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        cure = "behind a company's proxy, let SSL_CERT_FILE name its authority"
        return f"its certificate is not accepted: {error.verify_message or 'it cannot be verified'}: {cure}"
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return f"broken off{again}"
    return f"no safe connection: {text}"


def _at_status(code: int, again: str) -> str:
    if code in (404, 410):
        return ": it is not there any more: look for its new address, and give the file with its path"
    if code in (401, 403, 407):
        return ": a proxy or the server wants to know who asks"
    return again if code >= 500 or code == 429 else ""
