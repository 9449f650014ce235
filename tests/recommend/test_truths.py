"""Known machines, with answers typed by hand from upstream's pages (read 2026-11-23).

Floors: https://docs.nvidia.com/deploy/cuda-compatibility/ and the CUDA release notes (10.1: 418.39, 11.x: 450.80.02,
12.x: 525.60.13, 13.x: 580.65.06). GPUs of each build and Pythons: pytorch/pytorch RELEASE.md.
"""

from __future__ import annotations

import pytest

from tests.recommend.ask import ask, chosen, rules


@pytest.mark.parametrize(
    ("words", "torch", "cuda"),
    [
        # Pascal: no code in CUDA 13 builds, whatever nvidia-smi says of 13.0; 2.14 is the last with 12.6
        ({"gpus": ["GTX 1080 Ti"], "driver": "580.65.06", "python": "3.12"}, "2.14.0", "12.6"),
        ({"gpus": ["GeForce GTX 980"], "driver": "580.65.06"}, "2.14.0", "12.6"),
        ({"gpus": ["Tesla V100"], "driver": "580.65.06", "python": "3.11"}, "2.14.0", "12.6"),
        # 418.39 supports CUDA 10.1 and no newer: 1.8.1+cu101 is the last wheel. By conda 1.6.0 is the last that
        # conda-forge completes: torchvision 0.8 to 0.10 require a jpeg that only `defaults` has.
        ({"archs": ["7.5"], "driver": "418.39", "python": "3.7"}, "1.8.1", "10.1"),
        ({"archs": ["7.5"], "driver": "418.39", "python": "3.7", "manager": "conda"}, "1.6.0", "10.1"),
        # One below it: 9.2 has code for 7.0, which runs on Turing.
        ({"archs": ["7.5"], "driver": "418.38", "python": "3.7"}, "1.7.1", "9.2"),
        # Kepler 3.7: 11.8 is the last CUDA with code for it, but from 2.4 on its builds bring cuDNN 9, which begins
        # with 5.0; 2.3 has 8.7.
        ({"gpus": ["Tesla K80"], "driver": "470.82.01", "python": "3.10"}, "2.3.1", "11.8"),
        ({"gpus": ["Tesla K80"], "driver": "470.82.01", "python": "3.8"}, "2.3.1", "11.8"),
        ({"gpus": ["GeForce GTX 980"], "driver": "470.82.01", "python": "3.8"}, "2.4.1", "11.8"),
        # Blackwell: 12.8 or newer.
        ({"archs": ["12.0"], "driver": "570.86.10", "python": "3.12"}, "2.11.0", "12.8"),
        ({"archs": ["12.0"], "driver": "580.65.06", "python": "3.12"}, "2.15.0", "13.2"),
        ({"archs": ["12.1"], "driver": "580.65.06", "python": "3.12"}, "2.15.0", "13.2"),
        ({"archs": ["8.6"], "driver": "525.60.13", "python": "3.12"}, "2.14.0", "12.6"),
        ({"archs": ["8.6"], "driver": "525.60.12", "python": "3.12"}, "2.7.1", "11.8"),
        ({"gpus": ["H100"], "driver": "535.54.03", "python": "3.11"}, "2.14.0", "12.6"),
        ({"archs": ["9.0"], "driver": "580.65.06", "platform": "linux-aarch64"}, "2.15.0", "13.2"),
        # The last wheel for a glibc older than 2.28 is that of 2.6.0; its cu126 build already asked for 2.28.
        ({"glibc": "2.27", "archs": ["8.6"], "driver": "535.54.03"}, "2.6.0", "12.4"),
        ({"python": "3.8", "archs": ["8.6"], "driver": "535.54.03"}, "2.4.1", "12.1"),
        ({"python": "3.9", "archs": ["8.6"], "driver": "535.54.03"}, "2.8.0", "12.8"),
        ({"python": "3.7", "archs": ["8.6"], "driver": "535.54.03"}, "1.13.1", "11.7"),
        ({"cuda": "10.1"}, "1.8.1", "10.1"),
        ({"cuda": "10.1", "manager": "conda"}, "1.6.0", "10.1"),
        ({"torch": "1.7.1", "cuda": "10.1", "manager": "conda"}, "1.7.1", "10.1"),
        ({"torch": "1.8.1", "cuda": "10.1", "manager": "conda"}, "1.8.1", "10.1"),
        # conda-forge's CUDA 12.9 builds have Maxwell to Blackwell in one package.
        ({"archs": ["6.1", "12.0"], "driver": "580.65.06", "manager": "conda"}, "2.13.0", "12.9"),
        ({"archs": ["8.9"], "driver": "580.88", "platform": "win-amd64"}, "2.14.0", "13.2"),
        ({"torch": "2.5", "cuda": "12.1", "manager": "micromamba"}, "2.5.1", "12.1"),
    ],
)
def test_known_machines(words: dict[str, object], torch: str, cuda: str) -> None:
    found = chosen(ask(**words))
    assert (found.torch, found.cuda) == (torch, cuda)


