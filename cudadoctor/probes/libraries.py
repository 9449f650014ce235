"""The libraries that the dynamic loader would give each torch, computed in one child at the machine itself.

A child of its own, rather than reads through the host: the search goes from file to file (program headers, the dynamic
section, names, the next file), and a far machine answers in four rounds. It costs what an interpreter's start costs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from msgspec.structs import replace

from cudadoctor.facts.base import Gap
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.libraries import ResolvedLibrary, Way
from cudadoctor.host.base import HELPER_PYTHON, Host, Refusal
from cudadoctor.probes.ask import one_line
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.probes.envs import asked

LIMIT = 3.0
"""Seconds: it reads a few KB of some dozen files, on a network disk perhaps slowly."""
PROTOCOL = "loader_report/1"
_MOST_LINES = 300
_WAYS = frozenset(get_args(Way))
_NUMBER = re.compile(r"\.so\.(\d{1,9}(?:\.\d{1,9}){1,4})\Z")
_WHEEL_OF = {
    "libcublas": "nvidia-cublas",
    "libcublasLt": "nvidia-cublas",
    "libcudart": "nvidia-cuda-runtime",
    "libcufft": "nvidia-cufft",
    "libcurand": "nvidia-curand",
    "libcusolver": "nvidia-cusolver",
    "libcusparse": "nvidia-cusparse",
    "libcusparseLt": "nvidia-cusparselt",
    "libcupti": "nvidia-cuda-cupti",
    "libnccl": "nvidia-nccl",
    "libnvJitLink": "nvidia-nvjitlink",
    "libnvrtc": "nvidia-cuda-nvrtc",
    "libnvToolsExt": "nvidia-nvtx",
}
"""The wheel that brings a library, without its -cu12; all of cuDNN's come with nvidia-cudnn."""


def probe(host: Host, request: Request, clock: Clock, envs: tuple[EnvFacts, ...]) -> Found[tuple[EnvFacts, ...]]:
    """The same environments, with what the loader would give the torch of those that are asked."""
    result, gaps = list(envs), []
    for place, env in enumerate(envs):
        torch = env.torch
        if torch is None or torch.hip is not None or torch.build == "cpu" or env.python is None:
            continue
        # Also where its version.py is not read yet, and so not known whether it is for CUDA: rounds are few.
        if not asked(env, request):
            continue
        rows, reason = _ask(host, clock, env.python, torch.location, torch.nvidia_site or env.site_packages or "")
        if reason is None:
            result[place] = replace(env, libraries=tuple(_libraries(rows, env)))
        else:
            gaps.append(Gap(fact="envs.libraries", reason=one_line(f"{env.prefix}: {reason}")))
    return Found(value=tuple(result), gaps=tuple(gaps))


def _ask(host: Host, clock: Clock, python: str, torch: str, site: str) -> tuple[list[Mapping[str, Any]], str | None]:
    from cudadoctor.probes import child

    argv = (HELPER_PYTHON, "-I", "-S", "-", PROTOCOL, python, torch, site)
    try:
        done = host.run(argv, timeout=clock.limit(LIMIT), stdin=child.script("loader_report.py"))
    except Refusal as refusal:
        return [], f"the loader's search was not followed: {refusal}"
    rows = list(_objects(done.stdout))
    if not rows or rows[-1].get("step") != "end":
        last = done.stderr.rstrip().rpartition(b"\n")[2].decode("utf-8", errors="replace")
        return [], f"the loader's search was not followed to its end: {last or done.returncode}"
    return [row for row in rows if row.get("step") == "library"], None


def _objects(stdout: bytes) -> Iterator[Mapping[str, Any]]:
    for line in stdout.split(b"\n")[:_MOST_LINES]:
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict):
            yield said


def _libraries(rows: list[Mapping[str, Any]], env: EnvFacts) -> Iterator[ResolvedLibrary]:
    for row in rows:
        how: Any = row.get("how")
        soname = _text(row, "soname")
        if soname is None or how not in _WAYS:
            continue
        real, own, own_real = _text(row, "real"), _text(row, "own"), _text(row, "own_real")
        own_version = _version(soname, own_real, own, env)
        same = None
        if own is not None and real is not None:
            same = real == own_real or (row.get("size") is not None and row.get("size") == row.get("own_size"))
        yield ResolvedLibrary(
            soname=soname,
            path=_text(row, "path"),
            real_path=real,
            version=_version(soname, real, _text(row, "path"), env),
            how=how,
            needed_by=_text(row, "by"),
            own=own,
            own_version=own_version,
            same=same,
        )


def _version(soname: str, real: str | None, path: str | None, env: EnvFacts) -> str | None:
    """In the file's name; else the wheel's, where the file is a wheel's."""
    match = _NUMBER.search(real or "")
    # libcudart.so.11.0, libnvrtc.so.11.2 and libcusparse.so.10.0 name an ABI, and the file may be any that has it.
    if match and (real or "").rpartition("/")[2] != soname:
        return match.group(1)
    if path is None or "/nvidia/" not in path or env.torch is None or env.torch.cuda is None:
        return None
    stem = soname.partition(".so")[0]
    wheel = "nvidia-cudnn" if stem.startswith("libcudnn") else _WHEEL_OF.get(stem)
    major = env.torch.cuda.major
    package = (env.packages.get(f"{wheel}-cu{major}") or env.packages.get(wheel)) if wheel else None
    site = (env.torch.location.rpartition("/")[0], env.site_packages)
    inside = any(one and path.startswith(f"{one}/nvidia/") for one in site)
    return package.version if package is not None and inside else None


def _text(row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    return one_line(value, longest=1000) or None if isinstance(value, str) else None
