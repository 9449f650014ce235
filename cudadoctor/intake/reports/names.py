"""GPUs and drivers as messages and sentences name them."""

from __future__ import annotations

import re
from itertools import islice

from cudadoctor.intake.draft import Draft, NamedGpu
from cudadoctor.intake.lazy import Lazy
from cudadoctor.versions import ComputeCapability, CudaDriverVersion, DriverVersion

_NAME = r"(?P<name>(?:NVIDIA |GeForce |Tesla |Quadro |TITAN |GRID )?[A-Z][\w .()/+-]{1,70}?)"
_NOT_COMPATIBLE = Lazy(
    rf"(?:^|\s){_NAME} with CUDA capability (?P<sm>sm_\d{{2,3}}) is not compatible with",
    re.MULTILINE,
    words="with cuda capability",
)
_FOUND = Lazy(
    rf"Found GPU ?\d{{1,3}} {_NAME} which is of (?:cuda |compute )?capability (?:\(CC\) )?(?P<cc>\d{{1,2}}\.\d)\b",
    re.IGNORECASE,
    words="which is of",
)
_PROPERTIES = Lazy(
    r"_CudaDeviceProperties\(name='(?P<name>[^']{3,80})', major=(?P<major>\d{1,2}), minor="
    r"(?P<minor>\d)(?:, total_memory=(?P<memory>\d{1,7})MB)?",
    words="_cudadeviceproperties",
)
_TENSORFLOW = Lazy(
    r"name: (?P<name>[A-Z][^,\n]{2,60}), pci bus id: [0-9a-fA-F:.]{5,16}, compute capability: (?P<cc>\d{1,2}\.\d)",
    words="pci bus id",
)
_DEVICE_QUERY = Lazy(r"Device \d{1,3}: \"(?P<name>[^\"]{3,80})\"", words="device 0:|device 1:|device 2:|device 3:")
_QUERY_CC = Lazy(r"CUDA Capability Major/Minor version number:\s{1,12}(?P<cc>\d{1,2}\.\d)", words="major/minor version")
_SUPPORTS = Lazy(
    r"current PyTorch install supports CUDA capabilities ((?:(?:sm|compute)_\d{2,3}[af]?[ ,.\n]{0,4}){1,30})",
    words="install supports cuda",
)
_WORDS = Lazy(
    r"(?<![\w-])(?:NVIDIA[ -])?(?:"
    r"(?:GeForce[ -]?)?(?P<series>RTX|GTX|GT)[ -]?(?P<number>A?\d{3,4})(?P<suffix>"
    r"(?:[ -]?(?:Ti|SUPER|Ada|Laptop|Mobile|Max-Q)\b)*|[DMS]\b)"
    r"|Tesla[ -](?P<tesla>[CKMPVTA]\d{1,4}[a-z]{0,2})"
    r"|(?P<bare>(?:A|H|B|V|P)(?:100|200|800)|H20|H200|GH200|GB200|GB10|L40S?|L4|T4|A40|A30|A16|A10G?|A6000|K80|K40[cm]?|P40)"
    r"(?:[ -](?:SXM\d?|PCIe|NVL|\d{2,3} ?GB|HBM\de?)(?![\w])){0,4}(?=[\s,.;:)x-]|\Z)(?!\.\d)"
    r"|(?P<titan>TITAN (?:RTX|V|Xp|X)\b)"
    r"|(?P<quadro>Quadro (?:RTX )?[A-Z]{0,2}\d{3,4}\b)"
    r"|(?P<jetson>Jetson (?:AGX )?(?:Nano|TX2|Xavier|Orin|Thor)\b)"
    r")",
    re.IGNORECASE,
)
_WANTED = re.compile(r"\brequire[sd]?\b|\bat least\b|>=|\bor (?:newer|later|higher)\b|\bminimum\b", re.IGNORECASE)
"""Words beside the version of a driver that somebody asks for."""
_NUMBER = Lazy(
    r"\b(?:my|an?|the|two|our|nvidia|\d ?x) (?P<number>[2345]0[5-9]0|10[5-8]0|16[56]0)"
    r"(?P<suffix>(?: ?(?:Ti|SUPER)\b){0,2})"
    r"s?\b(?! ?(?:ms|s|[MG]i?B|epochs?|steps?|images?)\b)",
    re.IGNORECASE,
)
"""A model's number alone, as in "on my 3090"."""
_DRIVER = Lazy(
    r"(?:\bdriver|\bnvidia-smi|\bNVIDIA-SMI)(?:s\b)?(?:[ -](?:version|displays the driver version))?\s{0,3}"
    r"(?:is|:|=)?\s{0,3}v?(?P<version>[3-9]\d{2}\.\d{2,3}(?:\.\d{2})?)(?![\d.]*\d)",
    re.IGNORECASE,
    words="driver|nvidia-smi",
)
_CUDA_DRIVER = Lazy(
    r"CUDA Driver(?: Version)?(?: / Runtime Version)?:?\s{1,12}(?P<version>\d{1,2}\.\d)(?:\.\d{1,3})?\b",
    words="cuda driver",
)
_FOUND_VERSION = Lazy(r"driver on your system is too old \(found version (\d{4,6})\)", words="found version")
_MODULE_VERSION = Lazy(r"kernel reported version is: (\d{3}\.\d{1,3}(?:\.\d{1,3})?)", words="kernel reported version")
_LIBRARY_VERSION = Lazy(
    r"libcuda reported version is: (\d{3}\.\d{1,3}(?:\.\d{1,3})?)", words="libcuda reported version"
)