def test_a_floor_is_met_exactly_or_not() -> None:
    at, below = ask(cuda="12.6", driver="525.60.13"), ask(cuda="12.6", driver="525.60.12")
    assert at.command is not None
    assert (below.command, below.verdict) == (None, "impossible")
    assert "driver" in rules(below)
    assert below.alternatives


@pytest.mark.parametrize(
    "words",
    [
        {"gpus": ["RTX 5090"], "driver": "535.54.03"},  # the driver does not know it, though the floor of 12.8 is met
        {"gpus": ["Tesla K80"], "driver": "535.54.03"},  # dropped after 470
        {"gpus": ["GTX 1080 Ti"], "driver": "590.44.01"},  # dropped after 580
    ],
)
def test_driver_and_gpu_must_know_each_other(words: dict[str, object]) -> None:
    found = ask(**words)
    assert (found.verdict, found.command) == ("impossible", None)
    assert found.reasons[0].rule == "driver"
    assert found.alternatives[0].command is not None


def test_what_to_run_instead_of_the_reference_line() -> None:
    found = ask(manager="conda", cuda="10.1")
    assert found.verdict == "outdated"
    assert found.published == "conda install pytorch torchvision cudatoolkit=10.1 -c pytorch"
    assert found.command is not None
    for spec in (
        '"pytorch=1.6.0=*cuda10.1*"',
        '"torchvision=0.7.0=*cu101*"',
        '"mkl<2024.1"',
        '"numpy<2"',
        "python=3.7",
    ):
        assert spec in found.command
    assert found.commands[-1] == "conda activate torch-1.6.0-cu101"
    assert {(one.torch, one.rule) for one in found.rejected} >= {("1.8.1", "published"), ("1.7.1", "channel")}
    assert {"mkl", "numpy", "channel", "published", "driver"} <= rules(found)


def test_traps_are_said_where_they_apply_and_only_there() -> None:
    new = ask(archs=["8.6"], driver="580.65.06", python="3.12")
    assert not {"mkl", "numpy", "pillow", "channel", "suffix"} & rules(new)
    old = ask(torch="1.3.1", cuda="10.1", python="3.7")
    assert {"numpy", "pillow", "suffix"} <= rules(old)
    assert "mkl" not in rules(old)
    uv = ask(gpus=["GTX 1080 Ti"], driver="580.65.06", manager="uv")
    assert "uv-auto" in rules(uv)
    assert "uv-auto" not in rules(ask(archs=["8.6"], driver="580.65.06", manager="uv"))


def test_cuda_10_and_a_gpu_newer_than_turing() -> None:
    found = ask(manager="conda", cuda="10.1", archs=["8.6"], driver="535.54.03")
    assert (found.verdict, found.command) == ("impossible", None)
    assert "gpu" in rules(found)
    assert any("cuda-version" in (one.command or "") for one in found.alternatives)


def test_macos_has_no_cuda() -> None:
    plain, cuda = ask(platform="macos-arm64"), ask(platform="macos-arm64", cuda="12.6")
    assert plain.verdict == "ok"
    assert chosen(plain).cuda is None
    assert cuda.verdict == "impossible"
    assert chosen(ask(platform="macos-x86_64")).torch == "2.2.2"


def test_two_gpus_that_no_wheel_serves() -> None:
    found = ask(archs=["6.1", "12.0"], driver="580.65.06")
    assert (found.verdict, found.command) == ("impossible", None)
    assert any("conda create" in (one.command or "") for one in found.alternatives)


def test_torch_and_cuda_that_do_not_go_together() -> None:
    found = ask(torch="2.12", cuda="12.8")
    assert found.verdict == "impossible"
    assert "cuda" in rules(found)
    assert {text for one in found.alternatives for text in [one.command or ""] if "cu128" in text}


