"""Asks nvidia-smi, and tells apart the ways in which it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.facts.base import Gap
from cudadoctor.facts.driver import SmiFacts, SmiOutcome
from cudadoctor.facts.seen import Seen
from cudadoctor.host.base import NOT_AS_ROOT, Completed, Denied, Failed, Host, Missing, Refusal, TimedOut
from cudadoctor.probes.ask import first_line, one_line, signal_of
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.readings import smi as readings

if TYPE_CHECKING:
    from cudadoctor.parsers.smi import SmiReading
    from cudadoctor.parsers.smi_error import SmiError

LIMIT = 45.0
"""Seconds after which it hangs: without persistence mode it may take 30 s where eight GPUs have to be started."""
_SLOW = 3.0
"""Seconds for one answer; from then on it is asked for no more than has to be."""
_ENDLESS = 1 << 19
_MANY_LINES = 40
_BEGIN = 1 << 15
_PLACES = (
    "/usr/bin/nvidia-smi",
    "/usr/lib/wsl/lib/nvidia-smi",
    "/usr/local/nvidia/bin/nvidia-smi",
    "/opt/nvidia/bin/nvidia-smi",
    "/opt/bin/nvidia-smi",
    "/run/current-system/sw/bin/nvidia-smi",
    "/usr/sbin/nvidia-smi",
)
_XML = ("-q", "-x")
_COLUMNS = "index,name,uuid,pci.bus_id,memory.total,driver_version"
_CSV = (f"--query-gpu={_COLUMNS}", "--format=csv")
_CAPABILITY = ("--query-gpu=index,pci.bus_id,compute_cap", "--format=csv")
_CAPABILITY_FROM = 510
"""The driver branch whose nvidia-smi first knows the column compute_cap; up to 470 it is refused with exit status 2."""


def find(host: Host) -> str | None:
    """The nvidia-smi that would run: the first on PATH, else where drivers and container runtimes put it.

    Raises a Refusal where the host does not let us look.
    """
    return (*_all(host), None)[0]


def _all(host: Host) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*host.which("nvidia-smi"), *(path for path in _PLACES if _there(host, path)))))


def _there(host: Host, path: str) -> bool:
    try:
        host.realpath(path)
    except (Missing, Denied):
        return False
    return True


def probe(host: Host, request: Request, clock: Clock) -> Found[SmiFacts]:  # noqa: ARG001
    """`nvidia-smi -q -x`; where that form is refused, the table and the csv form.

    Its exit status proves nothing: it has ended with 0 and `ERR!` in place of every value. What could be read decides.
    One that did not answer is not asked a second time.
    """
    try:
        paths = _all(host)
    except Refusal as refusal:
        return Found(value=None, gaps=(Gap(fact="smi", reason=one_line(f"it could not be looked for: {refusal}")),))
    if not paths:
        seen = Seen(where="nvidia-smi", text="not on PATH, nor where drivers install it")
        return Found(value=SmiFacts(outcome="missing", seen=seen))
    found = _of(host, clock, paths[0])
    for path in paths[1:]:
        if not any(NOT_AS_ROOT in gap.reason for gap in found.gaps):
            break
        found = _of(host, clock, path)
    return found


def _of(host: Host, clock: Clock, path: str) -> Found[SmiFacts]:
    asker = _Asker(host, clock, path)
    try:
        return Found(value=asker.judge(asker.run(_XML)))
    except TimedOut as late:
        return asker.late(late)
    except (Denied, Failed) as refusal:
        # A far machine's answers are used up, or root may not run it here: that says nothing about the program.
        if refusal.reason.startswith(("not asked", NOT_AS_ROOT)):
            return Found(value=None, gaps=(Gap(fact="smi", reason=one_line(f"it could not be run: {refusal}")),))
        can = "may not" if isinstance(refusal, Denied) else "cannot"
        words = one_line(f"it {can} be run: {refusal.reason}")
        return Found(value=SmiFacts(outcome="failed", path=path, message=words, seen=Seen(where=path, text=words)))
    except Refusal as refusal:
        return Found(value=None, gaps=(Gap(fact="smi", reason=one_line(f"it could not be run: {refusal}")),))


class _Asker(Struct, frozen=True):
    """One nvidia-smi, with the time that there is for it."""

    host: Host
    clock: Clock
    path: str

    def run(self, arguments: tuple[str, ...]) -> Completed:
        """Raises a Refusal."""
        return self.host.run((self.path, *arguments), timeout=self.clock.limit(LIMIT))

    def judge(self, done: Completed) -> SmiFacts:
        """What the XML form tells; with it what only the csv form tells, or what the other forms tell in its place."""
        from cudadoctor.parsers import smi_error, smi_xml

        signal = signal_of(done.returncode)
        reading = smi_xml.parse(done.stdout)
        if signal is not None:
            return self._facts("crashed", done, reading, signal=signal)
        if reading is not None and reading.complete:
            if not reading.gpus and (reading.version is None or reading.message):
                return self._facts("failed" if reading.message else "unreadable", done, reading)
            return self._facts("ok", done, self._with_capabilities(reading, done.seconds))
        if reading is not None and not done.truncated:
            return self._facts("unreadable", done, reading)
        told = smi_error.parse(_text(done), done.returncode) if reading is None else None
        if told is not None and not _refused_form(done, told):
            return self._facts("failed", done, None)
        return self._other_forms(done)

    def _with_capabilities(self, reading: SmiReading, seconds: float) -> SmiReading:
        """With the compute capabilities, which the XML form of most drivers does not have.

        One that took `seconds` for its first answer may take as long for this, which others tell as well.
        """
        old = reading.version is None or reading.version.branch < _CAPABILITY_FROM
        if old or not reading.gpus or all(gpu.compute_capability or gpu.lost for gpu in reading.gpus):
            return reading
        if seconds > _SLOW:
            return reading
        from cudadoctor.parsers import smi_csv

        try:
            more = smi_csv.parse(self.run(_CAPABILITY).stdout)
        except Refusal:
            return reading
        return replace(reading, gpus=readings.joined(reading.gpus, more.gpus if more else ()))

    def _other_forms(self, first: Completed) -> SmiFacts:
        """The plain table and the csv form, for an nvidia-smi that did not give XML that can be read."""
        from cudadoctor.parsers import smi_csv, smi_error, smi_table

        table = self._run_unless_late(())
        csv = self._run_unless_late(_CSV)
        if table is None:
            return self._facts("unreadable", first, None)
        signal = signal_of(table.returncode)
        if signal is not None:
            return self._facts("crashed", table, None, signal=signal)
        reading = smi_table.parse(table.stdout)
        rows = smi_csv.parse(csv.stdout) if csv and csv.returncode == 0 else None
        if reading is None or not (reading.gpus or reading.version):
            told = smi_error.parse(_text(table), table.returncode)
            failed = told is not None or (first.returncode != 0 and table.returncode != 0)
            return self._facts("failed" if failed else "unreadable", table if told else first, None)
        if rows is not None and rows.gpus:
            reading = replace(
                reading, gpus=readings.joined(rows.gpus, reading.gpus), version=reading.version or rows.version
            )
        return self._facts("ok", table, reading)

    def _run_unless_late(self, arguments: tuple[str, ...]) -> Completed | None:
        """None where it could not be started. Raises TimedOut: then nothing more is asked of it."""
        try:
            return self.run(arguments)
        except TimedOut:
            raise
        except Refusal:
            return None

    def _facts(
        self, outcome: SmiOutcome, done: Completed, reading: SmiReading | None, *, signal: str | None = None
    ) -> SmiFacts:
        message = _message(outcome, done, reading)
        text = {
            "ok": readings.summary(reading),
            "crashed": signal or "",
            "unreadable": f"exit status {done.returncode}, {len(done.stdout)} bytes that cannot be read whole",
        }
        return SmiFacts(
            outcome=outcome,
            path=self.path,
            exit_code=done.returncode if done.returncode >= 0 else None,
            signal=signal,
            message=message,
            version=reading.version if reading else None,
            cuda_version=reading.cuda_version if reading else None,
            gpus=reading.gpus if reading else (),
            seconds=done.seconds,
            seen=Seen(
                where=" ".join(done.argv),
                text=one_line(text.get(outcome) or message or f"exit status {done.returncode}"),
            ),
        )

    def late(self, late: TimedOut) -> Found[SmiFacts]:
        """It hangs where it was idle, cannot be killed, or had all its own time; else this run's time was too short."""
        seconds = late.seconds or self.clock.limit(LIMIT)
        hangs = late.stuck or bool(late.idle) or seconds >= LIMIT
        words = f"no answer within {seconds:.0f} s" + (", and the process cannot be killed" if late.stuck else "")
        outcome: SmiOutcome = "hangs" if hangs else "unreadable" if _endless(late.stdout) else "slow"
        facts = SmiFacts(
            outcome=outcome,
            path=self.path,
            message=words,
            seconds=seconds,
            seen=Seen(where=self.path, text=words),
        )
        reason = f"nvidia-smi: {words}, which was all the time this run had"
        return Found(value=facts, gaps=(Gap(fact="smi", reason=reason),) if outcome == "slow" else ())


