"""What a long load did to the GPUs: temperature, clocks and error counters before and after it, by nvidia-smi."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from cudadoctor.host.base import Refusal
from cudadoctor.smoke.ledger import Ledger
from cudadoctor.smoke.session import Runs, plain
from cudadoctor.smoke.suite import BY_NAME

_FIELDS = ("index", "temperature.gpu", "clocks.sm", "power.draw", "ecc.errors.uncorrected.volatile.total")
_LIMIT = 30.0
_DCGM_LIMIT = 300.0
_XID = re.compile(r"NVRM: Xid \(([^)]{1,40})\): (\d{1,4})")
_HARDWARE_XIDS = frozenset(("48", "64", "74", "79", "92", "94", "95", "119", "120"))
"""Xids of the hardware, the link or the firmware. Others come of programs, and other people's run here as well."""


class Look(Struct, frozen=True, kw_only=True):
    """One look at the GPUs."""

    gpus: Mapping[str, Mapping[str, str]]
    """Values by GPU and by field; empty where nvidia-smi does not say."""
    xids: tuple[str, ...] | None
    """Of the hardware, in the order of the kernel log; None where it may not be read."""


def look(host: Runs) -> Look:
    """Temperatures, clocks and counters as they are now."""
    found = {}
    argv = ["nvidia-smi", f"--query-gpu={','.join(_FIELDS)}", "--format=csv,noheader,nounits"]
    for line in (_printed(host, argv) or "").splitlines():
        values = [value.strip() for value in line.split(",")]
        if len(values) == len(_FIELDS) and values[0].isdecimal():
            found[values[0]] = dict(zip(_FIELDS[1:], values[1:], strict=True))
    log = _printed(host, ["dmesg"])
    xids = None if log is None else tuple(number for _, number in _XID.findall(log) if number in _HARDWARE_XIDS)
    return Look(gpus=found, xids=xids)


def compare(host: Runs, before: Look, ledger: Ledger) -> None:
    """A result for the counters, and one of dcgmi where it is installed."""
    after = look(host)
    wrong = [index for index in after.gpus if _grew(before.gpus.get(index, {}), after.gpus[index])]
    messages = [f"uncorrectable memory errors came up meanwhile on GPU {', '.join(wrong)}"] if wrong else []
    # The log is a ring: old lines go, so only what is there more often than before is new.
    new = Counter(after.xids or ()) - Counter(before.xids or ()) if before.xids is not None else Counter()
    if new:
        messages.append(f"the driver reported Xid {', '.join(sorted(new, key=int))} meanwhile")
    if after.gpus or messages:
        figures = {f"GPU {index}": dict(values) for index, values in after.gpus.items()}
        ledger.put(
            BY_NAME["burn"],
            "fail" if messages else "pass",
            gpu=None,
            on_gpu=True,
            message="; ".join(messages) or None,
            wrong=bool(messages),
            figures=figures,
        )
    _dcgmi(host, ledger)


def _printed(host: Runs, argv: Sequence[str]) -> str | None:
    try:
        done = host.run(argv, timeout=_LIMIT)
    except Refusal:
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


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
