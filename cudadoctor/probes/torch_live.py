"""Asks torch itself, in a child of the environment's own python."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from cudadoctor.facts.base import Gap
from cudadoctor.facts.envs import EnvFacts, LiveOutcome, TorchLive
from cudadoctor.host.base import Completed, Host, Refusal, TimedOut
from cudadoctor.probes.ask import one_line, signal_of
from cudadoctor.probes.base import Beside, Clock, Found, Request
from cudadoctor.probes.envs import asked, with_arch_list
from cudadoctor.probes.quiet import Quiet
from cudadoctor.versions import ComputeCapability, RuntimeVersion

LIMIT = 50.0
"""Seconds after which a child that has not ended hangs: a cold import of torch takes 15, on a network disk 30."""
PROTOCOL = "torch_report/1"
_AT_ONCE = 2
_STAGES = ("start", "import", "cuda-init", "devices", "cudnn")
_MOST_LINES = 1000
_MOST_ARCHS = 64
_ARCH = re.compile(r"(?:sm|compute)_\d{2,3}[af]?\Z")
_FATAL = re.compile(r"^Fatal Python error: .*$", re.MULTILINE)
_CUDNN_9 = 90000


def probe(host: Host, request: Request, clock: Clock, envs: tuple[EnvFacts, ...]) -> Found[tuple[EnvFacts, ...]]:
    """The same environments, with what torch said in the active one and in those that were asked for."""
    chosen = [place for place, env in enumerate(envs) if not request.fast and env.python and asked(env, request)]
    answers: dict[int, TorchLive] = {}
    reports: dict[int, _Report] = {}

    def work(places: list[int]) -> None:
        for place in places:
            answers[place], reports[place] = _ask(host, clock, envs[place].python or "")

    if len(chosen) > 1:
        threads = [Beside(partial(work, chosen[start::_AT_ONCE])) for start in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(clock.limit(LIMIT) * len(chosen))
    else:
        work(chosen)
    result = list(envs)
    gaps: list[Gap] = []
    for place in chosen:
        env = envs[place]
        live = answers.get(place) or TorchLive(outcome="slow", error="no time was left to ask it")
        result[place] = with_arch_list(Quiet(host), clock, _merged(env, live, reports.get(place)))
        if live.outcome == "slow":
            reason = f"{env.prefix}: torch was still at work ({live.stage or 'start'}) when this run's time was over"
            gaps.append(Gap(fact="torch.live", reason=reason))
        elif live.outcome == "failed":
            gaps.append(Gap(fact="torch.live", reason=one_line(f"{env.prefix}: {live.error}")))
    return Found(value=tuple(result), gaps=tuple(gaps))


def _ask(host: Host, clock: Clock, python: str) -> tuple[TorchLive, _Report]:
    from cudadoctor.probes import child

    limit = clock.limit(LIMIT)
    # Without new .pyc files in the user's environment: a look changes nothing.
    env = {"PYTHONDONTWRITEBYTECODE": "1"}
    script = child.script("torch_report.py")
    try:
        done = host.run([python, "-", PROTOCOL], timeout=limit, env=env, stdin=script)
    except TimedOut as late:
        report = _Report(late.stdout)
        # The time that it had then: a recording may be looked at with another limit.
        seconds = late.seconds or limit
        hangs = late.stuck or bool(late.idle) or seconds >= LIMIT
        stuck = ", and its process cannot be killed" if late.stuck else ""
        error = f"no answer within {seconds:.0f} s from {report.stage}{stuck}"
        return report.live("hangs" if hangs else "slow", error=error, seconds=seconds), report
    except Refusal as refusal:
        return TorchLive(outcome="failed", stage="start", error=one_line(str(refusal))), _Report(b"")
    report = _Report(done.stdout)
    return _ended(done, report), report


def _ended(done: Completed, report: _Report) -> TorchLive:
    failure = report.text("import-error", "text")
    if failure is not None:
        return report.live("import-error", error=failure, seconds=done.seconds)
    if "end" in report.steps:
        return report.live("ok", error=report.text("cuda", "error"), seconds=done.seconds)
    signal = signal_of(done.returncode)
    stderr = done.stderr[-65536:].decode("utf-8", errors="replace")
    words = _last_words(stderr)
    if signal is not None and report.steps:
        error = words or f"ended by {signal}"
        return replace(report.live("crashed", error=error, seconds=done.seconds), signal=signal)
    unsupported = report.text("unsupported", "text")
    if unsupported is None and report.steps:
        # Something in the import ended the process by itself.
        unsupported = f"the process ended with status {done.returncode} in {report.stage}" + (
            f": {words}" if words else ""
        )
        if report.stage == "import":
            return report.live("import-error", error=unsupported, seconds=done.seconds)
    error = unsupported or words or f"it printed nothing that can be read and ended with status {done.returncode}"
    return replace(report.live("failed", error=error, seconds=done.seconds), signal=signal)


def _last_words(stderr: str) -> str | None:
    """The interpreter's own line about a crash, else the last line that is not empty."""
    fatal = _FATAL.search(stderr)
    lines = [fatal.group()] if fatal else [line for line in stderr.splitlines() if line.strip()][-1:]
    return one_line(lines[0]) or None if lines else None


