"""The library's smoke tests: run them in an environment, and judge what came of them. No printing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.errors import CudaDoctorError
from cudadoctor.facts.base import Facts
from cudadoctor.facts.smoke import SmokeFacts, SmokeLevel, SmokeResult
from cudadoctor.probes.base import Request
from cudadoctor.report.model import SmokeReport

if TYPE_CHECKING:
    from cudadoctor.checks.engine.outcome import Finding
    from cudadoctor.host.local import LocalHost
    from cudadoctor.report.model import Report
    from cudadoctor.smoke.suite import Test as Test  # noqa: PLC0414  the command line names it

__all__ = ["SmokeRequest", "listed", "run_smoke"]

_DEVICE = re.compile(r"(?:auto|cpu|cuda|cuda:\d{1,3})\Z")
_LOOK = 30.0
"""Seconds for finding the environment and asking nvidia-smi."""


class SmokeRequest(Struct, frozen=True, kw_only=True):
    """What is to be proved."""

    level: SmokeLevel = "quick"
    device: str = "auto"
    env: str | None = None
    """Name or path of an environment; None: the active one."""
    only: tuple[str, ...] = ()
    expect_gpus: int | None = None
    timeout: float | None = None
    seconds: float = 60.0
    """For the level `burn`."""


def listed(level: SmokeLevel, only: Sequence[str] = ()) -> tuple[Test, ...]:
    """The tests of a level, or those named. Raises CudaDoctorError for a name that there is not."""
    from cudadoctor.smoke import suite

    for name in only:
        if name not in suite.BY_NAME:
            raise CudaDoctorError(f"`{name}` names no smoke test: see `cudadoctor smoke --list --level full`")
    return suite.chosen(level, only)


def run_smoke(host: LocalHost, request: SmokeRequest, *, progress: Callable[[str], None] | None = None) -> SmokeReport:
    """Run the tests in the environment, and where they fail examine the machine for the cause.

    Raises CudaDoctorError for a request that is malformed. Interrupted, it gives what there was until then.
    """
    from cudadoctor.api import examine as api
    from cudadoctor.probes.collect import collect
    from cudadoctor.report import verdict
    from cudadoctor.smoke.run import Order, run

    _proved(request)
    envs = (request.env,) if request.env is not None else ()
    facts = collect(host, Request(fast=True, envs=envs, timeout=_LOOK), progress=progress).facts
    env = verdict.active_env(facts)
    if env is None or env.python is None:
        smoke = SmokeFacts(device=request.device, level=request.level, expected=request.expect_gpus)
    else:
        order = Order(
            python=env.python,
            env=env.prefix,
            level=request.level,
            device=request.device,
            only=request.only,
            expect_gpus=request.expect_gpus,
            timeout=request.timeout,
            seconds=request.seconds,
            smi=facts.smi,
        )
        smoke = run(host, host.env, order, progress)
    known = frozenset(one.name for one in api.check_list())
    if _passed(smoke):
        return SmokeReport(status="passed", sentence=_praise(smoke), smoke=smoke, known=known, shares=_shares(smoke))
    if smoke.interrupted:
        return SmokeReport(status="failed", sentence="Interrupted.", smoke=smoke, known=known, shares=_shares(smoke))
    report = _judged(host, facts, smoke, Request(envs=envs))
    chosen, roots = _roots(report, smoke)
    return SmokeReport(
        status="failed",
        sentence=_blame(smoke, report, chosen),
        smoke=smoke,
        findings=chosen,
        root_causes=roots,
        remedies={one.id: report.remedies[one.id] for one in chosen if one.id in report.remedies},
        known=known,
        shares=_shares(smoke),
    )


def _proved(request: SmokeRequest) -> None:
    listed(request.level, request.only)
    if not _DEVICE.match(request.device):
        raise CudaDoctorError(f"--device {request.device}: there are auto, cuda, cuda:N and cpu")
    if request.expect_gpus is not None and request.device == "cpu":
        raise CudaDoctorError("--expect-gpus and --device cpu exclude each other")
    if request.expect_gpus is not None and not 0 <= request.expect_gpus <= 4096:
        raise CudaDoctorError(f"--expect-gpus {request.expect_gpus}: a number of GPUs is meant")


def _passed(smoke: SmokeFacts) -> bool:
    """Something was computed where it was to be, on as many GPUs as expected, and nothing failed."""
    if smoke.failed or not smoke.complete:
        return False
    done = [one for one in smoke.results if one.outcome == "pass"]
    if not smoke.on_gpu:
        return any(one.name != "import" for one in done)
    if smoke.expected is not None and len(smoke.gpus or ()) < smoke.expected:
        return False
    meant = [one for one in smoke.results if one.layer not in _SURVEYED]
    if not meant:  # the level is `import`
        return bool(done)
    tried = {one.gpu for one in done if one.gpu is not None}
    together = any(one.gpu is None and one.layer not in _SURVEYED for one in done)
    everywhere = bool(smoke.gpus) and tried >= {gpu.index for gpu in smoke.gpus or ()}
    return everywhere or (together and not any(one.gpu is not None for one in meant))


_SURVEYED = ("torch's import", "torch build", "loader", "driver", "device")
"""Layers of tests that compute nothing."""


def _praise(smoke: SmokeFacts) -> str:
    done = sum(one.outcome == "pass" for one in smoke.results)
    if not smoke.on_gpu:
        where = "the CPU"
    elif smoke.gpus:
        names = list(dict.fromkeys(gpu.name or "GPU" for gpu in smoke.gpus))
        where = f"{len(smoke.gpus)} GPUs ({', '.join(names)})" if len(smoke.gpus) > 1 else names[0]
    else:
        return f"torch {smoke.torch} imports as it must; no GPU was touched: {done} tests passed."
    return f"torch {smoke.torch} computes on {where} as it must: {done} tests passed."


def _judged(host: LocalHost, facts: Facts, smoke: SmokeFacts, request: Request) -> Report:
    """Everything that is known about the machine, with the results. Nobody asks a driver again that hangs."""
    from cudadoctor.api import examine as api
    from cudadoctor.intake.messages.find import find
    from cudadoctor.probes.collect import collect

    stuck = any(one.outcome == "hang" for one in smoke.results)
    if not stuck:
        facts = collect(host, request).facts
    said = find((f"smoke test {one.name}", one.message) for one in smoke.failed if one.message)
    return api.examine(replace(facts, smoke=smoke, symptoms=(*(facts.symptoms or ()), *said)))


def _roots(report: Report, smoke: SmokeFacts) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What the failures come from, and the findings about it. Other faults of the machine are no matter here."""
    from cudadoctor.checks.engine import registry
    from cudadoctor.checks.engine.base import Severity

    own = {one.name for one in registry.rows() if ("smoke", True) in one.parameters}
    failures = [one for one in report.findings if one.name in own]
    explaining = {cause for one in failures for cause in one.because_of}
    first = [one for one in report.findings if one.id in explaining and not one.because_of]
    if any(one.name == "import" and "No module named" in (one.message or "") for one in smoke.failed):
        # Where nobody asks for torch, that it is missing is information, which explains no error: here it does.
        first += [
            one for one in report.findings if one.name == "torch-not-installed" and one.subject == f"env:{smoke.env}"
        ]
    # What the tests point to and the machine shows as well, though no table says that the one follows from the other.
    suspected = {name for one in smoke.failed for name in one.suspects}
    errors = [one for one in report.findings if one.severity is Severity.ERROR and not one.because_of]
    first += [one for one in errors if one.name in suspected - own and one not in first]
    names = {one.name for one in first}
    pointing = {f"smoke test {one.name}" for one in smoke.failed if names & set(one.suspects)}
    if "torch-not-installed" in names:
        pointing.update(f"smoke test {one.name}" for one in smoke.failed)
    alone = [
        one for one in failures if not one.because_of and not any(row.where in pointing for row in one.evidence)
        and not (one.name == "no-gpu-to-test" and names)
    ]  # fmt: skip
    between = [one for one in report.findings if one.id in explaining and one.because_of]
    roots = tuple(dict.fromkeys(one.name for one in (*first, *alone)))
    return (*first, *between, *failures), roots


