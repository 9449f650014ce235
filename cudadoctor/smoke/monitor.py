"""What a long load did to the GPUs: temperature, clocks and error counters before and after it, by nvidia-smi."""

from __future__ import annotations

from collections.abc import Mapping

from cudadoctor.host.base import Refusal
from cudadoctor.smoke.ledger import Ledger
from cudadoctor.smoke.session import Runs, plain
from cudadoctor.smoke.suite import BY_NAME

_FIELDS = ("index", "temperature.gpu", "clocks.sm", "power.draw", "ecc.errors.uncorrected.volatile.total")
_LIMIT = 30.0
_DCGM_LIMIT = 300.0
Look = Mapping[str, Mapping[str, str]]


def look(host: Runs) -> Look | None:
    """By GPU and by field; None where nvidia-smi does not say."""
    try:
        argv = ["nvidia-smi", f"--query-gpu={','.join(_FIELDS)}", "--format=csv,noheader,nounits"]
        done = host.run(argv, timeout=_LIMIT)
    except Refusal:
        return None
    found = {}
    for line in done.stdout[:65536].decode("utf-8", "replace").splitlines():
        values = [value.strip() for value in line.split(",")]
        if len(values) == len(_FIELDS) and values[0].isdecimal():
            found[values[0]] = dict(zip(_FIELDS[1:], values[1:], strict=True))
    return found or None


def compare(host: Runs, before: Look | None, ledger: Ledger) -> None:
    """A result for the counters, and one of dcgmi where it is installed."""
    test = BY_NAME["burn"]
    after = look(host)
    if before is None or after is None:
        return
    wrong = [index for index in after if _grew(before.get(index, {}), after[index])]
    figures = {f"GPU {index}": dict(values) for index, values in after.items()}
    message = f"uncorrectable memory errors came up meanwhile on GPU {', '.join(wrong)}" if wrong else None
    ledger.put(test, "fail" if wrong else "pass", gpu=None, on_gpu=True, message=message, figures=figures)
    _dcgmi(host, ledger)


def _dcgmi(host: Runs, ledger: Ledger) -> None:
    """NVIDIA's own quick test, where it is installed. GPUs that are not for data centres have level 1 only."""
    try:
        done = host.run(["dcgmi", "diag", "-r", "1"], timeout=min(_DCGM_LIMIT, max(ledger.left(), 1.0)))
    except Refusal:
        return  # not installed, or it took too long: it is an addition
    printed = done.stdout[:65536].decode("utf-8", "replace")
    failed = [line for line in printed.splitlines() if "| Fail" in line]
    if done.returncode != 0 and not failed:
        return  # its daemon does not run
    message = plain(failed[0], 200) if failed else None
    test = BY_NAME["burn"]
    figures = {"dcgmi diag -r 1": "failed" if failed else "passed"}
    ledger.put(test, "fail" if failed else "pass", gpu=None, on_gpu=True, message=message, figures=figures)


def _grew(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    old, new = before.get(_FIELDS[-1], ""), after.get(_FIELDS[-1], "")
    return old.isdecimal() and new.isdecimal() and int(new) > int(old)