class _Report:
    """What the child said, as far as it came; every value is checked, because torch or a user's file may print too."""

    def __init__(self, stdout: bytes) -> None:
        self.steps: dict[str, Mapping[str, Any]] = {}
        self.devices: list[Mapping[str, Any]] = []
        self.stage = "start"
        for line in stdout.split(b"\n")[:_MOST_LINES]:
            said = _object(line) if line[:1] == b"{" else None
            if said is None:
                continue
            step = said["step"]
            self.steps.setdefault(step, said)
            if step == "device":
                self.devices.append(said)
            if step in _STAGES:
                self.stage = step

    def text(self, step: str, key: str, longest: int = 2000) -> str | None:
        value = self.steps.get(step, {}).get(key)
        return one_line(value, longest=longest) or None if isinstance(value, str) else None

    def number(self, step: str, key: str) -> int | None:
        value = self.steps.get(step, {}).get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def available(self) -> bool | None:
        value = self.steps.get("cuda", {}).get("available")
        return value if isinstance(value, bool) else None

    @property
    def warning(self) -> str | None:
        """What torch warned of while it initialised CUDA, else the error that is_available() kept to itself."""
        texts = self.steps.get("cuda", {}).get("warnings")
        lines = (
            [one_line(text, longest=2000) for text in texts if isinstance(text, str)] if isinstance(texts, list) else []
        )
        joined = " | ".join(dict.fromkeys(filter(None, lines)))
        return joined or self.text("cuda", "error")

    @property
    def shadow(self) -> str | None:
        """Not where the torch that was imported is the very one (the current directory is its site-packages)."""
        path = self.text("start", "shadow")
        return None if path is None or path == self.text("imported", "file") else path

    @property
    def archs(self) -> tuple[str, ...] | None:
        value = self.steps.get("imported", {}).get("archs")
        words = value.split()[:_MOST_ARCHS] if isinstance(value, str) else []
        return tuple(word for word in words if _ARCH.match(word)) or None

    @property
    def cudnn(self) -> str | None:
        number = self.number("cudnn-version", "number")
        if not number or number <= 0:
            return None
        thousands = 10000 if number >= _CUDNN_9 else 1000
        return f"{number // thousands}.{number % thousands // 100}.{number % 100}"

    def live(self, outcome: LiveOutcome, *, error: str | None, seconds: float) -> TorchLive:
        capabilities = [_capability(said) for said in self.devices]
        names = [one_line(said["name"], longest=120) for said in self.devices if isinstance(said.get("name"), str)]
        return TorchLive(
            outcome=outcome,
            stage=self.stage,
            is_available=self.available,
            warning=self.warning,
            device_count=self.number("counted", "count"),
            capabilities=tuple(capability for capability in capabilities if capability is not None),
            device_names=tuple(names),
            error=error,
            seconds=round(seconds, 3),
            local_shadow=self.shadow,
        )


def _object(line: bytes) -> Mapping[str, Any] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and isinstance(said.get("step"), str) else None


def _capability(said: Mapping[str, Any]) -> ComputeCapability | None:
    major, minor = said.get("major"), said.get("minor")
    return ComputeCapability(major, minor) if isinstance(major, int) and isinstance(minor, int) else None


def _merged(env: EnvFacts, live: TorchLive, report: _Report | None) -> EnvFacts:
    """The files' facts, with what only torch itself could tell."""
    torch = env.torch
    if torch is None:
        return env
    cuda = report.text("imported", "cuda") if report else None
    # Only of this very torch: PYTHONPATH or a path file may have led to another one.
    file = report.text("imported", "file") if report else None
    here = file is not None and posixpath.dirname(file) == torch.location
    return replace(
        env,
        torch=replace(
            torch,
            cuda=torch.cuda or (RuntimeVersion.parse(cuda) if cuda and here else None),
            cudnn=(report.cudnn if report else None) or torch.cudnn,
            arch_list=(report.archs if report else None) or torch.arch_list,
            live=live,
        ),
    )
