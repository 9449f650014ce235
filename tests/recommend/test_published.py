"""Style published against upstream's page of previous versions, typed from it by hand.

https://pytorch.org/get-started/previous-versions/ (pytorch/pytorch.github.io@04862e37 for 1.x, @e3f009bb for 2.0 to
2.3; copies of 2026 for later ones), read 2026-11-23. Each row: release, CUDA, platform, line.
"""

from __future__ import annotations

import pytest

from cudadoctor.compat import torch
from cudadoctor.recommend.commands.published import Family, page_line, selector_line
from cudadoctor.recommend.model import Platform
from cudadoctor.versions import CudaVersion
from tests.recommend.ask import ask

FAMILIES: tuple[Family, ...] = ("conda", "pip")
WHL = "https://download.pytorch.org/whl"
STABLE = f"-f {WHL}/torch_stable.html"

CONDA = [
    ("0.4.1", "9.0", "linux-x86_64", "conda install pytorch=0.4.1 cuda90 -c pytorch"),
    ("0.4.1", "9.2", "linux-x86_64", "conda install pytorch=0.4.1 cuda92 -c pytorch"),
    ("0.4.1", "cpu", "linux-x86_64", "conda install pytorch=0.4.1 -c pytorch"),
    ("1.0.0", "10.0", "linux-x86_64", "conda install pytorch==1.0.0 torchvision==0.2.1 cuda100 -c pytorch"),
    ("1.0.0", "9.0", "win-amd64", "conda install pytorch==1.0.0 torchvision==0.2.1 cuda90 -c pytorch"),
    ("1.0.0", "cpu", "linux-x86_64", "conda install pytorch-cpu==1.0.0 torchvision-cpu==0.2.1 cpuonly -c pytorch"),
    ("1.0.0", "cpu", "macos-x86_64", "conda install pytorch==1.0.0 torchvision==0.2.1 -c pytorch"),
    ("1.0.1", "9.0", "linux-x86_64", "conda install pytorch==1.0.1 torchvision==0.2.2 cudatoolkit=9.0 -c pytorch"),
    ("1.1.0", "10.0", "linux-x86_64", "conda install pytorch==1.1.0 torchvision==0.3.0 cudatoolkit=10.0 -c pytorch"),
    ("1.1.0", "cpu", "win-amd64", "conda install pytorch-cpu==1.1.0 torchvision-cpu==0.3.0 cpuonly -c pytorch"),
    ("1.2.0", "9.2", "linux-x86_64", "conda install pytorch==1.2.0 torchvision==0.4.0 cudatoolkit=9.2 -c pytorch"),
    ("1.2.0", "cpu", "linux-x86_64", "conda install pytorch==1.2.0 torchvision==0.4.0 cpuonly -c pytorch"),
    ("1.4.0", "10.1", "linux-x86_64", "conda install pytorch==1.4.0 torchvision==0.5.0 cudatoolkit=10.1 -c pytorch"),
    ("1.4.0", "9.2", "win-amd64", "conda install pytorch==1.4.0 torchvision==0.5.0 cudatoolkit=9.2 -c pytorch"),
    ("1.5.0", "10.2", "linux-x86_64", "conda install pytorch==1.5.0 torchvision==0.6.0 cudatoolkit=10.2 -c pytorch"),
    ("1.5.1", "10.1", "linux-x86_64", "conda install pytorch==1.5.1 torchvision==0.6.1 cudatoolkit=10.1 -c pytorch"),
    ("1.6.0", "10.1", "linux-x86_64", "conda install pytorch==1.6.0 torchvision==0.7.0 cudatoolkit=10.1 -c pytorch"),
    (
        "1.7.0", "11.0", "linux-x86_64",
        "conda install pytorch==1.7.0 torchvision==0.8.0 torchaudio==0.7.0 cudatoolkit=11.0 -c pytorch",
    ),
    (
        "1.7.1", "10.1", "linux-x86_64",
        "conda install pytorch==1.7.1 torchvision==0.8.2 torchaudio==0.7.2 cudatoolkit=10.1 -c pytorch",
    ),
    ("1.7.1", "cpu", "macos-x86_64", "conda install pytorch==1.7.1 torchvision==0.8.2 torchaudio==0.7.2 -c pytorch"),
    (
        "1.8.0", "11.1", "linux-x86_64",
        "conda install pytorch==1.8.0 torchvision==0.9.0 torchaudio==0.8.0 cudatoolkit=11.1 -c pytorch -c conda-forge",
    ),
    (
        "1.8.1", "11.3", "linux-x86_64",
        "conda install pytorch==1.8.1 torchvision==0.9.1 torchaudio==0.8.1 cudatoolkit=11.3 -c pytorch -c conda-forge",
    ),
    (
        "1.8.1", "10.2", "win-amd64",
        "conda install pytorch==1.8.1 torchvision==0.9.1 torchaudio==0.8.1 cudatoolkit=10.2 -c pytorch",
    ),
    ("1.8.2", "10.2", "linux-x86_64", "conda install pytorch torchvision torchaudio cudatoolkit=10.2 -c pytorch-lts"),
    (
        "1.8.2", "11.1", "linux-x86_64",
        "conda install pytorch torchvision torchaudio cudatoolkit=11.1 -c pytorch-lts -c nvidia",
    ),
    (
        "1.8.2", "11.1", "win-amd64",
        "conda install pytorch torchvision torchaudio cudatoolkit=11.1 -c pytorch-lts -c conda-forge",
    ),
    ("1.8.2", "cpu", "linux-x86_64", "conda install pytorch torchvision torchaudio cpuonly -c pytorch-lts"),
    (
        "1.9.1", "11.3", "linux-x86_64",
        "conda install pytorch==1.9.1 torchvision==0.10.1 torchaudio==0.9.1 cudatoolkit=11.3 -c pytorch -c conda-forge",
    ),
    (
        "1.10.0", "10.2", "linux-x86_64",
        "conda install pytorch==1.10.0 torchvision==0.11.0 torchaudio==0.10.0 cudatoolkit=10.2 -c pytorch",
    ),
    (
        "1.10.1", "11.3", "linux-x86_64",
        ("conda install pytorch==1.10.1 torchvision==0.11.2 torchaudio==0.10.1 cudatoolkit=11.3 -c pytorch "
        "-c conda-forge"),
    ),
    (
        "1.11.0", "11.3", "linux-x86_64",
        "conda install pytorch==1.11.0 torchvision==0.12.0 torchaudio==0.11.0 cudatoolkit=11.3 -c pytorch",
    ),
    (
        "1.12.1", "11.3", "linux-x86_64",
        "conda install pytorch==1.12.1 torchvision==0.13.1 torchaudio==0.12.1 cudatoolkit=11.3 -c pytorch",
    ),
    (
        "1.12.1", "11.6", "win-amd64",
        ("conda install pytorch==1.12.1 torchvision==0.13.1 torchaudio==0.12.1 cudatoolkit=11.6 -c pytorch "
        "-c conda-forge"),
    ),
    (
        "1.13.1", "11.6", "linux-x86_64",
        "conda install pytorch==1.13.1 torchvision==0.14.1 torchaudio==0.13.1 pytorch-cuda=11.6 -c pytorch -c nvidia",
    ),
    (
        "2.0.0", "11.7", "linux-x86_64",
        "conda install pytorch==2.0.0 torchvision==0.15.0 torchaudio==2.0.0 pytorch-cuda=11.7 -c pytorch -c nvidia",
    ),
    (
        "2.0.1", "11.8", "linux-x86_64",
        "conda install pytorch==2.0.1 torchvision==0.15.2 torchaudio==2.0.2 pytorch-cuda=11.8 -c pytorch -c nvidia",
    ),
    (
        "2.3.1", "12.1", "linux-x86_64",
        "conda install pytorch==2.3.1 torchvision==0.18.1 torchaudio==2.3.1 pytorch-cuda=12.1 -c pytorch -c nvidia",
    ),
    (
        "2.4.1", "cpu", "linux-x86_64",
        "conda install pytorch==2.4.1 torchvision==0.19.1 torchaudio==2.4.1 cpuonly -c pytorch",
    ),
    (
        "2.5.1", "12.4", "linux-x86_64",
        "conda install pytorch==2.5.1 torchvision==0.20.1 torchaudio==2.5.1 pytorch-cuda=12.4 -c pytorch -c nvidia",
    ),
    ("2.5.1", "cpu", "macos-arm64", "conda install pytorch==2.5.1 torchvision==0.20.1 torchaudio==2.5.1 -c pytorch"),
]  # fmt: skip

