"""The files by which a CUDA toolkit tells its version."""

from __future__ import annotations

import json
import re

from cudadoctor.versions import ToolkitVersion

_TEXT = re.compile(r"CUDA Version (\d{1,2}\.\d{1,2}(?:\.\d{1,4})?)")
_HEADER = re.compile(r"^[ \t]*#[ \t]*define[ \t]+CUDA_VERSION[ \t]+(\d{4,6})\b", re.MULTILINE)
_RELEASE = re.compile(r"(\d{1,2})\.(\d{1,2})(?:\.(\d+))?")
_CUDART = re.compile(r"libcudart\.so\.(\d{1,2})\.(\d{1,2})(?:\.(\d{1,4}))?\Z")
_DATE_DIGITS = 8


def version_json(text: str) -> ToolkitVersion | None:
    """From version.json (CUDA 11.1 and newer): `cuda.version`, else that of nvcc.

    Some releases put a date in place of the patch number (11.8.20220929); the patch is left out then.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    for part in ("cuda", "cuda_nvcc"):
        entry = content.get(part)
        version = entry.get("version") if isinstance(entry, dict) else None
        match = _RELEASE.match(version) if isinstance(version, str) else None
        if match:
            return _version(match)
    return None


def version_txt(text: str) -> ToolkitVersion | None:
    """From version.txt (up to CUDA 11.0): `CUDA Version 10.1.243`."""
    match = _TEXT.search(text)
    return None if match is None else ToolkitVersion.parse(match.group(1))


def cuda_h(text: str) -> ToolkitVersion | None:
    """From include/cuda.h: `#define CUDA_VERSION 10010`."""
    match = _HEADER.search(text)
    return None if match is None else ToolkitVersion.from_integer(int(match.group(1)))


def cudart_name(path: str) -> ToolkitVersion | None:
    """From the name of the runtime library: `libcudart.so.12.1.105`. The soname alone (`.so.12`) does not tell."""
    match = _CUDART.search(path)
    return None if match is None else _version(match)


def _version(match: re.Match[str]) -> ToolkitVersion:
    major, minor, patch = match.groups(default="0")
    return ToolkitVersion(int(major), int(minor), int(patch) if len(patch) < _DATE_DIGITS else 0)
