"""`conda-meta/*.json`: what conda installed, from file names and from the head of a record."""

from __future__ import annotations

import re

from msgspec import Struct

from cudadoctor.facts.envs import Package

_CHANNEL = re.compile(r'"(?:channel|schannel)"\s*:\s*"([^"\\]*)"')
_URL = re.compile(r'"url"\s*:\s*"(\w+://[^"\\]*)/[^/"\\]*"')
_TOKEN = re.compile(r"/t/[^/]+")
_SUBDIR = re.compile(r"/(?:noarch|(?:linux|osx|win)-[a-z0-9_]+)\Z")
_CUDA = re.compile(r"(?:\A|[_a-z])cuda_?(\d{1,2})(?:\.(\d{1,2})|(\d)(?!\d))")
_CU = re.compile(r"(?:\A|_)cu(\d{1,2})(\d)(?:_|\Z)")
_CPU = re.compile(r"(?:\A|_)cpu(?:_|\Z|py)")
_ROCM = re.compile(r"rocm(\d+)\.?(\d+)?")
_CUDNN = re.compile(r"cudnn_?(\d+(?:\.\d+){1,3})")


class CondaBuild(Struct, frozen=True, kw_only=True):
    """What a build string of torch tells."""

    word: str | None = None
    """cu101, cpu, rocm6.2; None where it does not tell."""
    cudnn: str | None = None
    """`7.6.3`."""


def record(path: str) -> Package | None:
    """From the file's name: `…/pytorch-1.4.0-py3.7_cuda10.1.243_cudnn7.6.3_0.json`."""
    parts = path.rpartition("/")[2].removesuffix(".json").rsplit("-", 2)
    if len(parts) != 3 or not all(parts):
        return None
    return Package(name=parts[0].lower(), version=parts[1], build=parts[2], installer="conda")


def channel(head: str) -> str | None:
    """The channel by its short name (pytorch, conda-forge, pkgs/main) from the first part of a record.

    Credentials in an address are left out; an address of a mirror stays an address.
    """
    match = _CHANNEL.search(head) or _URL.search(head)
    return short_channel(match.group(1)) if match else None


def short_channel(address: str) -> str | None:
    """`https://conda.anaconda.org/t/SECRET/pytorch/linux-64` becomes `pytorch`."""
    scheme, divider, rest = address.strip().rpartition("://")
    rest = _TOKEN.sub("", _SUBDIR.sub("", rest.rstrip("/")), count=1)
    if not divider:
        return rest or None
    host, _, path = rest.partition("/")
    host = host.rpartition("@")[2]
    if path and host in {"conda.anaconda.org", "repo.anaconda.com", "repo.continuum.io"}:
        return path
    return f"{scheme}://{host}/{path}".rstrip("/")


def build(text: str) -> CondaBuild:
    """What the build string says, in the forms of the pytorch channel, the defaults and conda-forge.

    `py3.7_cuda10.1.243_cudnn7.6.3_0`, `py3.8_cpu_0`, `py37_cu101`, `cuda112py39h…_1`, `cuda120_generic_py311h…`,
    `gpu_cuda118py311h…`, `cpu_mkl_py312h…`.
    """
    cudnn = _CUDNN.search(text)
    cuda, wheel, rocm = _CUDA.search(text), _CU.search(text), _ROCM.search(text)
    word = None
    if cuda:
        word = f"cu{cuda.group(1)}{cuda.group(2) or cuda.group(3)}"
    elif wheel:
        word = f"cu{wheel.group(1)}{wheel.group(2)}"
    elif rocm:
        word = f"rocm{rocm.group(1)}.{rocm.group(2)}" if rocm.group(2) else f"rocm{rocm.group(1)}"
    elif _CPU.search(text):
        word = "cpu"
    return CondaBuild(word=word, cudnn=cudnn.group(1) if cudnn else None)