PIP = [
    ("1.0.0", "8.0", "linux-x86_64", f"Download and install wheel from {WHL}/cu80/torch_stable.html"),
    ("1.1.0", "10.0", "linux-x86_64", f"Download and install wheel from {WHL}/cu100/torch_stable.html"),
    ("1.1.0", "cpu", "macos-x86_64", "pip install torch==1.1.0 torchvision==0.3.0"),
    ("1.2.0", "10.0", "linux-x86_64", "pip install torch==1.2.0 torchvision==0.4.0"),
    ("1.2.0", "9.2", "linux-x86_64", f"pip install torch==1.2.0+cu92 torchvision==0.4.0+cu92 {STABLE}"),
    ("1.4.0", "10.1", "linux-x86_64", "pip install torch==1.4.0 torchvision==0.5.0"),
    ("1.4.0", "cpu", "win-amd64", f"pip install torch==1.4.0+cpu torchvision==0.5.0+cpu {STABLE}"),
    ("1.5.0", "10.1", "linux-x86_64", f"pip install torch==1.5.0+cu101 torchvision==0.6.0+cu101 {STABLE}"),
    ("1.6.0", "10.2", "linux-x86_64", "pip install torch==1.6.0 torchvision==0.7.0"),
    (
        "1.7.1", "11.0", "linux-x86_64",
        f"pip install torch==1.7.1+cu110 torchvision==0.8.2+cu110 torchaudio==0.7.2 {STABLE}",
    ),
    ("1.7.1", "10.2", "linux-x86_64", "pip install torch==1.7.1 torchvision==0.8.2 torchaudio==0.7.2"),
    ("1.8.0", "10.2", "linux-x86_64", "pip install torch==1.8.0 torchvision==0.9.0 torchaudio==0.8.0"),
    (
        "1.8.1", "10.1", "linux-x86_64",
        f"pip install torch==1.8.1+cu101 torchvision==0.9.1+cu101 torchaudio==0.8.1 {STABLE}",
    ),
    (
        "1.8.1", "10.2", "win-amd64",
        f"pip install torch==1.8.1+cu102 torchvision==0.9.1+cu102 torchaudio==0.8.1 {STABLE}",
    ),
    (
        "1.8.2", "11.1", "linux-x86_64",
        f"pip3 install torch==1.8.2 torchvision==0.9.2 torchaudio==0.8.2 --extra-index-url {WHL}/lts/1.8/cu111",
    ),
    (
        "1.9.0", "cpu", "linux-x86_64",
        f"pip install torch==1.9.0+cpu torchvision==0.10.0+cpu torchaudio==0.9.0 {STABLE}",
    ),
    (
        "1.10.0", "11.1", "linux-x86_64",
        f"pip install torch==1.10.0+cu111 torchvision==0.11.0+cu111 torchaudio==0.10.0 {STABLE}",
    ),
    (
        "1.10.1", "10.2", "linux-x86_64",
        (f"pip install torch==1.10.1+cu102 torchvision==0.11.2+cu102 torchaudio==0.10.1 "
        f"-f {WHL}/cu102/torch_stable.html"),
    ),
    (
        "1.11.0", "11.3", "linux-x86_64",
        f"pip install torch==1.11.0+cu113 torchvision==0.12.0+cu113 torchaudio==0.11.0 --extra-index-url {WHL}/cu113",
    ),
    (
        "1.13.1", "11.7", "win-amd64",
        f"pip install torch==1.13.1+cu117 torchvision==0.14.1+cu117 torchaudio==0.13.1 --extra-index-url {WHL}/cu117",
    ),
    ("1.13.1", "cpu", "macos-arm64", "pip install torch==1.13.1 torchvision==0.14.1 torchaudio==0.13.1"),
    ("2.0.1", "11.7", "linux-x86_64", "pip install torch==2.0.1 torchvision==0.15.2 torchaudio==2.0.2"),
    (
        "2.0.1", "11.8", "linux-x86_64",
        f"pip install torch==2.0.1 torchvision==0.15.2 torchaudio==2.0.2 --index-url {WHL}/cu118",
    ),
    (
        "2.0.0", "cpu", "linux-x86_64",
        f"pip install torch==2.0.0 torchvision==0.15.1 torchaudio==2.0.1 --index-url {WHL}/cpu",
    ),
    (
        "2.1.2", "12.1", "linux-x86_64",
        f"pip install torch==2.1.2 torchvision==0.16.2 torchaudio==2.1.2 --index-url {WHL}/cu121",
    ),
    (
        "2.5.1", "12.4", "linux-x86_64",
        f"pip install torch==2.5.1 torchvision==0.20.1 torchaudio==2.5.1 --index-url {WHL}/cu124",
    ),
    (
        "2.8.0", "12.9", "win-amd64",
        f"pip install torch==2.8.0 torchvision==0.23.0 torchaudio==2.8.0 --index-url {WHL}/cu129",
    ),
    ("2.11.0", "cpu", "macos-arm64", "pip install torch==2.11.0 torchvision==0.26.0 torchaudio==2.11.0"),
    ("2.12.0", "13.2", "linux-x86_64", f"pip install torch==2.12.0 torchvision==0.27.0 --index-url {WHL}/cu132"),
]  # fmt: skip


