"""CUDA_VISIBLE_DEVICES: what CUDA makes of it, and who set it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from cudadoctor.checks.engine.base import Confidence
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.shell import ShellFacts

VARIABLE = "CUDA_VISIBLE_DEVICES"
_INDEX = re.compile(r"\d{1,4}\Z")
_SCHEDULERS = (
    ("SLURM_", "Slurm"),
    ("PBS_", "PBS"),
    ("LSB_", "LSF"),
    ("FLUX_", "Flux"),
    ("KUBERNETES_", "Kubernetes"),
    ("GITHUB_ACTIONS", "CI"),
    ("GITLAB_CI", "CI"),
)


class Visibility(Struct, frozen=True, kw_only=True):
    """What the variable does. `visible` and `dropped` are its items, in order."""

    value: str
    visible: tuple[str, ...]
    dropped: tuple[str, ...]
    """The first item that CUDA does not accept and everything after it."""
    undecided: str | None = None
    """Why an item could not be judged (a UUID while nvidia-smi did not answer, MIG)."""

    @property
    def hides_all(self) -> bool:
        """No device is left."""
        return not self.visible and self.undecided is None


def scheduler(variables: Mapping[str, str]) -> str | None:
    """What sets the variable on purpose here: a batch system or a CI job."""
    for prefix, name in _SCHEDULERS:
        if any(key.startswith(prefix) and value for key, value in variables.items()):
            return name
    return "CI" if variables.get("CI", "").lower() in ("1", "true") else None


def visibility(shell: ShellFacts, gpus: tuple[GpuFacts, ...] | None, smi: SmiFacts | None) -> Visibility | None:
    """What CUDA makes of the variable here; None where it is not set.

    CUDA reads the list up to the first item that names no device, and ignores the rest; a device named twice leaves
    none. Items are indices, or the beginning of a UUID.
    """
    value = shell.variables.get(VARIABLE)
    if value is None:
        return None
    items = [item.strip() for item in value.split(",")]
    listed = smi.gpus if smi is not None and smi.outcome == "ok" else ()
    count = len(listed) or (len(gpus) if gpus else None)
    modes = [gpu.mig_mode for gpu in gpus or ()] + [gpu.mig_mode for gpu in listed]
    mig = any((mode or "").lower() == "enabled" for mode in modes)
    visible: list[str] = []
    for place, item in enumerate(items):
        good = _names_a_device(item, count, tuple(gpu.uuid for gpu in listed), mig)
        if good is None:
            return Visibility(
                value=value, visible=tuple(visible), dropped=(), undecided=f"`{item}` could not be looked up"
            )
        if not good:
            return Visibility(value=value, visible=tuple(visible), dropped=tuple(items[place:]))
        if item in visible:
            return Visibility(value=value, visible=(), dropped=tuple(items))
        visible.append(item)
    return Visibility(value=value, visible=tuple(visible), dropped=())


def _names_a_device(item: str, count: int | None, uuids: tuple[str | None, ...], mig: bool) -> bool | None:
    """Whether CUDA takes the item for a device; None where that cannot be known."""
    if item.startswith(("GPU-", "MIG-")):
        if item.startswith("MIG-") or mig or not uuids or None in uuids:
            return None
        return any(uuid is not None and uuid.startswith(item) for uuid in uuids)
    if not _INDEX.match(item):
        return False
    if mig or count is None:
        return None
    return int(item) < count


def leaves_none(value: str) -> Confidence | None:
    """Whether the value leaves no GPU where their number is not known: surely, or likely (its first index is not 0)."""
    head = value.split(",", maxsplit=1)[0].strip()
    if head.startswith(("GPU-", "MIG-")):
        return None
    if not _INDEX.match(head):
        return Confidence.CERTAIN
    return Confidence.LIKELY if int(head) > 0 else None


def hidden_on_purpose(shell: ShellFacts | None, gpus: tuple[GpuFacts, ...] | None, smi: SmiFacts | None) -> bool:
    """All GPUs are hidden by the variable, and a batch system or CI job did it."""
    return hides_all(shell, gpus, smi) and shell is not None and scheduler(shell.variables) is not None


def hides_all(shell: ShellFacts | None, gpus: tuple[GpuFacts, ...] | None, smi: SmiFacts | None) -> bool:
    """CUDA_VISIBLE_DEVICES leaves no GPU."""
    found = None if shell is None else visibility(shell, gpus, smi)
    return found is not None and found.hides_all
