"""The same value in many clothings is the same fact; a value of another time is none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cudadoctor.facts.envs import EnvFacts
from cudadoctor.intake.read import facts


def _env(text: str) -> EnvFacts | None:
    return (facts(text).envs or (None,))[0]


VERSIONS = (
    "PyTorch version: {}",
    "- PyTorch Version (e.g., 1.0): {}",
    " * PyTorch or torch: {}",
    "torch=={}",
    "torch {} | cuda available: False",
    '{{"torch": "{}", "numpy": "1.26.4"}}',
    "'torch': '{}'",
    "I use PyTorch {} here",
    "torch_version = {}",
    "Torch: v{}",
    "| torch | {} |",
    "Successfully installed numpy-1.26.4 torch-{}",
    "Requirement already satisfied: torch in /opt/lib/python3.10/site-packages ({})",
    "  - torch={}",
    "`torch` version: `{}`",
    "**PyTorch**: {}",
    "PyTorch/{}",
    "Downloading torch-{}-cp310-cp310-manylinux_2_28_x86_64.whl (700 MB)",
)


@settings(max_examples=60, deadline=None)
@given(
    clothing=st.sampled_from(VERSIONS),
    release=st.sampled_from(["1.4.0", "1.10.2", "2.0.1", "2.11.0"]),
    build=st.sampled_from(["", "+cpu", "+cu102", "+cu128"]),
)
def test_torch_versions(clothing: str, release: str, build: str) -> None:
    env = _env(clothing.format(release + build))
    assert env is not None, clothing
    assert env.torch is not None
    assert env.torch.version == release + build
    assert env.torch.build == (build.removeprefix("+") or None)


@pytest.mark.parametrize(
    "text",
    [
        "pytorch/linux-64::pytorch-1.10.0-py3.8_cpu_0",
        "  pytorch            pytorch/linux-64::pytorch-1.10.0-py3.8_cpu_0",
        "pytorch 1.10.0 py3.8_cpu_0 pytorch",
        "pytorch=1.10.0=py3.8_cpu_0",
        "pytorch-1.10.0-py3.8_cpu_0.tar.bz2 | 60.5 MB",
    ],
)
def test_a_build_string_of_conda(text: str) -> None:
    env = _env(text)
    assert env is not None
    assert env.torch is not None
    assert (env.torch.version, env.torch.build) == ("1.10.0", "cpu")


ANSWERS = (
    "Is CUDA available: {}",
    "torch.cuda.is_available() {}",
    "torch.cuda.is_available() always returns {}",
    "torch.cuda.is_available is {}",
    "torch.cuda.is_available() -> {}",
    "torch 2.14.0+cpu | cuda available: {}",
    '"cuda_available": {}',
    "GPU available: {}, used: {}",
    "Torch CUDA available : {}",
    "After the update torch.cuda.is_available() gives {}",
)


@pytest.mark.parametrize("clothing", ANSWERS)
@pytest.mark.parametrize("value", [True, False])
def test_is_available(clothing: str, value: bool) -> None:
    env = _env(f"PyTorch\n{clothing.replace('{}', str(value))}\n")
    assert env is not None
    assert env.torch is not None
    assert env.torch.live.is_available is value


@pytest.mark.parametrize(
    "text",
    [
        "Before the update torch.cuda.is_available() was True",
        "On kernel 5.8 torch.cuda.is_available() gave True.",
        "With torch 2.9 torch.cuda.is_available() was True.",
        "torch.cuda.is_available() should be True",
        "if torch.cuda.is_available() is False the program stops",
        "torch.cuda.is_available() is True in base and torch.cuda.is_available() is False in the other one",
    ],
)
def test_another_time_or_a_condition_is_no_answer(text: str) -> None:
    env = _env(text)
    assert env is None or env.torch is None or env.torch.live.is_available is None


def test_the_answer_of_now_beside_that_of_before() -> None:
    env = _env("Before the reboot torch.cuda.is_available() was True; now it is False")
    assert env is not None
    assert env.torch is not None
    assert env.torch.live.is_available is False


@pytest.mark.parametrize(
    "text",
    [
        "CUDA used to build PyTorch: 10.2",
        "PyTorch 1.6.0 CUDA 10.2",
        "torch 1.6.0, built with CUDA 10.2",
        "pytorch-1.6.0-py3.8_cuda10.2.89_cudnn7.6.5_0",
        "- PyTorch Version (e.g., 1.0): 1.6.0\n- CUDA/cuDNN version: 10.2/7.6.5",
        "torch-1.6.0+cu102-cp38-cp38-linux_x86_64.whl",
    ],
)
def test_the_cuda_of_torch(text: str) -> None:
    env = _env(text)
    assert env is not None
    assert env.torch is not None
    assert str(env.torch.cuda) == "10.2"


def test_a_cuda_that_the_release_was_not_built_for_is_another_thing() -> None:
    env = _env("PyTorch 1.6.0 CUDA 12.2")
    assert env is not None
    assert env.torch is not None
    assert env.torch.cuda is None


@pytest.mark.parametrize(
    "text",
    [
        "GPU: RTX 3090",
        "on my 3090",
        "2 x 3090",
        "an RTX 3090 user",
        "rtx-3090",
        "CUDA:0 (NVIDIA GeForce RTX 3090, 24268MiB)",
    ],
)
def test_gpu_names(text: str) -> None:
    gpus = facts(f"{text} with CUDA").gpus
    assert gpus
    assert str(gpus[0].compute_capability) == "8.6"


@pytest.mark.parametrize("text", ["took the 2080 ms", "the 1080 images", "a 3070 MiB file"])
def test_numbers_that_are_no_gpus(text: str) -> None:
    assert not facts(f"{text} with CUDA").gpus


@pytest.mark.parametrize(
    "text",
    [
        "NVIDIA driver: 440.33.01",
        "nvidia drivers (440.33.01)",
        '"driver_version": "440.33.01"',
        "NVIDIA 440.33.01 driver",
    ],
)
def test_driver_versions(text: str) -> None:
    driver = facts(text).driver
    assert driver is not None
    assert str(driver.version) == "440.33.01"


def test_a_driver_that_is_needed_is_not_the_one_that_is_there() -> None:
    driver = facts("CUDA 11.8 requires NVIDIA driver: 520.61.05 or newer").driver
    assert driver is None or driver.version is None


@pytest.mark.parametrize(
    "text", ["Python version: 3.8", "Python 3.8", "python=3.8", "- Python version: 3.8.10", "'python': '3.8.5'"]
)
def test_python_versions(text: str) -> None:
    env = _env(f"torch 1.6.0\n{text}")
    assert env is not None
    assert (env.python_version or "").startswith("3.8")


def test_true_there_but_false_here_is_false() -> None:
    env = _env("torch.cuda.is_available() returns True on kernel 5.8, but returns False when it is upgraded to 5.9")
    assert env is not None
    assert env.torch is not None
    assert env.torch.live.is_available is False


@pytest.mark.parametrize("answer", ["False", "false", "Out[2]: False"])
def test_an_answer_below_its_question(answer: str) -> None:
    env = _env(f"In [2]: torch.cuda.is_available()\n{answer}\n")
    assert env is not None
    assert env.torch is not None
    assert env.torch.live.is_available is False


def test_two_values_on_one_line() -> None:
    env = _env("torch.__version__ is 2.9.1+cpu, torch.version.cuda None")
    assert env is not None
    assert env.torch is not None
    assert (env.torch.version, env.torch.build) == ("2.9.1+cpu", "cpu")


def test_lsmod_through_grep_names_every_module_of_nvidia() -> None:
    rows = "nvidia_drm 131072 3\nnvidia_modeset 1568768 2 nvidia_drm\nnvidia 11849728 42 nvidia_modeset\n"
    with_command = facts(f"$ lsmod | grep nvidia\n{rows}").driver
    alone = facts(rows).driver
    assert with_command is not None
    assert alone is not None
    assert (with_command.uvm_loaded, alone.uvm_loaded) == (False, None)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("kmod-nvidia-open-dkms-580.65.06-1.el9.noarch", "open"),
        ("ii  nvidia-dkms-580-open  580.65.06-0ubuntu1", "open"),
        ("nvidia-driver-580.65.06-1.el9.x86_64", None),
        ("sudo apt install nvidia-driver-580-open", None),
    ],
)
def test_the_kind_of_module_by_its_package(line: str, kind: str | None) -> None:
    driver = facts(f"{line}\n").driver
    assert (driver.module if driver is not None else None) == kind


def test_the_module_on_disk_and_the_one_that_is_loaded() -> None:
    text = "$ modinfo nvidia | grep ^version\nversion:        580.95.05\n$ cat /sys/module/nvidia/version\n580.82.07\n"
    found = facts(text)
    assert found.kernel is not None
    assert found.kernel.module is not None
    assert found.kernel.module.version == "580.95.05"
    assert found.driver is not None
    assert str(found.driver.version) == "580.82.07"