def recognise(draft: Draft) -> None:
    """What programs print, then words; a driver's version where nvidia-smi did not tell one."""
    _messages(draft)
    _driver(draft)
    listed = draft.smi is not None and draft.smi.gpus
    if not listed and not any(gpu.structured for gpu in draft.named):
        _words(draft)


def _messages(draft: Draft) -> None:
    text = draft.paste.text
    for pattern in (_NOT_COMPATIBLE, _FOUND, _PROPERTIES, _TENSORFLOW):
        for match in islice(pattern.finditer(text, draft.paste.lowered), 16):
            groups = match.groupdict()
            capability = (
                ComputeCapability(int(groups["major"]), int(groups["minor"]))
                if groups.get("major")
                else ComputeCapability.parse(groups.get("sm") or groups.get("cc") or "")
            )
            at = text.count("\n", 0, match.start("name"))
            memory = int(groups["memory"]) if groups.get("memory") else None
            name = match["name"].strip().removeprefix("UserWarning: ")
            _add(draft, name, capability, "the message", at, memory=memory)
    names = _DEVICE_QUERY.findall(text, draft.paste.lowered)[:16]
    capabilities = _QUERY_CC.findall(text, draft.paste.lowered)[:16]
    if len(names) == len(capabilities):
        for name, cc in zip(names, capabilities, strict=True):
            _add(draft, name, ComputeCapability.parse(cc), "deviceQuery", draft.paste.first(name.lower()))
    if supports := _SUPPORTS.search(text, draft.paste.lowered):
        archs = tuple(re.findall(r"(?:sm|compute)_\d{2,3}[af]?", supports.group(1)))
        if draft.put(draft.torch, "arch_list", archs) and draft.torch_seen is None:
            draft.torch_seen = draft.paste.seen(text.count("\n", 0, supports.start()))


def _add(
    draft: Draft, name: str, capability: ComputeCapability | None, source: str, at: int, *, memory: int | None = None
) -> None:
    draft.name_gpu(
        NamedGpu(name=name, capability=capability, source=source, seen=draft.paste.seen(at), memory_mib=memory)
    )


def _driver(draft: Draft) -> None:
    text = draft.paste.text
    if match := _FOUND_VERSION.search(text, draft.paste.lowered):
        draft.put(draft.driver, "cuda_version", CudaDriverVersion.from_integer(int(match.group(1))))
        draft.put(draft.driver, "loaded", value=True)
        draft.put(draft.driver, "seen", draft.paste.seen(text.count("\n", 0, match.start())))
    for pattern, name in ((_MODULE_VERSION, "version"), (_LIBRARY_VERSION, "library_version")):
        if match := pattern.search(text, draft.paste.lowered):
            version_text = re.sub(r"\.0\Z", "", match.group(1)) if match.group(1).count(".") == 2 else match.group(1)
            seen = draft.paste.seen(text.count("\n", 0, match.start()))
            if draft.put(draft.driver, name, DriverVersion.parse(version_text)):
                draft.put(draft.driver, "library_seen" if name == "library_version" else "seen", seen)
    if match := _CUDA_DRIVER.search(text, draft.paste.lowered):
        draft.put(draft.driver, "cuda_version", CudaDriverVersion.parse(match["version"]))
    if "version" in draft.driver or (draft.smi is not None and draft.smi.version is not None):
        return
    found = {
        match["version"]: match.start()
        for match in islice(_DRIVER.finditer(text[:400_000]), 64)
        if not _wanted(text, match)
    }
    if len(found) == 1:
        named, start = found.popitem()
        draft.put(draft.driver, "version", DriverVersion.parse(named))
        draft.put(draft.driver, "seen", draft.paste.seen(text.count("\n", 0, start)))
    elif found:
        draft.gap("driver.version", f"the text names several drivers: {', '.join(sorted(found))}"[:200])


def _wanted(text: str, match: re.Match[str]) -> bool:
    """Whether somebody asks for that version, on the same line."""
    start = text.rfind("\n", 0, match.start()) + 1
    end = text.find("\n", match.end())
    end = len(text) if end < 0 else end
    return _WANTED.search(text[max(start, match.start() - 60) : min(end, match.end() + 30)]) is not None


def _words(draft: Draft) -> None:
    from cudadoctor.compat import gpus

    text = draft.paste.text[:400_000]
    for match in islice(_WORDS.finditer(text, draft.paste.lowered), 200):
        name = match.group().strip(" -")
        if match["series"]:
            suffix = (match["suffix"] or "").replace("-", " ").strip()
            series = match["series"].upper()
            if series == "GTX" and re.fullmatch(r"[2-5]0[5-9]0", match["number"]):
                series = "RTX"  # how people write it; there is no such GTX
            name = f"{series} {match['number'].upper()}{f' {suffix}' if suffix else ''}"
        capability = gpus.capability_by_name(name)
        if capability is None and not match["series"] and not match["tesla"]:
            continue
        seen = draft.paste.seen(text.count("\n", 0, match.start()))
        draft.name_gpu(NamedGpu(name=name, capability=capability, source="name", seen=seen, structured=False))
    if draft.named:
        return
    for match in islice(_NUMBER.finditer(text), 50):
        number = match["number"]
        series = "GTX" if number.startswith("1") else "RTX"
        name = f"{series} {number}{f' {suffix}' if (suffix := match['suffix'].strip()) else ''}"
        capability = gpus.capability_by_name(name)
        if capability is not None:
            seen = draft.paste.seen(text.count("\n", 0, match.start()))
            draft.name_gpu(NamedGpu(name=name, capability=capability, source="name", seen=seen, structured=False))