def cuda_of(text: str) -> CudaVersion | None:
    return CudaVersion.parse(text)


@pytest.mark.parametrize(("version", "cuda", "platform", "line"), CONDA)
def test_conda_lines_of_the_page(version: str, cuda: str, platform: Platform, line: str) -> None:
    assert page_line(version, cuda_of(cuda), "conda", platform) == line
    found = ask(torch=version, cuda=cuda, platform=platform, manager="conda", style="published")
    assert found.command == found.published == line


@pytest.mark.parametrize(("version", "cuda", "platform", "line"), PIP)
def test_pip_lines_of_the_page(version: str, cuda: str, platform: Platform, line: str) -> None:
    assert page_line(version, cuda_of(cuda), "pip", platform) == line
    found = ask(torch=version, cuda=cuda, platform=platform, manager="pip", style="published")
    assert found.command == found.published == line


@pytest.mark.parametrize(
    ("version", "cuda", "family", "platform"),
    [
        ("1.8.0", "10.1", "conda", "linux-x86_64"),  # builds exist; the page does not list them
        ("1.9.0", "11.1", "conda", "linux-x86_64"),
        ("2.6.0", "12.4", "conda", "linux-x86_64"),  # after the end of the channel
        ("1.3.1", "10.1", "pip", "linux-x86_64"),  # the page leaves it out
        ("1.8.2", "cpu", "conda", "macos-x86_64"),  # no LTS for macOS
        ("2.5.1", "12.1", "pip", "macos-arm64"),
    ],
)
def test_what_the_page_does_not_have(version: str, cuda: str, family: str, platform: Platform) -> None:
    assert page_line(version, cuda_of(cuda), family, platform) is None  # type: ignore[arg-type]


