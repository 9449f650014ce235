"""conda's records: names of files, channels, build strings."""

from __future__ import annotations

import pytest

from cudadoctor.facts.envs import Package
from cudadoctor.parsers import conda_meta as cm


def test_record() -> None:
    found = cm.record("/x/conda-meta/pytorch-1.4.0-py3.7_cuda10.1.243_cudnn7.6.3_0.json")
    assert found == Package(name="pytorch", version="1.4.0", build="py3.7_cuda10.1.243_cudnn7.6.3_0", installer="conda")
    dashed = cm.record("ca-certificates-2024.1-h1_0.json")
    assert dashed is not None
    assert dashed.name == "ca-certificates"
    assert cm.record("/x/conda-meta/state.json") is None
    assert cm.record("/x/a--.json") is None


@pytest.mark.parametrize(
    ("build", "word", "cudnn"),
    [
        ("py3.7_cuda10.1.243_cudnn7.6.3_0", "cu101", "7.6.3"),
        ("py3.8_cuda10.2_cudnn7.6.5_0", "cu102", "7.6.5"),
        ("py3.8_cuda11.3_cudnn8.2.0_0", "cu113", "8.2.0"),
        ("py3.11_cuda12.1_cudnn8.9.2_0", "cu121", "8.9.2"),
        ("py36_cuda9.0.176_cudnn7.0.5_2", "cu90", "7.0.5"),
        ("py36_cuda92_cudnn7.1.4_1", "cu92", "7.1.4"),
        ("py3.7_cpu_0", "cpu", None),
        ("cpu_py39h0ab_0", "cpu", None),
        ("cpu_mkl_py312h0ab_100", "cpu", None),
        ("cpu_generic_py310h0ab_0", "cpu", None),
        ("cuda112py39h0ab_1", "cu112", None),
        ("cuda120_generic_py311h0ab_200", "cu120", None),
        ("cuda126_mkl_py312h0ab_301", "cu126", None),
        ("gpu_cuda118py311h0ab_0", "cu118", None),
        ("py37_cu101", "cu101", None),
        ("py37_cpu", "cpu", None),
        ("h0ab_0", None, None),
        ("", None, None),
    ],
)
def test_build(build: str, word: str | None, cudnn: str | None) -> None:
    assert cm.build(build) == cm.CondaBuild(word=word, cudnn=cudnn)


@pytest.mark.parametrize(
    ("address", "short"),
    [
        ("https://conda.anaconda.org/pytorch/linux-64", "pytorch"),
        ("https://conda.anaconda.org/conda-forge/noarch", "conda-forge"),
        ("https://repo.anaconda.com/pkgs/main/linux-64", "pkgs/main"),
        ("https://conda.anaconda.org/t/aa-11-bb/team/linux-64", "team"),
        ("https://ada:word@mirror.example/conda/pytorch/linux-64", "https://mirror.example/conda/pytorch"),
        ("pytorch", "pytorch"),
        ("pytorch-nightly/linux-64", "pytorch-nightly"),
        ("", None),
    ],
)
def test_short_channel(address: str, short: str | None) -> None:
    assert cm.short_channel(address) == short


def test_channel_from_the_head_of_a_record() -> None:
    assert (
        cm.channel('{\n "build": "x",\n "channel": "https://conda.anaconda.org/pytorch/linux-64",\n "dep') == "pytorch"
    )
    url = '{"build": "x", "url": "https://conda.anaconda.org/conda-forge/linux-64/pytorch-2.1.0-x.conda", "f'
    assert cm.channel(url) == "conda-forge"
    assert cm.channel("{") is None
