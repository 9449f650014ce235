"""Downloads from a real https server on this machine, with an authority of its own that nobody else knows."""

from __future__ import annotations

import hashlib
import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from msgspec.structs import replace

from cudadoctor.executor.doing import fetch
from cudadoctor.executor.doing.fetch import NotFetched, Wanted
from cudadoctor.executor.run import plan_run, plan_undo
from tests.plan.executing import Seen, Stage, fetching, plan

BODY = bytes(range(256)) * 2048
SHA = hashlib.sha256(BODY).hexdigest()
CONFIG = """[req]
distinguished_name = name
[name]
[own]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,digitalSignature
subjectAltName = IP:127.0.0.1,DNS:localhost
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("authority")
    (folder / "conf").write_text(CONFIG)
    made = ("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-config", str(folder / "conf"))
    argv = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=test",
        "-extensions",
        "own",
    ]
    subprocess.run([*argv, *made], check=True, capture_output=True)
    return folder


class Server:
    """What it does depends on the path; what it was asked is written down."""

    def __init__(self, certificate: Path | None) -> None:
        self.asked: list[tuple[str, str | None, str | None]] = []
        self.tag = '"one"'
        self.body = BODY
        self.cut: int | None = None
        self.lie = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                outer.answer(self)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.port = self.http.server_address[1]
        self.scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
            self.scheme = "https"
        self.http.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/{path}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append((request.path, request.headers.get("Range"), request.headers.get("If-Range")))
        if request.path.startswith("/to/"):
            request.send_response(302)
            request.send_header("Location", request.path[4:].replace("~", "/"))
            request.end_headers()
            return
        if request.path == "/hang":
            threading.Event().wait(5)
            return
        if request.path != "/file":
            request.send_error(int(request.path[1:]))
            return
        wanted, mark = request.headers.get("Range"), request.headers.get("If-Range")
        start = int(wanted[6:-1]) if wanted and mark == self.tag else 0
        if start >= len(self.body) > 0:
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(self.body)}")
            request.end_headers()
            return
        request.send_response(206 if start else 200)
        if start:
            told = start + self.lie
            request.send_header("Content-Range", f"bytes {told}-{len(self.body) - 1}/{len(self.body)}")
        request.send_header("ETag", self.tag)
        request.send_header("Content-Length", str(len(self.body) - start))
        request.end_headers()
        end = len(self.body) if self.cut is None else start + self.cut
        request.wfile.write(self.body[start:end])


@pytest.fixture
def server(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = Server(certificate)
    yield made
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "file"


def names(place: Path) -> list[str]:
    return sorted(os.listdir(place.parent))


def test_it_comes_whole_and_only_then_lies_there(server: Server, place: Path) -> None:
    told: list[tuple[int, int | None]] = []
    wanted = Wanted(url=server.url("file"), path=str(place), digest=SHA)
    found = fetch.fetch(wanted, lambda have, whole: told.append((have, whole)))
    assert (found, place.read_bytes(), names(place)) == (SHA, BODY, ["file"])
    assert told[-1] == (len(BODY), len(BODY))


def test_cut_off_it_goes_on_where_it_stopped(server: Server, place: Path) -> None:
    wanted = Wanted(url=server.url("file"), path=str(place), digest=SHA)
    server.cut = 100_000
    with pytest.raises(NotFetched, match=r"ended after 100000 of 524288 bytes; `--resume` goes on"):
        fetch.fetch(wanted)
    assert names(place) == ["file.part", "file.part.json"]
    with pytest.raises(NotFetched):
        fetch.fetch(wanted)
    server.cut = None
    assert fetch.fetch(wanted) == SHA
    assert [one[1:] for one in server.asked] == [(None, None), ("bytes=100000-", '"one"'), ("bytes=200000-", '"one"')]
    assert (place.read_bytes(), names(place)) == (BODY, ["file"])


def test_a_file_that_became_another_meanwhile_is_fetched_anew(server: Server, place: Path) -> None:
    wanted = Wanted(url=server.url("file"), path=str(place), digest=SHA)
    server.body, server.cut, server.tag = b"x" * len(BODY), 1000, '"old"'
    with pytest.raises(NotFetched):
        fetch.fetch(wanted)
    server.body, server.cut, server.tag = BODY, None, '"new"'
    assert fetch.fetch(wanted) == SHA


def test_another_piece_than_was_asked_for_is_not_taken(server: Server, place: Path) -> None:
    wanted = Wanted(url=server.url("file"), path=str(place), digest=SHA)
    server.cut = 1000
    with pytest.raises(NotFetched):
        fetch.fetch(wanted)
    server.cut, server.lie = None, 5
    assert fetch.fetch(wanted) == SHA
    assert server.asked[-1][1] is None


def test_a_part_that_is_whole_already_is_only_compared(server: Server, place: Path) -> None:
    wanted = Wanted(url=server.url("file"), path=str(place), digest=SHA)
    server.cut = 10
    with pytest.raises(NotFetched):
        fetch.fetch(wanted)
    Path(wanted.part).write_bytes(BODY)
    server.cut = None
    assert fetch.fetch(wanted) == SHA
    assert server.asked[-1][1] == f"bytes={len(BODY)}-"


def test_a_part_longer_than_the_file_is_thrown_away(server: Server, place: Path) -> None:
    wanted = Wanted(url=server.url("file"), path=str(place), digest=SHA)
    server.cut = 10
    with pytest.raises(NotFetched):
        fetch.fetch(wanted)
    Path(wanted.part).write_bytes(BODY + b"more")
    server.cut = None
    assert fetch.fetch(wanted) == SHA


def test_a_wrong_hash_is_told_with_both_and_nothing_stays(server: Server, place: Path) -> None:
    with pytest.raises(NotFetched) as caught:
        fetch.fetch(Wanted(url=server.url("file"), path=str(place), digest="0" * 64))
    for words in (server.url("file"), SHA, "0" * 64, "was deleted"):
        assert words in str(caught.value)
    assert names(place) == []


def test_md5_and_files_of_this_machine(tmp_path: Path, place: Path) -> None:
    source = tmp_path / "a b#c.deb"
    source.write_bytes(BODY)
    digest = hashlib.md5(BODY).hexdigest()
    wanted = Wanted(url=source.as_uri(), path=str(place), digest=digest.upper(), algorithm="md5")
    assert fetch.fetch(wanted) == digest
    assert place.read_bytes() == source.read_bytes() == BODY
    place.unlink()
    with pytest.raises(NotFetched, match="download the file anew"):
        fetch.fetch(replace(wanted, digest="0" * 32))
    assert source.read_bytes() == BODY
    with pytest.raises(NotFetched, match="No such file"):
        fetch.fetch(replace(wanted, url=f"file://{tmp_path}/gone"))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("404", "says 404 .*: it is not there any more: look for its new address"),
        ("503", "says 503 .*`--resume` goes on"),
        ("407", "says 407 .*wants to know who asks"),
        ("hang", r"nothing came for 0\.3 s; `--resume` goes on"),
        ("to/http:~~127.0.0.1:1~file", "http://127.0.0.1:1/file: only https is used .led there from https://"),
        ("to/file:~~~etc~passwd", "says 302 .*file:///etc/passwd' is not allowed"),
    ],
)
def test_what_goes_wrong_is_one_line(server: Server, place: Path, path: str, words: str) -> None:
    with pytest.raises(NotFetched, match=words) as caught:
        fetch.fetch(Wanted(url=server.url(path), path=str(place), digest=SHA, stall=0.3))
    assert "\n" not in str(caught.value)
    assert not place.exists()


def test_a_redirect_within_https_keeps_the_range(server: Server, place: Path) -> None:
    wanted = Wanted(url=server.url("to/" + server.url("file").replace("/", "~")), path=str(place), digest=SHA)
    server.cut = 1000
    with pytest.raises(NotFetched):
        fetch.fetch(wanted)
    server.cut = None
    assert fetch.fetch(wanted) == SHA
    assert server.asked[-1] == ("/file", "bytes=1000-", '"one"')


def test_a_certificate_of_an_unknown_authority(server: Server, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(NotFetched, match=r"certificate is not accepted: .*SSL_CERT_FILE"):
        fetch.fetch(Wanted(url=server.url("file"), path=str(place), digest=SHA))


def test_http_is_refused_and_the_hook_is_for_this_machine_alone(place: Path) -> None:
    plain = Server(None)
    wanted = Wanted(url=plain.url("file"), path=str(place), digest=SHA)
    with pytest.raises(NotFetched, match="only https is used"):
        fetch.fetch(wanted)
    assert plain.asked == []
    assert fetch.fetch(replace(wanted, plain_http=True)) == SHA
    with pytest.raises(NotFetched, match="only https is used"):
        fetch.fetch(Wanted(url="http://example.org/x", path=str(place), digest=SHA, plain_http=True))
    plain.http.shutdown()
    plain.http.server_close()


def test_nobody_listens_and_no_such_name(place: Path) -> None:
    with pytest.raises(NotFetched, match=r"https://127\.0\.0\.1:1/x: broken off: Connection refused"):
        fetch.fetch(Wanted(url="https://127.0.0.1:1/x", path=str(place), digest=SHA))
    with pytest.raises(NotFetched, match="the name is not found"):
        fetch.fetch(Wanted(url="https://nothing.invalid/x", path=str(place), digest=SHA))


def test_more_than_was_expected_is_not_taken(server: Server, place: Path) -> None:
    server.body = b"x" * (20 << 20)
    with pytest.raises(NotFetched, match="is 20 MiB, and at most 17 were expected"):
        fetch.fetch(Wanted(url=server.url("file"), path=str(place), digest=SHA, size_mib=1))


def test_a_part_that_is_a_link_is_not_written_through(server: Server, place: Path, tmp_path: Path) -> None:
    place.parent.mkdir()
    (tmp_path / "mine").write_text("mine")
    Path(f"{place}.part").symlink_to(tmp_path / "mine")
    with pytest.raises(NotFetched):
        fetch.fetch(Wanted(url=server.url("file"), path=str(place), digest=SHA))
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_full_disk_keeps_the_part(server: Server, place: Path) -> None:
    """A limit on the size of files stands in for the disk: the same error comes from the same call."""
    child = os.fork()
    if child == 0:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
        try:
            fetch.fetch(Wanted(url=server.url("file"), path=str(place), digest=SHA))
        except NotFetched as error:
            os._exit(42 if "make room; `--resume` goes on" in str(error) and f"{place}.part" in str(error) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
    assert os.stat(f"{place}.part").st_size == 100_000
    assert fetch.fetch(Wanted(url=server.url("file"), path=str(place), digest=SHA)) == SHA
    assert server.asked[-1][1] == "bytes=100000-"


def test_a_disk_that_is_really_full(needs_mounts: None, server: Server, tmp_path: Path) -> None:
    script = f"""
