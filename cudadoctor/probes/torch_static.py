"""The torch of an environment and its company, as they lie on disk: nothing is imported."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.facts.envs import OtherTorch, Package, TorchFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.host.base import HELPER_PYTHON, Refusal
from cudadoctor.parsers import metadata
from cudadoctor.probes.ask import one_line
from cudadoctor.probes.base import Clock
from cudadoctor.probes.envs_find import Candidate
from cudadoctor.probes.quiet import Quiet
from cudadoctor.probes.site_dirs import Sites, sites
from cudadoctor.versions import RuntimeVersion

if TYPE_CHECKING:
    from cudadoctor.parsers.torch_version import TorchVersion

_DISTRIBUTIONS = re.compile(
    r"torch(?:\w+)?\Z|torch-\w+|pytorch|numpy\Z|triton|mkl\Z|intel-openmp\Z|xformers\Z|flash-attn|nvidia-|cuda-"
    r"|functorch\Z|pyg-lib|mamba-ssm|causal-conv1d|natten|apex\Z|bitsandbytes\Z|deepspeed\Z|vllm\Z|cupy"
)
_CONDA = re.compile(
    r"(?:py|lib)?torch|cudatoolkit|cudnn|cuda-|cpuonly|mkl\Z|numpy\Z|triton|nccl|python\Z|libcublas|libnvjitlink"
    r"|llvm-openmp|intel-openmp|_openmp_mutex|magma|cuda\Z"
)
_CHANNELS_OF = ("pytorch", "pytorch-cpu", "pytorch-gpu", "libtorch", "torchvision", "cudatoolkit", "pytorch-cuda")
_TWINS = {"torch": ("pytorch", "libtorch"), "torchvision": ("torchvision",), "numpy": ("numpy",)}
"""The packages whose two owners do harm, by pip's name and conda's."""
_INSTALLERS_OF = ("torch", "torchvision", "torchaudio", "numpy")
_PINNED = ("torchvision", "torchaudio", "torchtext", "torchcodec", "xformers")
_COMPILED = re.compile(
    r"torch-(?:scatter|sparse|cluster|spline-conv)|pyg-lib|flash-attn|mamba-ssm|causal-conv1d|natten"
)
_WHEEL_FOR = re.compile(r"-[^-/]{1,60}(?:\+|%2[Bb])([A-Za-z0-9.]{3,60})-[^-/]{1,20}-[^-/]{1,20}-[^-/]{1,120}\.whl")
_POST = re.compile(r"\.post\d+\Z")
_LIST = re.compile(r"archs ((?:(?:sm|compute)_\d{2,3}[af]?[ \n])+)")
_SCAN_LIMIT = 1.5
"""Seconds for reading through torch's library for its list of architectures: 0.06 where it is in memory."""


class OnDisk(Struct, frozen=True, kw_only=True):
    """What one environment holds."""

    sites: Sites
    torch: TorchFacts | None
    packages: Mapping[str, Package]
    duplicates: tuple[str, ...]


class _Info(Struct, frozen=True, kw_only=True):
    """A `*.dist-info` or `*.egg-info`."""

    name: str
    version: str
    path: str

    @property
    def site(self) -> str:
        return self.path.rpartition("/")[0]


def examine(host: Quiet, one: Candidate) -> OnDisk:
    """The environment's directories, its torch, torch's company by name, and what both conda and pip installed."""
    paths = host.glob(f"{one.prefix}/conda-meta/[_cilmnpt]*.json", 3000) if one.kind in {"conda", "pixi"} else ()
    conda = dict(_conda_records(paths))
    found = sites(host, one, tuple(record for record, _ in conda.values()))
    infos: dict[str, _Info] = {}
    for info in _infos(found):
        infos.setdefault(info.name, info)
    packages = _packages(host, infos, conda)
    torch = _torch(host, found, infos, conda, packages)
    return OnDisk(
        sites=found,
        torch=torch and _with_company(host, found, torch, infos),
        packages=packages,
        duplicates=tuple(_duplicates(host, one.prefix, infos, conda)),
    )


