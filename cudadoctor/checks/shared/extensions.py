"""What compiled companions of torch were built for: what the extension checks share."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from cudadoctor.checks.shared.machine import clean, release
from cudadoctor.facts.envs import EnvFacts, Package
from cudadoctor.facts.symptom import Symptom

_OWN = ("torchvision", "torchaudio")
"""They have checks of their own."""
_PYG = re.compile(r"pt(\d)(\d{1,2})(cu\d{2,3}|cpu)\Z")
_FLASH = re.compile(r"cu(\d{2,3})torch(\d)\.(\d{1,2})(?:\.\d{1,2})?(?:cxx11abi(TRUE|FALSE))?", re.IGNORECASE)
_TAG = re.compile(r"cu(\d{2,3})\Z")
_SITE = re.compile(r"/(?:site|dist)-packages/([A-Za-z0-9_]{1,60})")
_MODULE = re.compile(r"([A-Za-z0-9_]{1,80})(?:\.cpython-[\w-]{1,40})?\.so[\d.]{0,12}\Z")
_NEW_ABI = "St7__cxx11"


class BuiltFor(Struct, frozen=True, kw_only=True):
    """One companion."""

    package: Package
    torch: tuple[int, int] | None
    cuda: tuple[int, int | None] | None
    """Major, and minor where it is told; None: a CPU build or not told."""
    cpu: bool = False


def companions(env: EnvFacts) -> Iterator[BuiltFor]:
    """Those of an environment that say what they were built for."""
    for name, package in env.packages.items():
        if name in _OWN:
            continue
        said = package.built_for or package.version.partition("+")[2]
        if match := _PYG.match(said):
            tag = match.group(3)
            yield BuiltFor(
                package=package,
                torch=(int(match.group(1)), int(match.group(2))),
                cuda=_cuda(tag[2:]) if tag != "cpu" else None,
                cpu=tag == "cpu",
            )
        elif match := _FLASH.match(said):
            yield BuiltFor(
                package=package, torch=(int(match.group(2)), int(match.group(3))), cuda=_cuda(match.group(1))
            )
        elif name == "xformers" and package.requires_torch:
            pin = release(package.requires_torch)
            if len(pin) > 1:
                yield BuiltFor(package=package, torch=(pin[0], pin[1]), cuda=None)
        elif package.built_for and (match := _TAG.match(said)):
            yield BuiltFor(package=package, torch=None, cuda=_cuda(match.group(1)))


def _cuda(digits: str) -> tuple[int, int | None]:
    """`121` is 12.1, `102` 10.2, `92` 9.2, `12` CUDA 12 of whatever minor."""
    if len(digits) == 3:
        return int(digits[:2]), int(digits[2])
    return (int(digits), None) if digits[0] == "1" else (int(digits[0]), int(digits[1]))


def module(one: Symptom) -> str:
    """The package, or the module, that a loader's message is about: `flash_attn_2_cuda`."""
    path = one.values.get("file", "")
    found = _SITE.search(path) or _MODULE.search(path)
    name = found.group(1) if found else ""
    return clean(name.partition(".")[0], 60) or "a compiled module"


def of_extension(one: Symptom) -> bool:
    """The file that misses a function of torch is neither torch's own nor one of its closest companions'."""
    path = one.values.get("file", "").replace("\\", "/")
    return "/torch/lib/" not in path and not any(f"/{name}/" in path for name in _OWN)


def abi(one: Symptom) -> str:
    """What the missing function's name tells about the C++ interface."""
    return (
        "; the name has the new C++ strings (_GLIBCXX_USE_CXX11_ABI=1), which wheels of torch have from 2.7 on"
        if _NEW_ABI in one.values.get("symbol", "")
        else ""
    )
