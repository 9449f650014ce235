"""Records of installed Python distributions: `*.dist-info`, `*.egg-info`."""

from __future__ import annotations

import re

_FOLDER = re.compile(r"(?P<name>[^/]+?)-(?P<version>\d[^-/]*|[^-/]+)(?:-py\d[\d.]*(?:-[^/]*)?)?\.(?:dist|egg)-info\Z")
_SEPARATORS = re.compile(r"[-_.]+")
_REQUIRES = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)[ \t]*(?:\[[^\]]*\])?[ \t]*\(?([^;)]*)\)?")
_PIN = re.compile(r"===?[ \t]*([A-Za-z0-9.+!_-]+)\Z")


def normalise(name: str) -> str:
    """A distribution's name as the index has it: lower case, `-` between its parts."""
    return _SEPARATORS.sub("-", name).lower()


def folder(path: str) -> tuple[str, str] | None:
    """Normalised name and version from `…/torch-1.4.0-py3.7.egg-info`; None where it has no version."""
    match = _FOLDER.match(path.rpartition("/")[2])
    return None if match is None else (normalise(match["name"]), match["version"])


def pinned(metadata: str, wanted: str) -> str | None:
    """The one version of `wanted` that a METADATA file requires (`Requires-Dist: torch==2.4.0`), else None."""
    for line in metadata.splitlines():
        if not line:
            break  # the description begins
        if not line.startswith("Requires-Dist:"):
            continue
        match = _REQUIRES.match(line.partition(":")[2].strip())
        pin = _PIN.match(match.group(2).strip()) if match and normalise(match.group(1)) == wanted else None
        if pin:
            return pin.group(1)
    return None


def exact_pins(metadata: str) -> tuple[tuple[str, str], ...]:
    """Name and version of each NVIDIA package and triton that torch's METADATA pins, where no extra asks for it.

    Markers are looked at as far as torch's own go: the system is Linux; what is for one processor or one Python alone
    is left out, because the reader of a file cannot know either.
    """
    found: list[tuple[str, str]] = []
    for line in metadata.splitlines():
        if not line:
            break  # the description begins
        if not line.startswith("Requires-Dist:"):
            continue
        requirement, _, marker = line.partition(":")[2].partition(";")
        if any(word in marker for word in ("extra", "python_version", "Darwin", "Windows", "aarch64", "!=")):
            continue
        match = _REQUIRES.match(requirement.strip())
        pin = _PIN.match(match.group(2).strip()) if match else None
        name = normalise(match.group(1)) if match else ""
        if pin and name.startswith(("nvidia-", "cuda-toolkit", "triton")):
            found.append((name, pin.group(1)))
    return tuple(found)