def _conda_records(paths: tuple[str, ...]) -> Iterator[tuple[str, tuple[Package, str]]]:
    if paths:
        from cudadoctor.parsers import conda_meta

        for path in paths:
            record = conda_meta.record(path)
            if record is not None and _CONDA.match(record.name):
                yield record.name, (record, path)


def _infos(found: Sites) -> Iterator[_Info]:
    for path in found.records:
        known = metadata.folder(path)
        if known is not None and _DISTRIBUTIONS.match(known[0]):
            yield _Info(name=known[0], version=known[1], path=path)


def _installer(host: Quiet, info: _Info) -> str | None:
    text = host.read(f"{info.path}/INSTALLER", 64)
    return one_line(text, longest=30).lower() or None if text else None


def _channel(host: Quiet, path: str) -> str | None:
    from cudadoctor.parsers import conda_meta

    # The channel stands near the beginning of a record, before the list of its files.
    head = host.read(path, 8192)
    return conda_meta.channel(head) if head else None


def _packages(host: Quiet, infos: Mapping[str, _Info], conda: Mapping[str, tuple[Package, str]]) -> dict[str, Package]:
    """By name. What Python would import counts: conda's record of a name adds its build where the versions agree."""
    packages: dict[str, Package] = {}
    for name, (record, path) in conda.items():
        packages[name] = replace(record, channel=_channel(host, path)) if name in _CHANNELS_OF else record
    for name, info in infos.items():
        record_of = packages.get(name)
        agrees = record_of is not None and record_of.version == info.version
        pin = metadata.pinned(host.read(f"{info.path}/METADATA") or "", "torch") if name in _PINNED else None
        packages[name] = Package(
            name=name,
            version=info.version,
            build=record_of.build if record_of and agrees else None,
            channel=record_of.channel if record_of and agrees else None,
            installer=_installer(host, info) if name in _INSTALLERS_OF else None,
            requires_torch=pin,
            built_for=_built_for(host, info),
        )
    return dict(sorted(packages.items()))


def _built_for(host: Quiet, info: _Info) -> str | None:
    """What a compiled companion of torch says that it was compiled for."""
    if not _COMPILED.match(info.name):
        return None
    local = info.version.partition("+")[2]
    if local:
        return one_line(local, longest=60)
    # PEP 610: written where a wheel was installed from an address rather than from an index.
    match = _WHEEL_FOR.search(host.read(f"{info.path}/direct_url.json", 4096) or "")
    return match.group(1) if match else None


def _duplicates(
    host: Quiet, prefix: str, infos: Mapping[str, _Info], conda: Mapping[str, tuple[Package, str]]
) -> Iterator[str]:
    """Names that conda has a record of, while what lies there was put there by pip and is another version.

    A copy in the user's own directory is in no environment: it only hides what is.
    """
    for name, twins in _TWINS.items():
        record = next((conda[twin][0] for twin in twins if twin in conda), None)
        info = infos.get(name)
        if record is None or info is None or not info.path.startswith(f"{prefix.rstrip('/')}/"):
            continue
        if _POST.sub("", info.version) == _POST.sub("", record.version):
            continue
        if _installer(host, info) not in {None, "conda"}:
            yield name


