"""GPU models: PCI ids and names, and the compute capability of each. Names are not unique: PCI ids go before them."""

from __future__ import annotations

import re

from msgspec import Struct

from cudadoctor.compat._tables import source, table
from cudadoctor.compat.source import Source
from cudadoctor.versions import ComputeCapability

_LONGEST_NAME = 100
_WORD = re.compile(r"[a-z0-9]+")
_MEMORY = re.compile(r"\d+gb?\Z|hbm\de?\Z")
"""80GB, 144G, HBM3e."""
_PROFILE = re.compile(r"-\d+[abcq]\b", re.IGNORECASE)
"""The profile of a virtual GPU: `GRID T4-16Q`."""
_PARENTHESES = re.compile(r"\s*\([^()]*\)")
_FORM = re.compile(r"sxm\d?\Z|pcie\Z|nvl\d*\Z|dgxs?\Z|hgx\Z|fhhl\Z")
_DROPPED = frozenset({
    "nvidia", "geforce", "tesla", "grid", "generation", "edition", "gpu", "graphics", "mobile", "laptop",
    "with", "max", "q", "design", "corporation", "refresh",
})  # fmt: skip
_DATACENTER = frozenset({
    "c2050", "c2070", "c2075", "m2050", "m2070", "m2075", "m2090", "k10", "k20", "k20c", "k20m", "k20x", "k20xm", "k40",
    "k40c", "k40m", "k40t", "k80", "m4", "m6", "m10", "m40", "m60", "p4", "p6", "p40", "p100", "v100", "v100s", "t4",
    "a2", "a10", "a10g", "a10m", "a16", "a30", "a30x", "a40", "a100", "a100x", "a800", "h20", "h100", "h200", "h800",
    "gh100", "gh200", "l2", "l4", "l20", "l40", "l40s", "l40g", "b100", "b200", "b300", "gb200", "gb300",
})  # fmt: skip
_MODELS = frozenset({"orin", "xavier", "thor", "spark"})
"""Models without a number."""
_CONSUMER = frozenset({"gtx", "gt", "gts", "geforce"})
_WORKSTATION = frozenset({"quadro", "rtx", "nvs", "titan", "jetson", "orin", "xavier", "thor", "cmp", "pro"})
_ARCHITECTURES = {
    2: "Fermi", 3: "Kepler", 5: "Maxwell", 6: "Pascal", 9: "Hopper", 10: "Blackwell", 11: "Blackwell", 12: "Blackwell",
}  # fmt: skip

_index: dict[tuple[str, ...], frozenset[str]] = {}
_joined: dict[str, frozenset[str]] = {}
"""The same by names without spaces: people type `RTX3090` and `GTX1080Ti`."""
_raw: list[tuple[str, frozenset[str]]] = []


class GpuModel(Struct, frozen=True, kw_only=True):
    """A GPU as the list of PCI ids has it."""

    name: str | None
    """None where the list has only the chip."""
    chip: str
    """`GP102`."""
    compute_capability: ComputeCapability
    architecture: str


def by_pci_id(device: str) -> GpuModel | None:
    """The model of `10de:1b06` (or `1b06`, `0x1b06`), or None where the list does not have it."""
    vendor, colon, number = device.strip().lower().rpartition(":")
    number = number.removeprefix("0x")
    if colon and vendor.removeprefix("0x") != "10de":
        return None
    tables = table("gpus")
    found = tables["pci"].get(number)
    if found is None:
        return None
    chip, name = found
    text, family = tables["chips"][chip]
    capability = ComputeCapability.parse(text)
    if capability is None:
        return None
    return GpuModel(name=name or None, chip=chip, compute_capability=capability, architecture=family)


def capabilities_by_name(name: str) -> tuple[ComputeCapability, ...]:
    """Every capability that GPUs of this name have, lowest first; empty where the name is not known.

    `NVIDIA`, `GeForce` and `Tesla`, memory sizes, form factors and the words for laptop parts do not count. A name that
    was cut (`GeForce GTX 108...`) stands for all that begin like it, and one that leaves words out (`RTX PRO 6000`,
    `Orin Nano`, `4090`) for all that have its words in its order.
    """
    if len(name) > _LONGEST_NAME:
        return ()
    _build()
    name = name.lower().partition(" mig ")[0]
    if "..." in name or "…" in name:
        return _cut(re.split(r"\.\.\.|…", name)[0])
    key = _key(name)
    return _sorted(_index.get(key) or _joined.get("".join(key)) or _shortened(key))


def capability_by_name(name: str) -> ComputeCapability | None:
    """The capability of this model, or None where the name is not known or GPUs of several capabilities have it."""
    found = capabilities_by_name(name)
    return found[0] if len(found) == 1 else None