def test_torchaudio_ends() -> None:
    default = ask(torch="2.13.0", cuda="12.6")
    asked = ask(torch="2.13.0", cuda="12.6", packages="torchvision,torchaudio")
    before = ask(torch="2.11.0", cuda="12.6")
    assert chosen(default).torchaudio is None
    assert chosen(asked).torchaudio == "2.11.1"
    assert chosen(before).torchaudio == "2.11.0"
    assert "torchvision" not in (ask(torch="2.13.0", cuda="12.6", packages="none").command or "")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (
            {"torch": "1.4.0", "cuda": "10.1", "python": "3.7"},
            'python -m pip install torch==1.4.0 torchvision==0.5.0 torchaudio==0.4.0 "numpy<2"',
        ),
        (
            {"torch": "1.4.0", "cuda": "10.1", "platform": "win-amd64", "python": "3.7"},
            (
                'python -m pip install torch===1.4.0 torchvision===0.5.0 "numpy<2" '
                "-f https://download.pytorch.org/whl/torch_stable.html"
            ),
        ),
        (
            {"torch": "1.1.0", "cuda": "10.0", "python": "3.7", "packages": "none"},
            (
                "python -m pip install https://download.pytorch.org/whl/cu100/torch-1.1.0-cp37-cp37m-linux_x86_64.whl "
                '"numpy<2" "pillow<7"'
            ),
        ),
        (
            {"torch": "1.13.1", "cuda": "11.7", "packages": "torchvision", "python": "3.10"},
            (
                'python -m pip install torch==1.13.1+cu117 torchvision==0.14.1+cu117 "numpy<2" '
                "--extra-index-url https://download.pytorch.org/whl/cu117"
            ),
        ),
        (
            {"torch": "2.13.0", "cuda": "12.6", "manager": "uv"},
            "uv pip install torch==2.13.0 torchvision==0.28.0 --torch-backend=cu126",
        ),
        (
            {"torch": "1.8.1", "cuda": "10.1", "manager": "uv", "packages": "none"},
            'uv pip install torch==1.8.1+cu101 "numpy<2" -f https://download.pytorch.org/whl/torch_stable.html',
        ),
        (
            {"torch": "2.5.1", "cuda": "12.1", "manager": "mamba", "packages": "torchvision", "python": "3.11"},
            (
                "mamba create -n torch-2.5.1-cu121 --override-channels -c pytorch -c nvidia -c conda-forge python=3.11 "
                '"pytorch=2.5.1=*cuda12.1*" "torchvision=0.20.1=*cu121*" pytorch-cuda=12.1 "mkl<2024.1"'
            ),
        ),
        (
            {"torch": "2.13.0", "cuda": "12.9", "manager": "pixi", "packages": "none", "python": "3.12"},
            "pixi add python=3.12 pytorch-gpu=2.13.0 cuda-version=12.9",
        ),
    ],
)
def test_working_commands(words: dict[str, object], command: str) -> None:
    assert ask(**words).command == command


def test_what_conda_lacks_comes_by_pip_in_a_conda_environment() -> None:
    for words in ({"torch": "2.7.1"}, {"cuda": "12.6"}, {"torch": "2.14.0", "cuda": "13.0"}):
        found = ask(manager="conda", **words)
        assert found.verdict == "ok", words
        assert found.commands[0].startswith("conda create "), words
        assert "conda run " in (found.command or ""), words
        assert any(one.rule == "channel" for one in found.reasons)
        assert chosen(found).channels == ("conda-forge",)
    assert ask(manager="conda", torch="2.5.1", cuda="12.6").verdict == "impossible"
    assert "python-freethreading=3.13" in ask(manager="conda", torch="2.7.1", python="3.13t").commands[0]


def test_torchaudio_beside_a_torch_that_is_newer_comes_from_the_default_index() -> None:
    words = {"torch": "2.15.0", "cuda": "13.2", "python": "3.15", "packages": "torchvision,torchaudio"}
    index = "--extra-index-url https://download.pytorch.org/whl/cu132"
    named = "torch==2.15.0+cu132 torchvision==0.29.2+cu132 torchaudio==2.11.1"
    assert ask(**words).command == f"python -m pip install {named} {index}"
    by_uv = ask(manager="uv", **words).command
    assert by_uv == f"uv pip install {named} {index} --index-strategy unsafe-best-match"
    same = ask(torch="2.11.0", cuda="13.0", packages="torchvision,torchaudio").command
    assert same is not None
    assert "torchaudio==2.11.0 --index-url" in same


def test_each_torchaudio_belongs_to_its_torch() -> None:
    """1.10.2 has one of its own: the files of 0.10.1 require torch 1.10.1."""
    assert chosen(ask(torch="1.10.2", cuda="11.3")).torchaudio == "0.10.2"
    assert chosen(ask(torch="1.10.1", cuda="11.3")).torchaudio == "0.10.1"


