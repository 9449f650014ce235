"""One line for each layer of the stack, from the GPU up to torch: what is there, and a mark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from cudadoctor.checks.engine.base import Severity
from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.facts.envs import UNNAMED, EnvFacts, TorchFacts
from cudadoctor.report.model import Report

Mark = Literal["ok", "warning", "error", "absent", "unknown"]
"""absent: it is not there, and need not be. unknown: it could not be found out."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One line."""

    title: str
    mark: Mark
    text: str


_BY_CODE = {
    "GPU": ("HW", "HLTH", "VIRT", "PERF", "GB", "JET"),
    "driver": ("DRV", "NVS", "DEV", "WSL", "SEC", "CT", "OS", "APT"),
    "libcuda": ("LD",),
    "toolkit": ("TK", "CC"),
    "shell": ("ENV", "SH"),
    "envs": ("CON",),
    "torch": ("TB", "TR", "PY", "CL"),
}
_BY_SUBJECT = {"gpu": "GPU", "toolkit": "toolkit", "var": "shell", "file": "shell", "env": "torch"}


_NO_BUILD = "(CUDA version not known)"


def layer_of(finding: Finding) -> str:
    """The layer that a finding is about: what its subject says, or else its family of codes."""
    area = finding.code.rstrip("0123456789")
    if "libcuda" in finding.name or finding.name in ("cuda-driver-init-fails", "cuda-compat-misuse"):
        return "libcuda"
    by_code = next((layer for layer, areas in _BY_CODE.items() if area in areas), "driver")
    kind, _, which = finding.subject.partition(":")
    if not which or (kind == "env" and by_code == "envs") or (kind == "gpu" and by_code == "torch"):
        return by_code
    return _BY_SUBJECT.get(kind, by_code)


def layers(report: Report) -> tuple[Layer, ...]:
    """GPU, driver, CUDA driver library, toolkit, shell, environments, torch."""
    worst: dict[str, Severity] = {}
    for finding in report.findings:
        layer = layer_of(finding)
        worst[layer] = max(finding.severity, worst.get(layer, Severity.INFO))
    found = (
        ("GPU", "GPU", _gpu(report.facts)),
        ("driver", "driver", _driver(report.facts)),
        ("libcuda", "libcuda", _libcuda(report.facts)),
        ("toolkit", "toolkit", _toolkit(report.facts)),
        ("shell", "shell", _shell(report.facts)),
        ("envs", "conda", _conda(report.facts)),
        ("envs", "python", _python(report.facts)),
        ("torch", "torch", _torch(report.facts)),
    )
    lines = [
        Layer(title=title, mark=_marked(mark, worst.get(layer), title), text=text)
        for layer, title, (mark, text) in found
    ]
    lines.extend(
        Layer(
            title="torch", mark=_torch_mark(env.torch, report.facts), text=f"{_torch_text(env.torch)} (in {env.prefix})"
        )
        for env in report.facts.envs or ()
        if env.torch and not env.active and env.torch.live.outcome != "not-asked"
    )
    if report.pasted:  # a mark beside "not known" reads as if that were the fault
        lines = [
            replace(line, text="see below") if line.text == "not known" and line.mark in ("warning", "error") else line
            for line in lines
        ]
    return tuple(lines)


def _marked(mark: Mark, severity: Severity | None, title: str) -> Mark:
    if title == "python" or severity is None:
        return mark
    return {Severity.ERROR: "error", Severity.WARNING: "warning"}.get(severity, mark)  # type: ignore[return-value]


def _gap(facts: Facts, *names: str) -> str:
    for gap in facts.gaps:
        if gap.fact.partition(".")[0] in names:
            return gap.reason
    return "not known"


def _gpu(facts: Facts) -> tuple[Mark, str]:
    if facts.gpus is None:
        return "unknown", _gap(facts, "gpus", "pci", "smi")
    if not facts.gpus:
        return "absent", "no NVIDIA GPU"
    shown: Counter[str] = Counter()
    for gpu in facts.gpus:
        details = [f"{gpu.memory_total_mib} MiB"] if gpu.memory_total_mib else []
        details += [f"compute capability {gpu.compute_capability}"] if gpu.compute_capability else []
        details += [f"MIG, {gpu.mig_devices or 0} instances"] if gpu.mig_mode == "enabled" else []
        details += ["does not answer"] if gpu.lost else []
        shown[(gpu.name or "NVIDIA GPU") + _note(details)] += 1
    return "ok", "; ".join(f"{count} × {text}" if count > 1 else text for text, count in shown.items())


def _driver(facts: Facts) -> tuple[Mark, str]:
    driver = facts.driver
    if driver is None:
        return "unknown", _gap(facts, "driver")
    if driver.version is not None:
        notes = [f"CUDA {driver.cuda_version.release}"] if driver.cuda_version else []
        notes += [f"{driver.module} kernel module"] if driver.module else []
        notes += ["not loaded"] if driver.loaded is False else []
        return "ok", f"{driver.version}{_note(notes)}"
    if driver.loaded:
        return "unknown", f"loaded; version: {_gap(facts, 'driver', 'smi')}"
    if driver.loaded is None:
        return "unknown", _gap(facts, "driver")
    files = f" (libraries of {driver.library_version})" if driver.library_version else ""
    return "absent", f"on disk, not loaded{files}" if driver.installed else "not installed"


