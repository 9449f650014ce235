"""Where the dynamic loader looks, and the CUDA libraries that it would find there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from cudadoctor.facts.base import Gap
from cudadoctor.facts.shell import LoaderEntry, LoaderFacts
from cudadoctor.host.base import Host
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.probes.linker_cache import linker_cache
from cudadoctor.probes.quiet import Quiet

_LIBRARY = re.compile(
    r"lib(?:cuda|nvidia-ml|nvidia-ptxjitcompiler|nvidia-nvvm|cudadebugger|cudart|cublas(?:Lt)?|cudnn\w*|nccl|nvrtc"
    r"(?:-builtins)?|nvJitLink|cusparse(?:Lt)?|cufft\w*|cusolver\w*|curand|cupti|nvToolsExt|cufile|cudss|nvshmem_host"
    r"|cutensor|npp\w+|nvvm|nvblas)(?:-[0-9a-f]{6,})?\.so(?:\.\d+)*\Z"
)
_MOST = 400
_MOST_DIRS = 60


def is_cuda_library(name: str) -> bool:
    """Whether a file of that name is part of the driver, of a toolkit, or one of the libraries beside them."""
    return _LIBRARY.match(name) is not None


def probe(host: Host, request: Request, clock: Clock) -> Found[LoaderFacts]:
    """CUDA libraries in the cache and in LD_LIBRARY_PATH, what is preloaded, and the configured directories."""
    del request
    quiet = Quiet(host)
    cache, gaps = _cache(host, quiet, clock)
    return Found(
        value=LoaderFacts(
            cache=cache,
            path_libraries=tuple(_path_libraries(quiet)),
            preload=tuple(_preload(quiet)),
            conf_dirs=tuple(dict.fromkeys(_conf_dirs(quiet))),
        ),
        gaps=gaps,
    )


def _cache(host: Host, quiet: Quiet, clock: Clock) -> tuple[tuple[LoaderEntry, ...], tuple[Gap, ...]]:
    listed, reason = linker_cache(host, clock)
    if listed is None:
        return (), (Gap(fact="loader.cache", reason=reason),)
    machine = quiet.identity().machine
    entries = [entry for entry in listed if is_cuda_library(entry.soname) and entry.serves(machine)][:_MOST]
    return tuple(_entry(quiet, entry.soname, entry.path) for entry in entries), ()


def _entry(host: Quiet, name: str, path: str) -> LoaderEntry:
    return LoaderEntry(soname=name, path=path, real_path=host.real(path))


def _path_libraries(host: Quiet) -> Iterator[LoaderEntry]:
    """In the order in which the loader would search; an empty element is the current directory."""
    value = host.env("LD_LIBRARY_PATH")
    folders = [host.absolute(part or ".") for part in re.split("[:;]", value)] if value else []
    for folder in list(dict.fromkeys(filter(None, folders)))[:_MOST_DIRS]:
        shown = posixpath.normpath(folder)
        names = [path for path in host.glob(f"{shown}/lib*.so*", 5000) if is_cuda_library(posixpath.basename(path))]
        for path in names[:_MOST]:
            yield _entry(host, posixpath.basename(path), path)


def _preload(host: Quiet) -> Iterator[str]:
    """What LD_PRELOAD and /etc/ld.so.preload name: both divide by spaces and colons (ld.so(8))."""
    for text in (host.env("LD_PRELOAD"), host.read("/etc/ld.so.preload")):
        for line in (text or "").splitlines():
            yield from filter(None, re.split(r"[\s:]+", line.partition("#")[0]))


def _conf_dirs(host: Quiet) -> Iterator[str]:
    """The directories of /etc/ld.so.conf and the files that it includes, one level deep, in its order."""
    # Asked for before it is known that they are included: a far machine is asked in few rounds.
    usual = host.glob("/etc/ld.so.conf.d/*.conf", 200)
    texts = {path: host.read(path) for path in usual}
    for word, included in _conf_lines(host.read("/etc/ld.so.conf") or ""):
        if not included:
            yield word
            continue
        pattern = posixpath.join("/etc", word)
        for path in usual if pattern == "/etc/ld.so.conf.d/*.conf" else host.glob(pattern, 200):
            text = texts[path] if path in texts else host.read(path)
            yield from (folder for folder, nested in _conf_lines(text or "") if not nested)


def _conf_lines(text: str) -> Iterator[tuple[str, bool]]:
    """Directories, and the patterns of `include` lines (marked True)."""
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words or words[0] == "hwcap":
            continue
        if words[0] == "include":
            yield from ((pattern, True) for pattern in words[1:])
        else:
            yield from ((part.partition("=")[0], False) for word in words for part in re.split("[:,]", word) if part)