# Typed from public copies of https://pytorch.org/get-started/locally/ of each time.
@pytest.mark.parametrize(
    ("cuda", "family", "platform", "line"),
    [
        ("10.0", "conda", "linux-x86_64", "conda install pytorch torchvision cudatoolkit=10.0 -c pytorch"),
        ("10.1", "conda", "linux-x86_64", "conda install pytorch torchvision cudatoolkit=10.1 -c pytorch"),
        ("10.1", "conda", "win-amd64", "conda install pytorch torchvision cudatoolkit=10.1 -c pytorch"),
        ("10.2", "conda", "linux-x86_64", "conda install pytorch torchvision cudatoolkit=10.2 -c pytorch"),
        (
            "11.1", "conda", "linux-x86_64",
            "conda install pytorch torchvision torchaudio cudatoolkit=11.1 -c pytorch -c nvidia",
        ),
        ("11.3", "conda", "linux-x86_64", "conda install pytorch torchvision torchaudio cudatoolkit=11.3 -c pytorch"),
        (
            "11.6", "conda", "linux-x86_64",
            "conda install pytorch torchvision torchaudio cudatoolkit=11.6 -c pytorch -c conda-forge",
        ),
        (
            "12.1", "conda", "linux-x86_64",
            "conda install pytorch torchvision torchaudio pytorch-cuda=12.1 -c pytorch -c nvidia",
        ),
        ("10.1", "pip", "linux-x86_64", "pip install torch torchvision"),
        ("10.1", "pip", "win-amd64", f"pip install torch===1.4.0 torchvision===0.5.0 {STABLE}"),
        ("11.8", "pip", "linux-x86_64", f"pip3 install torch torchvision torchaudio --index-url {WHL}/cu118"),
        ("13.2", "pip", "linux-x86_64", "pip3 install torch torchvision"),
        ("13.2", "pip", "win-amd64", f"pip3 install torch torchvision --index-url {WHL}/cu132"),
    ],
)  # fmt: skip
def test_selector(cuda: str, family: str, platform: Platform, line: str) -> None:
    found = selector_line(cuda_of(cuda), family, platform)  # type: ignore[arg-type]
    assert found is not None
    assert found[0] == line