def _libcuda(facts: Facts) -> tuple[Mark, str]:
    one = facts.libcuda
    if one is None:
        return "unknown", _gap(facts, "libcuda")
    if one.outcome == "ok":
        serves = f"supports CUDA {one.cuda_version.release}" if one.cuda_version else "works"
        count = "" if one.device_count is None else f", {_count(one.device_count, 'device')}"
        return "ok", f"{serves}{count}"
    no_gpu: Mark = "absent" if facts.gpus == () else "unknown"
    where = f" ({one.path})" if one.path else ""
    if one.outcome == "missing":
        return no_gpu, "libcuda.so.1 not found"
    if one.outcome == "failed":
        return no_gpu, f"cuInit returns {one.cuinit}{f' {one.cuinit_name}' if one.cuinit_name else ''}{where}"
    said = {"crashed": "crashes", "hangs": "does not answer", "slow": "no answer within the time of this run"}
    return "unknown", f"{said[one.outcome]}{f': {one.error}' if one.error else ''}{where}"


def _toolkit(facts: Facts) -> tuple[Mark, str]:
    if facts.toolkit is None:
        return "unknown", _gap(facts, "toolkit")
    found = facts.toolkit.toolkits
    if not found:
        return "absent", "none (needed only to compile)"
    first = sorted(found, key=lambda one: one.real_root != facts.toolkit.nvcc_on_path_root)  # type: ignore[union-attr]
    shown = [f"{one.version or 'version not known'} in {one.root}" for one in first[:3]]
    more = [f"{len(found) - 3} more"] if len(found) > 3 else []
    return "ok", "; ".join(shown + more)


def _shell(facts: Facts) -> tuple[Mark, str]:
    if facts.shell is None:
        return "unknown", _gap(facts, "shell")
    shown = [facts.shell.shell or "not known which"]
    for name in ("CUDA_HOME", "CUDA_PATH", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "LD_PRELOAD"):
        value = facts.shell.variables.get(name)
        if value is not None:
            shown.append(f"{name}={value if len(value) <= 200 else value[:200] + '…'}")
    return "ok" if facts.shell.shell else "unknown", "; ".join(shown)


def _conda(facts: Facts) -> tuple[Mark, str]:
    if facts.conda is None:
        return "unknown", _gap(facts, "conda")
    environments = sum(env.kind in ("conda", "pixi") for env in facts.envs or ())
    if not facts.conda.roots and not environments:
        return "absent", "not installed"
    where = f" in {facts.conda.roots[0]}" if facts.conda.roots else ""
    count = "" if facts.envs is None else f", {_count(environments, 'environment')}"
    return "ok", f"{facts.conda.version or 'installed'}{where}{count}".lstrip(", ")


def _python(facts: Facts) -> tuple[Mark, str]:
    if facts.envs is None:
        return "unknown", _gap(facts, "envs")
    env = _active(facts)
    if env is None:
        others = f"; {_count(len(facts.envs), 'environment')} found" if facts.envs else ""
        return "absent", f"no active environment{others}"
    if env.name == UNNAMED:
        return ("ok", env.python_version) if env.python_version else ("unknown", "not known")
    because = f", active by {env.active_because}" if env.active_because else ""
    return "ok", f"{env.python_version or 'version not known'} in {env.prefix} ({env.kind}{because})"


def _torch(facts: Facts) -> tuple[Mark, str]:
    if facts.envs is None:
        return "unknown", _gap(facts, "envs")
    env = _active(facts)
    if env is None or env.torch is None:
        others = [other for other in facts.envs if other.torch]
        elsewhere = f"; found in {others[0].prefix}{' and others' if len(others) > 1 else ''}" if others else ""
        return "absent", f"not installed{elsewhere}"
    return _torch_mark(env.torch, facts), _torch_text(env.torch)


def _torch_mark(torch: TorchFacts, facts: Facts) -> Mark:
    if torch.live.outcome == "ok":
        if torch.live.is_available:
            return "ok"
        return "absent" if facts.gpus == () else "unknown"
    if torch.live.outcome == "not-asked":
        return "absent" if facts.gpus == () else "unknown"
    return "error" if torch.live.outcome in ("import-error", "crashed", "hangs") else "unknown"


def _torch_text(torch: TorchFacts) -> str:
    named = {"cpu": "CPU build"}.get(torch.build or "", f"{torch.build} build")
    build = f"for CUDA {torch.cuda}" if torch.cuda else f"({named})" if torch.build else _NO_BUILD
    live = torch.live
    uses = "the GPU" if live.device_count is None else _count(live.device_count, "GPU")
    said = {
        "ok": f"finds {uses}" if live.is_available else "cannot use CUDA",
        "not-asked": "not started",
        "import-error": f"cannot be imported{f': {live.error}' if live.error else ''}",
        "crashed": f"crashes{f' ({live.signal})' if live.signal else ''}{f' at {live.stage}' if live.stage else ''}",
        "hangs": f"does not answer{f' (at {live.stage})' if live.stage else ''}",
        "slow": "no answer within the time of this run",
        "failed": f"could not be asked{f': {live.error}' if live.error else ''}",
    }
    if not torch.version[:1].isdigit():
        return f"version not known; {said[live.outcome]}"
    return f"{torch.version} {build}; {said[live.outcome]}"


def _active(facts: Facts) -> EnvFacts | None:
    return next((env for env in facts.envs or () if env.active), None)


def _note(words: list[str]) -> str:
    return f" ({', '.join(words)})" if words else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def everything(value: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted name and value of every fact in a document that is not null and not empty, for `-vv`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from everything(item, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from everything(item, f"{prefix}[{index}]")
    elif value is not None:
        yield prefix, {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