def _torch(
    host: Quiet,
    found: Sites,
    infos: Mapping[str, _Info],
    conda: Mapping[str, tuple[Package, str]],
    packages: Mapping[str, Package],
) -> TorchFacts | None:
    texts = ((site, host.read(f"{site}/torch/version.py")) for site in found.search)
    there = [(site, text) for site, text in texts if text]
    info = infos.get("torch")
    if not there and info is None:
        return None
    from cudadoctor.parsers import conda_meta, torch_version

    versions = ((site, torch_version.parse(text)) for site, text in there)
    site, said = next(((site, version) for site, version in versions if version is not None), (None, None))
    where = f"{site}/torch/version.py"
    if said is None or site is None:
        if info is None:
            return None
        site, where, said = info.site, info.path, torch_version.TorchVersion(version=info.version)
    record = next((conda[name][0] for name in ("pytorch", "libtorch", "pytorch-cpu") if name in conda), None)
    build = conda_meta.build(record.build or "") if record else conda_meta.CondaBuild()
    local = said.version.partition("+")[2] or None
    # A conda record of another version tells nothing about the torch that lies there.
    matches = record is not None and _POST.sub("", said.version) == _POST.sub("", record.version)
    cudnn = build.cudnn if matches else None
    cuda = RuntimeVersion.parse(said.cuda) if said.cuda else None
    return TorchFacts(
        version=said.version,
        cuda=cuda,
        hip=said.hip,
        cudnn=cudnn or _cudnn(packages) if cuda else None,
        build=_build(said, cuda, build.word if matches else None),
        build_string=record.build if record and matches else local,
        location=f"{site}/torch",
        installer="conda" if matches and not local else (_installer(host, info) if info else None),
        seen=Seen(where=where, text=one_line(f"{said.version}, CUDA {said.cuda or 'none'}")),
    )


def _with_company(host: Quiet, found: Sites, torch: TorchFacts, infos: Mapping[str, _Info]) -> TorchFacts:
    """With what lies beside it: other torches, records that are too many, and what its own record demands."""
    from cudadoctor.parsers import torch_version

    site = torch.location.rpartition("/")[0]
    hidden: list[OtherTorch] = []
    for other in found.search:
        if other == site:
            continue
        said = torch_version.parse(host.read(f"{other}/torch/version.py") or "")
        if said is not None:
            hidden.append(OtherTorch(version=said.version, location=f"{other}/torch"))
    records = [info.version for info in _infos(found) if info.name == "torch" and info.site == site]
    info = infos.get("torch")
    own = info is not None and info.site == site
    nvidia = {one.site for name, one in infos.items() if name.startswith("nvidia-") and one.site != site}
    beside = any(name.startswith("nvidia-") and one.site == site for name, one in infos.items())
    leftovers = host.globs(f"{site}/~[o~]*rch*", most=20)
    return replace(
        torch,
        hidden=tuple(hidden),
        records=tuple(dict.fromkeys(records)),
        leftovers=tuple(path.rpartition("/")[2] for path in leftovers),
        nvidia_site=nvidia.pop() if len(nvidia) == 1 and not beside else None,
        pins=metadata.exact_pins(host.read(f"{info.path}/METADATA") or "") if own and info is not None else (),
    )


def _build(said: TorchVersion, cuda: RuntimeVersion | None, conda: str | None) -> str | None:
    """In one word what it was built for; None where nothing tells."""
    if cuda is not None:
        return cuda.tag
    if said.hip:
        return f"rocm{'.'.join(said.hip.split('.')[:2])}"
    if said.xpu:
        return "xpu"
    local = said.version.partition("+")[2]
    word = re.match(r"(?:cu\d+|cpu|rocm[\d.]+|xpu)", local)
    if said.says_cuda:
        return "cpu"
    return conda or (word.group() if word else None)


def _cudnn(packages: Mapping[str, Package]) -> str | None:
    """Of the wheel or conda package that brings it: `9.1.0.70` becomes `9.1.0`."""
    for name, package in packages.items():
        if name == "cudnn" or name.startswith("nvidia-cudnn"):
            return ".".join(package.version.split(".")[:3])
    return None


def arch_list(host: Quiet, clock: Clock, torch: TorchFacts) -> tuple[str, ...] | None:
    """The architectures in the build, from its library's text; None where there is no such list or no time."""
    from cudadoctor.probes import child

    argv = (HELPER_PYTHON, "-I", "-S", "-", "arch_list/1", f"{torch.location}/lib/libtorch_python.so")
    try:
        done = host.host.run(argv, timeout=clock.limit(_SCAN_LIMIT), stdin=child.script("arch_list.py"))
    except Refusal:
        return None
    match = _LIST.match(done.stdout[:4096].decode("ascii", errors="replace"))
    return tuple(match.group(1).split()) if match else None
