"""What the pages of checks say of builds, indexes and versions: taken from the tables when a page is made.

A page names a value as `{{name}}` or `{{name argument}}`, so that it cannot differ from what `recommend` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cudadoctor.compat import conda, cudnn, drivers, indexes, torch, torch_builds
from cudadoctor.compat._tables import numbers
from cudadoctor.compat.arch import runs
from cudadoctor.versions import ComputeCapability, CudaVersion

_PLACE = re.compile(r"\{\{([a-z0-9-]+)(?: ([^{}]+))?\}\}")


def filled(text: str) -> str:
    """The text with every `{{name}}` replaced. Raises KeyError for a name that there is not."""
    return _PLACE.sub(lambda match: _VALUES[match[1]](match[2] or ""), text)


def _newest(_: str) -> str:
    """The newest release of torch."""
    return torch.newest().torch


def _index(text: str) -> str:
    """The index of the newest build: for a GPU (`sm_61`), or for a driver of a CUDA major version (`cuda 12`)."""
    tag = _last_for_cuda(int(text.removeprefix("cuda "))) if text.startswith("cuda ") else _last_for(text)[1]
    return indexes.index_url(tag)


def _last_torch(text: str) -> str:
    """The last release with a build that has code for a GPU (`sm_61`)."""
    return _last_for(text)[0]


def _next_torch(text: str) -> str:
    """The first release after it, as a bound: `2.15`."""
    last = _last_for(text)[0]
    known = [one.torch for one in torch.releases()]
    later = [one for one in known[known.index(last) + 1 :] if numbers(one)[:2] > numbers(last)[:2]]
    major, minor = numbers(last)[:2]
    return ".".join(later[0].split(".")[:2]) if later else f"{major}.{minor + 1}"


def _last_for(text: str) -> tuple[str, str]:
    """The newest release and the build of it that a GPU can use, convolutions included."""
    capability = _capability(text)
    for release in reversed(torch.releases()):
        for build in reversed(torch_builds.builds(release.torch)):
            if build.cuda is None:
                continue
            built = torch_builds.built_arch_list(release.torch, build.cuda)
            fits = built is not None and runs(capability, built) == "binary"
            if fits and cudnn.too_old_for_bundled(release.torch, build.cuda, capability) is None:
                return release.torch, build.tag
    raise KeyError(text)


def _capability(text: str) -> ComputeCapability:
    digits = text.removeprefix("sm_")
    return ComputeCapability(int(digits[:-1]), int(digits[-1]))


def _last_for_cuda(major: int) -> str:
    """The newest build for a CUDA major version, of the newest release that has one."""
    for release in reversed(torch.releases()):
        mine = [build.tag for build in torch_builds.builds(release.torch) if build.cuda and build.cuda.major == major]
        if mine:
            return mine[-1]
    raise KeyError(major)


def _tags(version: str) -> str:
    """The CUDA builds of a release: `cu118, cu124 and cu126`."""
    found = torch.resolve(version)
    return _and([one.tag for one in torch_builds.builds(found.torch) if one.cuda]) if found is not None else ""


def _pythons(version: str) -> str:
    """The Pythons of a release: `3.7 to 3.11`."""
    found = torch.resolve(version)
    plain = [one for one in torch.pythons(found.torch) or () if not one.endswith("t")] if found is not None else []
    return f"{plain[0]} to {plain[-1]}" if plain else ""


def _vision(version: str) -> str:
    """The torchvision of a release, without its patch: `0.20`."""
    found = torch.resolve(version)
    return ".".join((found.torchvision or "").split(".")[:2]) if found is not None else ""


def _driver(cuda: str) -> str:
    """The oldest driver for a CUDA on Linux."""
    parsed = CudaVersion.parse(cuda)
    floor = drivers.floor(parsed) if parsed is not None else None
    if floor is None:
        raise KeyError(cuda)
    return str(floor.version)


def _glibc_from(version: str) -> str:
    """The first release whose default build needs this glibc: `2.7`."""
    needed = numbers(version)[:2]
    first = next(one for one in torch.releases() if (torch.glibc_needed(one.torch) or (0, 0)) >= needed)
    return ".".join(first.torch.split(".")[:2])


def _glibc_before(version: str) -> str:
    """The last release before it: `2.6`."""
    first = _glibc_from(version)
    known = [one.torch for one in torch.releases()]
    return ".".join([one for one in known if numbers(one)[:2] < numbers(first)][-1].split(".")[:2])


def _torchaudio(_: str) -> str:
    """The newest torchaudio, which works with every torch since its own."""
    companions = torch.companions(torch.newest().torch)
    return (companions.torchaudio_that_works if companions is not None else None) or ""


def _last_with_audio(_: str) -> str:
    """The last release of torch that a torchaudio was made for."""
    return [one.torch for one in torch.releases() if one.torchaudio][-1]


def _forge(what: str) -> str:
    """conda-forge: its newest `torch`, or its CUDA versions (`cudas`)."""
    forge = conda.forge()
    return forge.torch if what == "torch" else _and([one.release for one in forge.cuda_linux])


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


_VALUES: dict[str, Callable[[str], str]] = {
    "torch": _newest,
    "index": _index,
    "last-torch": _last_torch,
    "next-torch": _next_torch,
    "tags": _tags,
    "pythons": _pythons,
    "torchvision": _vision,
    "torchaudio": _torchaudio,
    "last-torch-with-torchaudio": _last_with_audio,
    "driver": _driver,
    "glibc-from": _glibc_from,
    "glibc-before": _glibc_before,
    "conda-last": lambda _: conda.last_official(),
    "conda-forge": _forge,
}