def test_an_old_python_is_said_to_be_the_limit_and_its_pip_is_upgraded_first() -> None:
    found = ask(gpus=["A100"], python="3.6", driver="535.54.03")
    assert found.commands[0] == "python -m pip install --upgrade pip"
    assert found.command == found.commands[1]
    said = next(one.text for one in found.reasons if one.rule == "python")
    assert chosen(found).torch in said
    assert "2.14.0" in said
    new = ask(gpus=["A100"], python="3.12", driver="535.54.03")
    assert len(new.commands) == 1
    assert not any("limits" in one.text for one in new.reasons)


def test_a_gpu_that_the_cudnn_of_a_build_does_not_support() -> None:
    found = ask(gpus=["Tesla K80"], torch="2.5.1", cuda="11.8", driver="470.82.01")
    assert (found.verdict, found.command) == ("impossible", None)
    assert found.reasons[0].rule == "cudnn"
    assert "9.1.0" in found.reasons[0].text
    assert any("torch==2.3.1" in (one.command or "") for one in found.alternatives)


def test_the_headline_names_what_excludes_and_not_what_is_only_unknown() -> None:
    found = ask(gpus=["A100"], driver="535.54.03", torch="2.15")
    assert found.verdict == "impossible"
    assert any("unknown" in one.text for one in found.reasons)
    assert "needs driver" in found.reasons[0].text
    # A newer driver allows the newest build, an older Python only one of 2019.
    assert ask(gpus=["GTX 1080 Ti"], driver="390.46", python="3.12").reasons[0].rule == "driver"


def test_the_lts_is_for_those_who_name_it() -> None:
    assert chosen(ask(torch="1.8", cuda="11.1")).torch == "1.8.1"
    lts = ask(torch="1.8.2", cuda="11.1")
    assert "whl/lts/1.8/cu111" in (lts.command or "")
    assert "pytorch-lts" in chosen(ask(torch="1.8.2", cuda="11.1", manager="conda")).channels


def test_companions_that_have_no_file_for_the_python() -> None:
    """torch 2.5.1 has files for Python 3.13, its torchvision has none."""
    older_driver = {"archs": ["8.6"], "driver": "535.54.03", "python": "3.13"}
    assert "torchvision" not in (ask(torch="2.5.1", cuda="12.1", **older_driver).command or "")
    assert "torch==2.5.1" in (ask(torch="2.5.1", cuda="12.1", **older_driver).command or "")
    assert ask(torch="2.5.1", cuda="12.1", packages="torchvision", **older_driver).verdict == "impossible"
    assert chosen(ask(archs=["3.7"], driver="470.82.01", python="2.7")).torch == "1.4.0"


def test_a_uv_project() -> None:
    found = ask(torch="2.13.0", cuda="12.6", manager="uv")
    block = next(one.text for one in found.alternatives if "[[tool.uv.index]]" in one.text)
    assert 'url = "https://download.pytorch.org/whl/cu126"' in block
    assert 'torch = { index = "pytorch-cu126" }' in block


def test_a_jetson_orin_gets_nvidias_index() -> None:
    for words in ({"gpus": ["Jetson AGX Orin"]}, {"gpus": ["Orin Nano"]}, {"archs": ["8.7"]}):
        found = ask(**words)
        assert (found.verdict, found.command) == ("unknown", None)
        assert "JetPack 6" in found.reasons[0].text
        commands = [one.command or "" for one in found.alternatives]
        assert any("--index-url https://pypi.jetson-ai-lab.io/jp6/cu126" in one for one in commands), words


@pytest.mark.parametrize("driver", [None, "580.00"])
def test_a_jetson_thor_gets_pytorchs_own_wheels_for_its_jetpack(driver: str | None) -> None:
    found = ask(gpus=["Jetson Thor"], python="3.12", driver=driver)
    assert found.verdict == "ok", found.reasons
    assert chosen(found).cuda == "13.0"
    assert found.request.platform.value == "linux-aarch64"
    assert ask(gpus=["Jetson Thor"], cuda="13.2", python="3.12").verdict == "impossible"


def test_a_name_that_stands_for_several_gpus_is_answered_for_each() -> None:
    found = ask(gpus=["GT 710"], driver="470.82.01")
    assert (found.verdict, found.command) == ("impossible", None)
    assert found.alternatives[0].command is not None
    assert "--arch 3.5" in found.alternatives[0].text