def test_the_reference_line() -> None:
    found = ask(manager="conda", cuda="10.1", style="published")
    assert found.command == "conda install pytorch torchvision cudatoolkit=10.1 -c pytorch"
    assert found.verdict == "outdated"
    assert found.commands == (found.command,)
    assert any('"pytorch=1.6.0=*cuda10.1*"' in (one.command or "") for one in found.alternatives)


@pytest.mark.parametrize("version", ["1.8.1", "1.9.0", "1.9.1"])
def test_where_the_page_is_wrong_it_is_said_beside_the_line(version: str) -> None:
    wrong = ask(torch=version, cuda="11.3", manager="conda", style="published")
    right = ask(torch=version, cuda="10.2", manager="conda", style="published")
    assert wrong.verdict == "outdated"
    assert any(one.rule == "wrong" for one in wrong.reasons)
    assert not any(one.rule == "wrong" for one in right.reasons)


def test_every_listed_combination_comes_back() -> None:
    """Whatever the page lists has a line in both dialects, and it names that release and that CUDA."""
    for release in torch.releases():
        for family in FAMILIES:
            for cuda in torch.listed_on_page(release.torch, family):
                line = page_line(release.torch, cuda.cuda, family, "linux-x86_64")
                assert line, (release.torch, family, cuda)
                assert release.torch in line or release.torch == "1.8.2" or line.startswith("Download")


def test_mamba_runs_the_conda_line() -> None:
    found = ask(manager="mamba", cuda="10.1", style="published")
    assert found.command == "mamba install pytorch torchvision cudatoolkit=10.1 -c pytorch"
    assert found.published == "conda install pytorch torchvision cudatoolkit=10.1 -c pytorch"


def test_a_release_that_the_page_did_not_have_when_it_was_read() -> None:
    found = ask(torch="2.14.0", cuda="12.6", style="published")
    assert any(one.rule == "published" for one in found.reasons)
