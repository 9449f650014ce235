"""A far machine is asked in at most four rounds, and gives the same facts as one that answers at once."""

from __future__ import annotations

import pytest

from cudadoctor.host.base import Host
from cudadoctor.host.rounds import answer, fill
from cudadoctor.probes import compiler, conda, envs, loader, shell, toolkit, torch_live
from cudadoctor.probes.base import Clock, Request
from tests.machines.tree import prints
from tests.machines.virtual import VirtualHost
from tests.probes.disk import BIN, ELF, HOME, conda_env, info, machine, python, torch, venv
from tests.probes.test_torch_live import WELL, lines

CONDA = f"{HOME}/miniconda3"
NVCC = '#!/bin/sh\nexec /apps/cuda-12.4/bin/nvcc "$@"\n'


def world(env: dict[str, str]) -> VirtualHost:
    files: dict[str, str | bytes] = {
        "/usr/local/cuda-10.1/version.txt": "CUDA Version 10.1.243\n",
        "/usr/local/cuda-10.1/bin/nvcc": ELF,
        "/usr/local/cuda-10.1/include/crt/host_config.h": "#if __GNUC__ > 8\n#error\n#endif\n",
        "/apps/cuda-12.4/bin/nvcc": ELF,
        "/apps/cuda-12.4/version.json": '{"cuda": {"version": "12.4.1"}}',
        "/usr/local/bin/nvcc": NVCC,
        "~/.bashrc": "export LD_LIBRARY_PATH=/usr/loacl/cuda/lib64\n",
        "/usr/local/cuda-10.1/lib64/libcudart.so.10.1.243": ELF,
        "~/.condarc": "channels: [conda-forge]\n",
        "~/.conda/environments.txt": f"{CONDA}/envs/far\n/elsewhere/env\n",
        "~/.pyenv/shims/python3": "#!/bin/sh\nexec pyenv\n",
        "~/.pyenv/version": "3.10.2\n",
        f"{CONDA}/bin/conda": ELF,
        **conda_env(CONDA, "conda-24.1.0-py312_0", "python-3.12.1-h_0"),
        **conda_env(f"{CONDA}/envs/far", "python-3.7.6-h_0", "pytorch-1.4.0-py3.7_cuda10.1.243_cudnn7.6.3_0"),
        **torch(f"{CONDA}/envs/far/lib/python3.7/site-packages", "1.4.0", "10.1", installer="conda"),
        **conda_env("/elsewhere/env", "python-3.9.1-h_0"),
        **venv(f"{HOME}/work/.venv"),
        **torch(f"{HOME}/work/.venv/lib/python3.11/site-packages"),
        **info(f"{HOME}/work/.venv/lib/python3.11/site-packages", "torchvision", "0.19.0", requires=("torch==2.4.0",)),
        **torch(f"{HOME}/.pyenv/versions/3.10.2/lib/python3.10/site-packages"),
    }
    links: dict[str, str] = {"/usr/local/cuda": "/usr/local/cuda-10.1"}
    for prefix, version, base in (
        ("/usr", "3.11.7", None),
        (CONDA, "3.12.1", None),
        (f"{CONDA}/envs/far", "3.7.6", None),
        (f"{HOME}/work/.venv", "3.11.7", "/usr/bin/python3.11"),
        (f"{HOME}/.pyenv/versions/3.10.2", "3.10.2", None),
    ):
        more, extra = python(prefix, version, base=base)
        files |= more
        links |= extra
    modes = {path: 0o755 for path in files if "/bin/" in path or "/shims/" in path}
    well = prints(lines(*WELL))
    programs = {
        "/sbin/ldconfig": prints("0 libs found\n"),
        "/usr/bin/g++": prints("g++ (Debian) 12.2.0\n"),
        "/usr/bin/python3.11": well,
        f"{CONDA}/envs/far/bin/python3.7": well,
        f"{HOME}/.pyenv/versions/3.10.2/bin/python3.10": well,
    }
    return machine(files, links=links, modes=modes, programs=programs, env=env, helper=prints("none\n"))


def everything(host: Host, request: Request) -> tuple[object, ...]:
    clock = Clock(60)
    static = envs.probe(host, request, clock)
    return (
        static.gaps,
        torch_live.probe(host, request, clock, static.value or ()),
        *(one.probe(host, request, clock) for one in (conda, toolkit, compiler, shell, loader)),
    )


@pytest.mark.parametrize(
    ("env", "request_", "active"),
    [
        ({}, Request(), "/usr"),
        ({"VIRTUAL_ENV": f"{HOME}/work/.venv"}, Request(), f"{HOME}/work/.venv"),
        ({"CONDA_PREFIX": f"{CONDA}/envs/far", "CONDA_EXE": f"{CONDA}/bin/conda"}, Request(), f"{CONDA}/envs/far"),
        ({"PATH": f"{HOME}/.pyenv/shims:{BIN}"}, Request(), f"{HOME}/.pyenv/versions/3.10.2"),
        ({}, Request(envs=("far",)), f"{CONDA}/envs/far"),
        ({}, Request(all_envs=True), "/usr"),
    ],
)
def test_four_rounds_and_the_same_facts(env: dict[str, str], request_: Request, active: str) -> None:
    env = {"LD_LIBRARY_PATH": "/usr/loacl/cuda/lib64:/usr/local/cuda/lib64", "CUDA_HOME": "/usr/local/cuda", **env}
    near = world(env)
    result, _, rounds = fill(lambda host: everything(host, request_), lambda questions: answer(questions, near))
    assert result == everything(near, request_)
    assert rounds <= 4
    found = envs.probe(near, request_, Clock(60)).value
    assert found
    assert found[0].prefix == active