import subprocess, sys, hashlib
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from pathlib import Path
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", {str(tmp_path)!r}], check=True)
from cudadoctor.executor.run import plan_run
from cudadoctor.executor.verify.preflight import Objected
from tests.plan.executing import Stage, plan, fetching
stage = Stage(Path({str(tmp_path)!r}))
place = stage.home / "cache" / "file"
step = fetching("get", {server.url("file")!r}, place, {SHA!r}, disk_mib=1, disk_at=str(place.parent))
try:
    plan_run.apply(stage.machine, plan(step))
except Objected as error:
    assert "0 MiB are free, and the plan takes up to 1 MiB there" in str(error), error
else:
    raise SystemExit("not objected")
from msgspec.structs import replace
done = plan_run.apply(stage.machine, plan(replace(step, disk_mib=0)))
assert done.state == "failed"
assert "No space left on device: make room" in done.error, done.error
(stage.home / "cache" / "file.part").unlink()
"""
    subprocess.run(["unshare", "--mount", "--propagation", "private", sys.executable, "-c", script], check=True)


class TestInAPlan:
    """The same as a step."""

    def test_cut_off_then_resumed_then_taken_back(self, server: Server, tmp_path: Path) -> None:
        stage = Stage(tmp_path)
        before = stage.tree()
        steps = plan(fetching("get", server.url("file"), stage.home / ".cache/x/file", SHA))
        server.cut = 100_000
        done = plan_run.apply(stage.machine, steps)
        assert done.state == "failed"
        assert "get (get): https://" in (done.error or "")
        server.cut = None
        assert plan_run.resume(stage.machine).state == "applied"
        assert server.asked[-1][1] == "bytes=100000-"
        assert plan_run.apply(stage.machine, steps).state == "nothing-to-do"
        assert plan_undo.undo(stage.machine).state == "undone"
        assert stage.tree() == before

    def test_cut_off_and_taken_back(self, server: Server, tmp_path: Path) -> None:
        stage = Stage(tmp_path)
        before = stage.tree()
        server.cut = 100_000
        plan_run.apply(stage.machine, plan(fetching("get", server.url("file"), stage.home / ".cache/x/file", SHA)))
        assert plan_undo.undo(stage.machine).state == "undone"
        assert stage.tree() == before

    def test_without_a_hash_it_is_told(self, server: Server, tmp_path: Path) -> None:
        stage = Stage(tmp_path)
        seen = Seen()
        step = fetching("get", server.url("file"), stage.home / "file", None)
        assert plan_run.apply(stage.machine, plan(step), watcher=seen).state == "applied"
        assert f"nothing was published to compare with: its sha256 is {SHA}" in seen.lines

    def test_interrupted_while_it_waits(self, server: Server, tmp_path: Path) -> None:
        import signal
        import time

        stage = Stage(tmp_path)
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        began = time.monotonic()
        done = plan_run.apply(stage.machine, plan(fetching("get", server.url("hang"), stage.home / "file", SHA)))
        assert (done.state, done.outcomes["get"]) == ("interrupted", "failed")
        assert time.monotonic() - began < 4
