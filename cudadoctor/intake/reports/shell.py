"""Variables, device nodes, limits, disks and compilers, as shells and `ls` print them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cudadoctor.facts.driver import DeviceNode
from cudadoctor.facts.limits import LimitFacts
from cudadoctor.facts.toolkit import CompilerFacts
from cudadoctor.intake.draft import Draft

if TYPE_CHECKING:
    from cudadoctor.parsers.pasted_limits import ListedNode

_WANTED = re.compile(
    r"CUDA\w*|LD_LIBRARY_PATH|LD_PRELOAD|PATH|CPATH|LIBRARY_PATH|NVIDIA_\w+|TORCH_\w+|CONDA_\w+|VIRTUAL_ENV|PYTHONPATH|"
    r"NCCL_\w+|PYTORCH_\w+|NVCC_\w+|CXX|CC|OMP_\w+|MKL_\w+|WSL_\w+|SLURM_JOB_ID\Z"
)
_SECRET = re.compile(r"TOKEN|KEY|PASS|SECRET", re.IGNORECASE)
_TOP_NODES = re.compile(r"/dev/nvidia(?:ctl|-uvm|-uvm-tools|-modeset|\d{1,3})\Z")
_LIMITS = ("ulimit", "/dev/shm", "/dev/nvidia", "locked memory", "mem:", "address space")  # noqa: S108
_ROOT_IDS = {"root": 0}
_OTHER_ID = 65534
"""Stands for a user or a group that the text names and does not number."""


def recognise(draft: Draft) -> None:
    """The first value of each variable; what `ls`, `ulimit`, `df` and `free` say."""
    lowered = draft.paste.lowered
    if any(word in lowered for word in ("=", "echo", "environ", "setenv", "printenv", "env ")):
        _variables(draft)
    compiler = draft.compiler is None and any(word in lowered for word in ("gcc", "g++", "clang"))
    if compiler or any(word in lowered for word in _LIMITS):
        _of_limits(draft)


def _of_limits(draft: Draft) -> None:
    from cudadoctor.parsers import pasted_limits

    _nodes(draft, pasted_limits.device_nodes(draft.paste.text))
    _limits(draft)
    if draft.compiler is None:
        found = next((one for one in pasted_limits.compilers(draft.paste.text) if one.kind == "gcc"), None)
        if found is not None:
            draft.compiler = CompilerFacts(
                path=found.name,
                kind="gcc",
                major=found.major,
                version=found.version,
                seen=draft.paste.seen(found.line - 1),
            )


def _variables(draft: Draft) -> None:
    from cudadoctor.parsers import pasted_environment

    container: dict[str, str] = {}
    for one in pasted_environment.parse(draft.paste.text, lambda name: _WANTED.match(name) is not None):
        if not one.value or _SECRET.search(one.name):
            continue
        value = one.value
        if one.unexpanded:
            # The variable's own old value is not told by the text; the rest of the path is.
            value = ":".join(part for part in value.split(":") if "$" not in part and "%" not in part)
            if not value or one.name not in {"PATH", "LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH"}:
                continue
        if one.kind == "container":
            container.setdefault(one.name, value)
        draft.put(draft.variables, one.name, value[:4000])
    draft.put(draft.os, "nvidia_visible_devices", container.get("NVIDIA_VISIBLE_DEVICES"))
    draft.put(draft.os, "nvidia_driver_capabilities", container.get("NVIDIA_DRIVER_CAPABILITIES"))


def _nodes(draft: Draft, nodes: tuple[ListedNode, ...]) -> None:
    listed = [one for one in nodes if _TOP_NODES.match(one.path)]
    if listed:
        draft.more["nodes"] = tuple(
            DeviceNode(
                path=one.path,
                mode=one.mode,
                uid=_ROOT_IDS.get(one.owner, int(one.owner) if one.owner.isdecimal() else _OTHER_ID),
                gid=_ROOT_IDS.get(one.group, int(one.group) if one.group.isdecimal() else _OTHER_ID),
            )
            for one in {node.path: node for node in listed}.values()
        )


def _limits(draft: Draft) -> None:
    from cudadoctor.parsers import pasted_limits

    text = draft.paste.text
    limits = pasted_limits.ulimits(text)
    shm = next((one for one in pasted_limits.file_systems(text) if one.at == "/dev/shm"), None)  # noqa: S108
    memory = pasted_limits.memory(text)
    if limits is None and shm is None and memory is None:
        return
    names = ("address_space", "locked_memory", "open_files")
    known = {name: getattr(limits, name) for name in names} if limits is not None else {}
    draft.more["limits"] = LimitFacts(
        **known,
        unlimited=tuple(name for name in limits.named if name in names and known[name] is None) if limits else (),
        shm_size=shm.size if shm else None,
        shm_free=shm.free if shm else None,
        memory_total=memory.total if memory else None,
    )