def architecture(capability: ComputeCapability) -> str | None:
    """`Ampere` for 8.0; None where it is not known."""
    major, minor = capability.major, capability.minor
    if major == 7:
        return "Turing" if minor == 5 else "Volta"
    if major == 8:
        return "Ada" if minor == 9 else "Ampere"
    return _ARCHITECTURES.get(major)


def is_datacenter(name: str) -> bool | None:
    """Whether the name is one of a data-centre GPU; None where it is not of a known kind."""
    words = set(_words(name))
    if words & _CONSUMER or words & _WORKSTATION:
        return False
    return True if "tesla" in words or words & _DATACENTER else None


def is_geforce(name: str) -> bool | None:
    """Whether the name is one of a GeForce GPU; None where it is not of a known kind.

    The list of PCI ids and old drivers both write `GeForce`; a bare `RTX 4090` has four digits and no letter before
    them, where the workstation parts have (RTX A4000), or say what they are (Quadro, Ada, PRO).
    """
    words = set(_words(name))
    if words & _CONSUMER:
        return True
    if words & {"quadro", "tesla", "ada", "pro"} or words & _DATACENTER:
        return False
    if "rtx" in words:
        numbers = [word for word in words if re.fullmatch(r"[2-5]0[5-9]0", word)]
        return True if numbers else None
    return False if words & _WORKSTATION else None


def name_source() -> Source:
    """Where NVIDIA lists names and capabilities."""
    return source("gpus", "gpu_names")


def pci_source() -> Source:
    """Where the PCI ids were read."""
    return source("gpus", "gpu_pci")


def _words(name: str) -> list[str]:
    return _WORD.findall(name.lower()[:_LONGEST_NAME])


def _key(name: str) -> tuple[str, ...]:
    words = _words(_PROFILE.sub("", _PARENTHESES.sub("", name)))
    return tuple(word for word in words if word not in _DROPPED and not _MEMORY.match(word) and not _FORM.match(word))


def _shortened(key: tuple[str, ...]) -> set[str]:
    """The capabilities of every name that has these words side by side, else in this order.

    One of the words must tell models apart.
    """
    if not any(word in _MODELS or (len(word) > 2 and any(letter.isdigit() for letter in word)) for word in key):
        return set()
    together: set[str] = set()
    apart: set[str] = set()
    for full, capabilities in _index.items():
        if any(full[start : start + len(key)] == key for start in range(len(full))):
            together |= capabilities
        rest = iter(full)
        if all(word in rest for word in key):
            apart |= capabilities
    return together or apart


def _plain(name: str) -> str:
    """The words without the makers' names, for the beginning of a name that was cut."""
    return " ".join(word for word in _words(name) if word not in ("nvidia", "geforce", "tesla", "corporation"))


def _cut(beginning: str) -> tuple[ComputeCapability, ...]:
    start = _plain(beginning)
    if not any(letter.isdigit() for letter in start):
        return ()
    found: set[str] = set()
    for name, capabilities in _raw:
        if name.startswith(start):
            found |= capabilities
    return _sorted(found)


def _sorted(texts: frozenset[str] | set[str]) -> tuple[ComputeCapability, ...]:
    return tuple(sorted(one for text in texts if (one := ComputeCapability.parse(text)) is not None))


def _build() -> None:
    """Fill the index of names: NVIDIA's own list, the list of PCI ids, and the names known to be ambiguous."""
    if _index:
        return
    tables = table("gpus")
    found: dict[tuple[str, ...], set[str]] = {}
    raw: dict[str, set[str]] = {}

    def add(name: str, capability: str) -> None:
        for variant in _variants(name):
            key = _key(variant)
            if key:
                found.setdefault(key, set()).add(capability)
                raw.setdefault(_plain(variant), set()).add(capability)

    for capability, names in tables["names"].items():
        for name in names:
            add(name, capability)
    for chip, name in tables["pci"].values():
        add(name, tables["chips"][chip][0])
    for name, capabilities in tables["ambiguous"].items():
        for capability in capabilities:
            add(name, capability)
    _raw.extend((name, frozenset(capabilities)) for name, capabilities in sorted(raw.items()))
    _index.update((key, frozenset(capabilities)) for key, capabilities in found.items())
    for key, capabilities in _index.items():
        _joined["".join(key)] = _joined.get("".join(key), frozenset()) | capabilities


def _variants(name: str) -> list[str]:
    """The names in one line of the list: `A2 / A16`, `Quadro RTX 6000/8000`, `NVIDIA GB10 (DGX Spark)`."""
    if " / " in name and "Max-Q" not in name:
        return [part.strip() for part in name.split(" / ")]
    head, slash, last = name.rpartition("/")
    stem, space, first = head.rpartition(" ")
    if slash and space and last.isdigit() and first.isdigit():
        return [head, f"{stem} {last}"]
    return [name]