def _endless(stdout: bytes) -> bool:
    """Whether it went on printing what is no answer: more than any, or lines of which none begins one."""
    from cudadoctor.parsers import smi_table, smi_xml

    begin = stdout[:_BEGIN]
    if len(stdout) < _ENDLESS and begin.count(b"\n") < _MANY_LINES:
        return False
    return smi_xml.parse(begin) is None and smi_table.parse(begin) is None


def _message(outcome: SmiOutcome, done: Completed, reading: SmiReading | None) -> str | None:
    """Its own words: the most telling line of an error text, else the first line that is not empty.

    An answer that could be read has none, unless its exit status says that something is wrong beside it.
    """
    from cudadoctor.parsers import smi_error

    if reading is not None and reading.message:
        return one_line(reading.message)
    silent = outcome == "ok" and done.returncode == 0
    half_a_document = outcome == "unreadable" and reading is not None
    if outcome == "crashed" or silent or half_a_document:
        return None
    told = smi_error.parse(_text(done), done.returncode)
    if told is not None and told.message:
        return one_line(told.message)
    return first_line(done.stderr) if outcome == "ok" else first_line(done.stdout, done.stderr)


def _text(done: Completed) -> str:
    both = done.stdout[:65536] + b"\n" + done.stderr[:65536]
    return both.decode("utf-8", errors="replace")


def _refused_form(done: Completed, told: SmiError) -> bool:
    """Whether it may be the form alone that it does not give.

    Exit status 2 is nvidia-smi's for arguments that it does not know; wrappers and old ones end with others, and an end
    that neither words nor a known status explain is no reason not to look at the plain table.
    """
    return done.returncode == 2 or told.kind == "bad-argument" or (told.kind == "other" and told.message is None)
