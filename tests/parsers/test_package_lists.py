"""Lists of packages as people paste them."""

from __future__ import annotations

import pytest

from cudadoctor.parsers.package_lists import CondaInfo, conda_info, parse, pip_debug, prefix

CONDA_LIST = """\
# packages in environment at /opt/conda/envs/lab:
#
# Name                    Version                   Build  Channel
_libgcc_mutex             0.1                        main
cudatoolkit               10.1.243             h6bb024c_0
numpy                     1.19.2           py37h54aff64_0
pytorch                   1.4.0           py3.7_cuda10.1.243_cudnn7.6.3_0    pytorch
torch-scatter             2.0.5                    pypi_0    pypi
torchvision               0.5.0                py37_cu101    pytorch
triton                    3.1.0                    pypi_0    https://u:secret@mirror.example/simple
"""


def names(text: str) -> dict[str, str]:
    return {one.name: one.version for one in parse(text)}


def test_conda_list() -> None:
    found = {one.name: one for one in parse(CONDA_LIST)}
    torch = found["pytorch"]
    assert (torch.version, torch.build, torch.channel, torch.installer) == (
        "1.4.0",
        "py3.7_cuda10.1.243_cudnn7.6.3_0",
        "pytorch",
        "conda",
    )
    assert (found["torch-scatter"].installer, found["torch-scatter"].build) == ("pip", None)
    assert found["cudatoolkit"].channel is None
    assert "secret" not in str(found)
    assert prefix(CONDA_LIST) == "/opt/conda/envs/lab"


def test_rows_of_conda_list_without_its_heading() -> None:
    text = "$ conda list | grep torch\npytorch                   2.5.1           py3.12_cpu_0    pytorch\n"
    assert [(one.name, one.build) for one in parse(text)] == [("pytorch", "py3.12_cpu_0")]


def test_pip_list() -> None:
    text = """\
Package                  Version     Editable project location
------------------------ ----------- -------------------------
flash_attn               2.7.4.post1
nvidia-cublas-cu12       12.4.5.8
lab                      0.1.0       /home/u/lab
torch                    2.6.0+cu124

That is all I have 3
"""
    assert names(text) == {
        "flash-attn": "2.7.4.post1",
        "nvidia-cublas-cu12": "12.4.5.8",
        "lab": "0.1.0",
        "torch": "2.6.0+cu124",
    }


def test_pip_freeze() -> None:
    text = """\
torch==2.9.1
Torch_Scatter==2.1.2+pt29cu128
flash_attn @ https://x.example/v2.7.4/flash_attn-2.7.4.post1%2Bcu12torch2.6cxx11abiFALSE-cp310-cp310-linux_x86_64.whl#sha256=00
local @ file:///home/u/local
numpy==1.26.4 ; python_version < "3.13"
"""
    assert names(text) == {
        "torch": "2.9.1",
        "torch-scatter": "2.1.2+pt29cu128",
        "flash-attn": "2.7.4.post1+cu12torch2.6cxx11abiFALSE",
        "numpy": "1.26.4",
    }


def test_pip_show_and_what_pip_says_it_installed() -> None:
    assert names("Name: torch\nVersion: 1.13.1+cpu\nSummary: Tensors\nLocation: /opt/x\n") == {"torch": "1.13.1+cpu"}
    text = "Successfully installed nvidia-cublas-cu12-12.4.5.8 torch-2.6.0+cu124 typing-extensions-4.12.2"
    assert names(text) == {
        "nvidia-cublas-cu12": "12.4.5.8",
        "torch": "2.6.0+cu124",
        "typing-extensions": "4.12.2",
    }


def test_conda_env_export() -> None:
    text = "dependencies:\n  - pytorch=1.12.1=py3.9_cuda11.3_cudnn8.3.2_0\n  - pip:\n      - torch==1.12.1\n"
    found = {one.name: one for one in parse(text)}
    assert found["pytorch"].build == "py3.9_cuda11.3_cudnn8.3.2_0"
    assert found["torch"].installer == "pip"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pip install torch==2.0.0 torchvision",
        "I use torch 2.0.1 and numpy 1.26",
        "ERROR: No matching distribution found for torch==1.7.0",
        "GPU 0: Tesla T4 (UUID: x)",
        "x 1 2",
        "a" * 5000,
        "- " * 3000,
        "Name: ",
    ],
)
def test_what_is_no_list(text: str) -> None:
    assert parse(text) == ()


def test_conda_info() -> None:
    text = """\
     active environment : lab
    active env location : /opt/conda/envs/lab
       user config file : /home/u/.condarc
          conda version : 24.9.2
         python version : 3.12.7.final.0
       virtual packages : __archspec=1=skylake
                          __cuda=12.4=0
                          __glibc=2.35=0
       base environment : /opt/conda  (writable)
           channel URLs : https://conda.anaconda.org/t/SECRET/pytorch/linux-64
                          https://conda.anaconda.org/conda-forge/linux-64
                          https://repo.anaconda.com/pkgs/main/linux-64
               platform : linux-64
"""
    assert conda_info(text) == CondaInfo(
        version="24.9.2",
        python="3.12.7.final.0",
        active="lab",
        active_prefix="/opt/conda/envs/lab",
        base="/opt/conda",
        platform="linux-64",
        virtual=(("__archspec", "1"), ("__cuda", "12.4"), ("__glibc", "2.35")),
        channels=("pytorch", "conda-forge", "pkgs/main"),
    )
    assert conda_info("torch version : 2\nfoo : bar") is None


def test_pip_debug() -> None:
    text = """\
pip version: pip 23.0.1 from /usr/lib/python3/dist-packages/pip (python 3.11)
sys.version: 3.11.2 (main, Mar 13 2023, 12:18:29) [GCC 12.2.0]
Compatible tags: 2
  cp311-cp311-manylinux_2_36_armv7l
  py3-none-any
"""
    found = pip_debug(text)
    assert found is not None
    assert (found.pip, found.python) == ("23.0.1", "3.11.2")
    assert found.tags[0] == ("cp311", "cp311", "manylinux_2_36_armv7l")
    assert pip_debug("nothing") is None


def test_a_list_that_grep_cut_is_read_where_its_gap_is_wide() -> None:
    text = "$ pip list | grep torch\nnvidia-cudnn-cu12         8.9.7.29\ntorch                     2.5.1\n"
    assert [(one.name, one.version) for one in parse(text)] == [("nvidia-cudnn-cu12", "8.9.7.29"), ("torch", "2.5.1")]
    assert parse("torch 2.5.1 does not work\nplease help, torch   and   numpy\n") == ()