def _blame(smoke: SmokeFacts, report: Report, chosen: Sequence[Finding]) -> str:
    """The root cause in one sentence; where the machine shows none, the first test that did not pass."""
    if not smoke.results:
        return "No Python environment was found in which torch could be tested."
    if chosen:
        # The root, and what it did to the tests where that is not the same.
        failure = next((one for one in chosen if one.code.startswith("SM")), chosen[0])
        messages = dict.fromkeys((_sentence(chosen[0].message), _sentence(failure.message)))
        return " ".join(messages)
    first = next(iter(smoke.failed), None)
    if first is not None:
        return _sentence(f"{_where(first)}{first.name} ({first.layer}): {first.message or first.outcome}")
    if not smoke.complete:
        return "The time of this run was over before every test was done."
    return _sentence(f"Nothing was tested: {report.verdict}")


def _where(result: SmokeResult) -> str:
    return f"GPU {result.gpu}: " if result.gpu is not None else ""


def _sentence(text: str) -> str:
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _shares(smoke: SmokeFacts) -> dict[str, str]:
    """How much of the data sheet's rate was reached."""
    from cudadoctor.compat.rates import remark

    found = {}
    for result in smoke.results:
        if result.name == "matmul-rate" and result.outcome == "pass" and result.gpu is not None:
            gpu = next((one for one in smoke.gpus or () if one.index == result.gpu), None)
            words = remark(gpu.name if gpu else None, result.figures)
            if words:
                found[f"{result.name}@{result.gpu}"] = words
    return found
