"""The environment variables that matter here. No other one is ever kept."""

from __future__ import annotations

import re

_NAMES = frozenset(
    """
    PATH LD_LIBRARY_PATH LD_PRELOAD LD_AUDIT LIBRARY_PATH CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH
    CC CXX CFLAGS CXXFLAGS CUDAHOSTCXX CUDACXX CUDAFLAGS CUDAARCHS
    PYTHONPATH PYTHONHOME PYTHONNOUSERSITE PYTHONSAFEPATH PYTHONUSERBASE
    VIRTUAL_ENV PYENV_ROOT PYENV_VERSION PIXI_PROJECT_ROOT PIXI_ENVIRONMENT_NAME MAMBA_ROOT_PREFIX MAMBA_EXE
    CONDA_PREFIX CONDA_DEFAULT_ENV CONDA_EXE CONDA_PYTHON_EXE CONDA_SHLVL CONDA_ENVS_PATH CONDA_ENVS_DIRS
    CONDA_PKGS_DIRS CONDA_CHANNELS CONDA_SUBDIR CONDA_SOLVER CONDARC
    PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_REQUIRE_VIRTUALENV PIP_USER UV_INDEX_URL UV_TORCH_BACKEND
    COMPUTE_PROFILE OPENCL_PROFILE NSIGHT_CUDA_DEBUGGER
    HIP_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES GPU_DEVICE_ORDINAL KMP_DUPLICATE_LIB_OK MKL_THREADING_LAYER
    LMOD_CMD MODULESHOME LOADEDMODULES LSB_JOBID PBS_JOBID CI GITHUB_ACTIONS GITLAB_CI KUBERNETES_SERVICE_HOST
    SSH_CONNECTION SUDO_USER TMPDIR SNAP FLATPAK_ID
    """.split()  # noqa: SIM905  one word a name reads better than sixty quoted ones
)
_PATTERN = re.compile(
    r"(?:CUDA|NVIDIA|NCCL|PYTORCH|TORCH|TORCHINDUCTOR|NVCC|TRITON|CUDNN|CUBLAS|CONDA_OVERRIDE)_\w+"
    r"|CUDAToolkit_ROOT|CONDA_PREFIX_\d+"
    r"|SLURM_(?:JOB_ID|JOBID|JOB_GPUS|STEP_GPUS|GPUS\w*|NTASKS_PER_GPU|LOCALID|PROCID|NODEID)\Z"
)
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|AUTH|COOKIE", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=//)[^/@\s]*@|(?<=/t/)[^/\s]+(?=/)")
"""Credentials in addresses: `https://user:word@host`, and the token in a channel's."""
_PRESENCE = frozenset(
    {"SSH_CONNECTION", "KUBERNETES_SERVICE_HOST", "SUDO_USER", "LSB_JOBID", "PBS_JOBID", "SNAP", "FLATPAK_ID"}
)
_LONGEST = 32768
"""Characters of a value that are kept; Linux allows four times as many in one variable."""


def matters(name: str) -> bool:
    """Whether the variable is one of those that decide about CUDA, torch or the environment they run in."""
    return (name in _NAMES or _PATTERN.match(name) is not None) and _SECRET.search(name) is None


def kept(name: str, value: str) -> str:
    """What is kept of the value: of those that only matter by being set, not what they say."""
    if name in _PRESENCE and value:
        return "set"
    shown = value[:_LONGEST]
    return _LOGIN.sub("", shown) if "://" in shown else shown
