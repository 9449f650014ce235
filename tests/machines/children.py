"""What the helper scripts print on a planted machine, line for line as cudadoctor/probes/child/*.py would."""

from __future__ import annotations

import json
import re

from cudadoctor.host.base import Completed

from . import stack
from .parts import Env, Machine
from .tree import Call, Program, Tree, hangs, prints


def lines(*objects: dict[str, object]) -> str:
    """JSON lines."""
    return "".join(f"{json.dumps(one)}\n" for one in objects)


def helper(machine: Machine, tree: Tree) -> Program:
    """`@python`: the script is told by the argument after the dash."""

    def run(call: Call) -> Completed:
        if "libcuda_report/1" in call.argv:
            return _libcuda(machine)(call)
        if "loader_report/1" in call.argv:
            return _loads(machine, call.argv[-3])(call)
        if "arch_list/1" in call.argv:
            return _arch_list(tree, call.argv[-1])(call)
        return prints(status=2, stderr="unknown helper script\n")(call)

    return run


def _loads(machine: Machine, python: str) -> Program:
    env = next((one for one in machine.envs if python.startswith(f"{one.prefix}/")), None)
    rows = env.loads if env is not None else ()
    return prints(lines({"step": "start"}, *({"step": "library", **row} for row in rows), {"step": "end"}))


def _arch_list(tree: Tree, path: str) -> Program:
    entry = tree.entries.get(path)
    if entry is None:
        return prints(status=1, stderr=f"FileNotFoundError: [Errno 2] No such file or directory: '{path}'\n")
    found = re.search(rb"\0(sm_[^\0]+)\0", entry.data)
    return prints(f"archs {found.group(1).decode()}\n" if found else "none\n")


def _libcuda(machine: Machine) -> Program:
    state = stack.cuda(machine)
    said: list[dict[str, object]] = [{"step": "load"}]
    if state.path is None:
        words = "libcuda.so.1: cannot open shared object file: No such file or directory"
        return prints(lines(*said, {"step": "load-error", "text": words}))
    major, minor = stack.numbers(state.version)[:2]
    said += [
        {"step": "loaded", "path": state.path},
        {"step": "version"},
        {"step": "version", "value": major * 1000 + minor * 10},
        {"step": "cuinit"},
    ]
    if machine.libcuda.behaviour == "hangs":
        return hangs(lines(*said))
    if machine.libcuda.behaviour == "segv":
        return prints(lines(*said), status=-11)
    said.append({"step": "cuinit", "code": state.cuinit})
    if state.cuinit == 0:
        said += [{"step": "count"}, {"step": "count", "value": len(state.devices)}]
        for ordinal, gpu in enumerate(state.devices):
            major, minor = stack.numbers(gpu.capability)[:2]
            said.append(
                {
                    "step": "device",
                    "ordinal": ordinal,
                    "name": gpu.name,
                    "major": major,
                    "minor": minor,
                    "memory": (gpu.memory_mib - 300) << 20,
                    "bus_id": gpu.bus,
                }
            )
    return prints(lines(*said, {"step": "end"}))


def python(machine: Machine, env: Env, call: Call) -> Completed:
    """An environment's interpreter."""
    if "--version" in call.argv or "-V" in call.argv:
        return prints(f"Python {env.python}\n")(call)
    if "torch_report/1" in call.argv:
        return _torch(machine, env)(call)
    return prints(status=2, stderr="unknown script\n")(call)


def _torch(machine: Machine, env: Env) -> Program:
    said: list[dict[str, object]] = [
        {
            "step": "start",
            "version": env.python,
            "executable": f"{env.prefix}/bin/python",
            "prefix": env.prefix,
            "shadow": env.torch.shadow if env.torch is not None else None,
        },
        {"step": "import"},
    ]
    torch = env.torch
    if torch is None:
        said.append(
            {
                "step": "import-error",
                "type": "ModuleNotFoundError",
                "text": "ModuleNotFoundError: No module named 'torch'",
            }
        )
        return prints(lines(*said))
    if torch.live == "hangs":
        return hangs(lines(*said))
    if torch.live == "segv":
        return prints(lines(*said), status=-11, stderr="Fatal Python error: Segmentation fault\n")
    if torch.live == "import-error":
        said.append({"step": "import-error", "type": torch.error.partition(":")[0], "text": torch.error})
        return prints(lines(*said))
    state = stack.torch(machine, torch)
    flags = " ".join(torch.archs) if torch.archs and stack.release(torch) >= (1, 5) else None
    said += [
        {
            "step": "imported",
            "version": torch.version,
            "file": f"{env.prefix}/torch/__init__.py",
            "cuda": torch.cuda,
            "hip": torch.hip,
            "archs": flags,
            "seconds": 0.9,
        },
        {"step": "cuda-init"},
    ]
    if torch.live == "cuda-hangs":
        return hangs(lines(*said))
    if torch.live == "cuda-segv":
        return prints(lines(*said), status=-11, stderr="Fatal Python error: Segmentation fault\n")
    said += [
        {
            "step": "cuda",
            "available": state.available,
            "warnings": [state.warning] if state.warning else [],
            "error": state.error,
        },
        {"step": "devices"},
        {"step": "counted", "count": len(state.devices)},
    ]
    for index, gpu in enumerate(state.devices):
        major, minor = stack.numbers(gpu.capability)[:2]
        said.append({"step": "device", "index": index, "name": gpu.name, "major": major, "minor": minor})
    said += [{"step": "cudnn"}, {"step": "cudnn-version", "number": _cudnn(torch.cudnn)}, {"step": "end"}]
    return prints(lines(*said))


def _cudnn(version: str | None) -> int | None:
    """cuDNN's own number: 7603 for 7.6.3, 90100 for 9.1.0."""
    if version is None:
        return None
    major, minor, patch = (*stack.numbers(version), 0, 0)[:3]
    return major * 10000 + minor * 100 + patch if major >= 9 else major * 1000 + minor * 100 + patch
