"""What went wrong with a download, in one line: the address, the reason, and what to do."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import urllib.error

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
