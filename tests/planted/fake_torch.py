"""A torch package that answers as a described torch would: plain Python, importable by any interpreter from 3.6 on."""

from __future__ import annotations

import json
from pathlib import Path

from tests.machines import stack
from tests.machines.parts import Machine, Torch

INIT = """\
import os, sys, time, warnings, types, json
_SPEC = json.loads({spec!r})
if _SPEC["live"] == "hangs":
    while True:
        time.sleep(3600)
if _SPEC["live"] == "segv":
    os.kill(os.getpid(), 11)
    time.sleep(60)
if _SPEC["live"] == "import-error":
    raise ImportError(_SPEC["error"])
from torch import version
__version__ = version.__version__
_C = types.ModuleType("torch._C")
_C._cuda_getArchFlags = lambda: _SPEC["archs"]
cuda = types.ModuleType("torch.cuda")


def _available():
    if _SPEC["warning"]:
        warnings.warn(_SPEC["warning"])
    return _SPEC["available"]


def _init():
    if _SPEC["raises"]:
        raise RuntimeError(_SPEC["raises"])


cuda.is_available = _available
cuda.init = _init
cuda.device_count = lambda: len(_SPEC["devices"])
cuda.get_device_capability = lambda index=0: tuple(_SPEC["devices"][index][1])
cuda.get_device_name = lambda index=0: _SPEC["devices"][index][0]
backends = types.ModuleType("torch.backends")
backends.cudnn = types.ModuleType("torch.backends.cudnn")
backends.cudnn.version = lambda: None
"""


def write(folder: Path, machine: Machine, torch: Torch) -> None:
    """Put `__init__.py` into the package's folder; `version.py` and the libraries are there from the description."""
    state = stack.torch(machine, torch)
    spec = {
        "live": torch.live,
        "error": torch.error,
        "archs": " ".join(torch.archs) or None,
        "available": state.available,
        "warning": state.warning,
        "raises": state.error and state.error.partition(": ")[2],
        "devices": [[gpu.name, stack.numbers(gpu.capability)[:2]] for gpu in state.devices],
    }
    (folder / "__init__.py").write_text(INIT.format(spec=json.dumps(spec)))
