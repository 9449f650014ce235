"""Asks the CUDA driver library itself, in a child process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cudadoctor.facts.base import Gap
from cudadoctor.facts.driver import CudaDevice, LibcudaFacts, LibcudaOutcome
from cudadoctor.facts.seen import Seen
from cudadoctor.host.base import HELPER_PYTHON, Completed, Host, Refusal, TimedOut
from cudadoctor.parsers.text import bus_id as bus_id_of
from cudadoctor.probes.ask import first_line, one_line, signal_of
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.versions import ComputeCapability, CudaDriverVersion

LIMIT = 30.0
"""Seconds after which a child that has not ended hangs: cuInit takes some seconds on machines with many GPUs."""
ARGV = (HELPER_PYTHON, "-I", "-S", "-", "libcuda_report/1")
_LIBRARY = "libcuda.so.1"
_CALLS = {"load": "loading it", "version": "cuDriverGetVersion", "cuinit": "cuInit", "count": "cuDeviceGetCount"}
_MOST_LINES = 1000


def probe(host: Host, request: Request, clock: Clock) -> Found[LibcudaFacts]:  # noqa: ARG001
    """The code of cuInit, the driver's CUDA version, the devices, and the file that the loader took."""
    from cudadoctor.probes import child

    limit = clock.limit(LIMIT)
    try:
        done = host.run(ARGV, timeout=limit, stdin=child.script("libcuda_report.py"))
    except TimedOut as late:
        return _late(late, limit)
    except Refusal as refusal:
        return _gap(f"no Python to ask it with: {refusal}")
    report = _Report(done.stdout)
    if not report.steps or "no-ctypes" in report.steps:
        return _gap(f"the helper script did not run: {_last_words(done, report)}")
    return Found(value=_ended(done, report))


def _gap(reason: str) -> Found[LibcudaFacts]:
    return Found(value=None, gaps=(Gap(fact="libcuda", reason=one_line(reason)),))


class _Report:
    """What the child said, as far as it came."""

    def __init__(self, stdout: bytes) -> None:
        self.steps: dict[str, Mapping[str, Any]] = {}
        self.devices: list[CudaDevice] = []
        self.last = "start"
        for line in stdout.split(b"\n")[:_MOST_LINES]:
            said = _object(line)
            if said is None:
                continue
            self.last = said["step"]
            self.steps[self.last] = {**self.steps.get(self.last, {}), **said}
            if self.last == "device":
                self.devices.append(_device(said, len(self.devices)))

    def text(self, step: str, key: str) -> str | None:
        value = self.steps.get(step, {}).get(key)
        return one_line(value, longest=1000) or None if isinstance(value, str) else None

    def number(self, step: str, key: str) -> int | None:
        return _int(self.steps.get(step, {}), key)

    @property
    def where(self) -> str:
        """The call that it was in when it ended."""
        return _CALLS.get(self.last, "asking the devices" if self.last == "device" else self.last)


def _object(line: bytes) -> Mapping[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) and isinstance(said.get("step"), str) else None


def _int(said: Mapping[str, Any], key: str) -> int | None:
    value = said.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _device(said: Mapping[str, Any], position: int) -> CudaDevice:
    major, minor, memory = _int(said, "major"), _int(said, "minor"), _int(said, "memory")
    ordinal, name, bus_id = _int(said, "ordinal"), said.get("name"), said.get("bus_id")
    return CudaDevice(
        ordinal=position if ordinal is None else ordinal,
        name=one_line(name) or None if isinstance(name, str) else None,
        compute_capability=None if major is None or minor is None else ComputeCapability(major, minor),
        bus_id=bus_id_of(bus_id) if isinstance(bus_id, str) else None,
        memory_total_mib=None if memory is None else memory >> 20,
    )


def _late(late: TimedOut, limit: float) -> Found[LibcudaFacts]:
    """A child that was idle, or had all its own time, hangs; one that ran out of this run's time was slow."""
    report = _Report(late.stdout)
    seconds = late.seconds or limit
    hangs = late.stuck or bool(late.idle) or seconds >= LIMIT
    outcome: LibcudaOutcome = "hangs" if hangs else "slow"
    stuck = ", and the process cannot be killed" if late.stuck else ""
    error = f"no answer within {seconds:.0f} s from {report.where}{stuck}"
    gaps = () if hangs else (Gap(fact="libcuda", reason=f"{_LIBRARY}: {error}, which was all the time this run had"),)
    return Found(value=_facts(outcome, report, error=error), gaps=gaps)


def _ended(done: Completed, report: _Report) -> LibcudaFacts:
    code = report.number("cuinit", "code")
    signal = signal_of(done.returncode)
    if "load-error" in report.steps:
        words = report.text("load-error", "text") or "it could not be loaded"
        return _facts("missing" if _not_found(words) else "failed", report, error=words)
    if "end" in report.steps:
        return _facts("ok" if code == 0 else "failed", report)
    if signal is not None:
        return _facts("crashed", report, error=f"{signal} in {report.where}")
    # A library can end the process by itself: no signal, and not the end of the script.
    words = first_line(done.stderr) or f"the process ended with status {done.returncode}"
    return _facts("failed", report, error=f"{words} (in {report.where})")


def _not_found(words: str) -> bool:
    """Whether the loader's words (glibc's or musl's) say that there is none, rather than what is wrong with it.

    Where one of its own dependencies is missing they end in the same way and have another name.
    """
    return _LIBRARY in words and words.endswith("No such file or directory")


def _facts(outcome: LibcudaOutcome, report: _Report, *, error: str | None = None) -> LibcudaFacts:
    code, version = report.number("cuinit", "code"), report.number("version", "value")
    path = report.text("loaded", "path")
    name = None if code is None else _result_name(code)
    if error is not None:
        text = error
    elif code == 0:
        text = f"cuInit 0, {len(report.devices)} devices"
    else:
        text = f"cuInit {code} {name or ''}".strip()
    return LibcudaFacts(
        outcome=outcome,
        path=path,
        cuinit=code,
        cuinit_name=name,
        cuda_version=CudaDriverVersion.from_integer(version) if version and version > 0 else None,
        device_count=report.number("count", "value"),
        devices=tuple(report.devices),
        error=error,
        seen=Seen(where=path or _LIBRARY, text=one_line(text)),
    )


def _result_name(code: int) -> str | None:
    from cudadoctor.compat.cuda_codes import cuda_result_name

    return cuda_result_name(code)


def _last_words(done: Completed, report: _Report) -> str:
    said = report.text("no-ctypes", "text")
    last = done.stderr.rstrip().rpartition(b"\n")[2]
    return said or first_line(last) or f"it ended with status {done.returncode}"
