"""The stand-in libraries answer as README.md says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from . import build

NVML = """
import ctypes, sys
nvml = ctypes.CDLL("libnvidia-ml.so.1")
print("init", nvml.nvmlInit_v2())
text, count, handle = ctypes.create_string_buffer(96), ctypes.c_uint(), ctypes.c_void_p()
print("driver", nvml.nvmlSystemGetDriverVersion(text, 96), text.value.decode())
print("count", nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)), count.value)
for index in range(count.value):
    nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle))
    code = nvml.nvmlDeviceGetName(handle, text, 96)
    print("name", code, text.value.decode() if code == 0 else "-")
"""


def run(env: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", NVML], env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_nvml_lists_its_gpus(tmp_path: Path) -> None:
    given = {"gpu0.name": "NVIDIA A10", "gpu1.name": "NVIDIA L4", "gpu1.lost": 1}
    env = build.nvml_environment(tmp_path, driver_version="550.54.14", **given)
    assert run(dict(env)) == ["init 0", "driver 0 550.54.14", "count 0 2", "name 0 NVIDIA A10", "name 15 -"]


def test_nvml_that_does_not_start(tmp_path: Path) -> None:
    env = build.nvml_environment(tmp_path, nvmlInit=18, **{"gpu0.name": "NVIDIA A10"})
    assert run(dict(env))[0] == "init 18"
    assert run(dict(env))[1].startswith("driver 1 ")
