"""The conda and environment part of an `install` plan: installer and hash, both builds pinned, what exists stays."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cudadoctor.compat import installers
from cudadoctor.errors import CudaDoctorError
from cudadoctor.remedies.install import conda as conda_part
from cudadoctor.remedies.install.environment import _READ
from cudadoctor.remedies.install.planner import plan as pure_plan
from cudadoctor.remedies.install.request import Ground
from cudadoctor.remedies.plan import Exists
from tests.machines import hardware
from tests.machines.catalogue import CATALOGUE
from tests.machines.parts import Driver, Env
from tests.machines.presets import TORCH_23_CU121, venv

from . import fresh
from .fresh import argv, fetch, ids, machine, planned, prints, step, text

REFERENCE = CATALOGUE["ubuntu1804-gtx1080ti-418-torch14-conda"].machine
ANACONDA = "46d762284d252e51cd58a8ca6c8adc9da2eadc82c342927b2f66ed011d1d8b53"
NO_CONDA = replace(REFERENCE, envs=(), toolkits=(), path=(), variables={}, rc={})
JAMMY = CATALOGUE["ubuntu2204-rtx3090-535-torch23"].machine


def test_the_reference_request_pins_both_builds() -> None:
    plan = planned(REFERENCE, words={"cuda": "10.1"})
    prefix = "/home/ada/miniconda3/envs/torch-1.6.0-cu101"
    assert plan.title == f"torch 1.6.0 with CUDA 10.1 in the environment {prefix}"
    assert plan.impossible is None
    assert argv(plan, "env-make") == (
        "/home/ada/miniconda3/bin/conda", "create", "-y", "-p", prefix, "--override-channels", "-c", "pytorch",
        "-c", "conda-forge", "python=3.7", "pytorch=1.6.0=*cuda10.1*", "torchvision=0.7.0=*cu101*",
        "cudatoolkit=10.1", "mkl<2024.1", "numpy<2",
    )  # fmt: skip
    made = step(plan, "env-make")
    assert made.makes == (prefix,)
    assert made.touches == ("/home/ada/.conda/environments.txt",)
    assert made.network == ("conda.anaconda.org",)
    assert made.safety == "safe"
    assert prints(made.done_when).argv[0] == f"{prefix}/bin/python"
    assert prints(made.done_when).text == "1.6.0 10.1"
    assert argv(plan, "smoke") == ("cudadoctor", "smoke", "--env", prefix, "--level", "quick")
    assert ids(plan)[-1] == "smoke"
    assert ids(plan) == ["env-make", "smoke"]  # a conda that is here is not set up anew


def test_the_default_is_the_newest_miniforge_with_its_hash() -> None:
    plan = planned(NO_CONDA, words={"cuda": "10.1", "manager": "conda"})
    got = fetch(plan, "conda-fetch")
    file = got.path.rpartition("/")[2]
    assert file == "Miniforge3-26.3.2-3-Linux-x86_64.sh"
    assert got.url == f"https://github.com/conda-forge/miniforge/releases/download/26.3.2-3/{file}"
    assert got.digest == "848194851a98903134187fbb4ab50efe87b003e0c0f808f97644b7524a62bf2c"
    assert got.path == f"/home/ada/.cache/cudadoctor/downloads/{file}"
    assert argv(plan, "conda-install") == ("bash", got.path, "-b", "-p", "/home/ada/miniforge3")
    assert step(plan, "conda-install").makes == ("/home/ada/miniforge3",)
    assert argv(plan, "conda-init") == ("/home/ada/miniforge3/bin/conda", "init", "bash")
    assert step(plan, "conda-init").touches == ("/home/ada/.bashrc",)
    assert argv(plan, "conda-auto-activate")[-3:] == ("--set", "auto_activate", "false")
    assert argv(plan, "env-make")[:5] == (
        "/home/ada/miniforge3/bin/conda", "create", "-y", "-p", "/home/ada/miniforge3/envs/torch-1.6.0-cu101",
    )  # fmt: skip
    # conda brings a Python of the build's time, not the system's 3.6
    assert "python=3.7" in argv(plan, "env-make")
    order = ids(plan)
    assert order == ["conda-fetch", "conda-install", "conda-init", "conda-auto-activate", "env-make", "smoke"]


def test_anaconda_of_then_has_conda_4_7() -> None:
    plan = planned(NO_CONDA, words={"cuda": "10.1"}, conda="anaconda=2019.10")
    assert fetch(plan, "conda-fetch").digest == ANACONDA
    assert fetch(plan, "conda-fetch").url == "https://repo.anaconda.com/archive/Anaconda3-2019.10-Linux-x86_64.sh"
    assert argv(plan, "conda-auto-activate")[-3:] == ("--set", "auto_activate_base", "false")
    assert any("old solver" in note for note in plan.notes)


def test_the_newest_miniconda_is_that_with_the_newest_conda() -> None:
    found = conda_part.newest("miniconda3", "x86_64")
    assert found is not None
    assert found.version == "3.14-26.5.3-1"
    assert found.sha256 is not None
    assert installers.find("miniconda3")[0].version != found.version  # sorted as they stand, 4.7.12 comes first


def test_an_installer_that_is_not_in_the_table() -> None:
    with pytest.raises(CudaDoctorError, match=r"--conda anaconda=1999\.01: no such installer"):
        planned(NO_CONDA, conda="anaconda=1999.01")


@pytest.mark.parametrize(
    ("name", "beside", "digest", "noted"),
    [
        ("Anaconda3-2019.10-Linux-x86_64.sh", None, ANACONDA, False),
        ("Miniforge3-99.1.0-0-Linux-x86_64.sh", "AB" * 32 + "  its name\n", "ab" * 32, False),
        ("Miniforge3-99.1.0-0-Linux-x86_64.sh", None, None, True),
    ],
)  # fmt: skip
def test_an_installer_that_was_downloaded(name: str, beside: str | None, digest: str | None, noted: bool) -> None:
    files = {f"~/got it/{name}": "x", **({f"~/got it/{name}.sha256": beside} if beside else {})}
    plan = planned(replace(NO_CONDA, files=files), words={"cuda": "10.1"}, conda_installer=f"/home/ada/got it/{name}")
    got = fetch(plan, "conda-fetch")
    assert got.url == f"file:///home/ada/got%20it/{name}"
    assert got.digest == digest
    assert step(plan, "conda-fetch").network == ()
    assert any("its hash is in no table" in note for note in plan.notes) is noted


def test_a_conda_of_before_init() -> None:
    file = "/home/ada/Miniforge3-4.3.16-0-Linux-x86_64.sh"
    plan = planned(replace(NO_CONDA, files={file: "x"}), words={"cuda": "10.1"}, conda_installer=file)
    assert "profile.d/conda.sh" in text(plan, "conda-init")
    assert "conda-auto-activate" not in ids(plan)


def test_a_directory_in_the_way_of_conda_is_left_alone() -> None:
    one = replace(NO_CONDA, files={"~/miniforge3/notes.txt": "mine"})
    plan = planned(one, words={"cuda": "10.1", "manager": "conda"})
    assert argv(plan, "conda-install")[-1] == "/home/ada/miniforge3-2"
    assert argv(plan, "env-make")[0] == "/home/ada/miniforge3-2/bin/conda"
    assert any("/home/ada/miniforge3 exists" in note for note in plan.notes)


def test_asked_for_again_what_is_installed_already_is_used() -> None:
    plan = planned(REFERENCE, words={"cuda": "10.1"}, conda="miniconda")
    assert "conda-install" not in ids(plan)
    assert argv(plan, "env-make")[0] == "/home/ada/miniconda3/bin/conda"


def test_other_channels() -> None:
    plan = planned(REFERENCE, words={"cuda": "10.1"}, channels=("file:///srv/channel", "/srv/other", "my-own"))
    words = argv(plan, "env-make")
    at = words.index("--override-channels")
    assert words[at : at + 7] == (
        "--override-channels", "-c", "file:///srv/channel", "-c", "file:///srv/other", "-c", "my-own",
    )  # fmt: skip
    assert step(plan, "env-make").network == ("conda.anaconda.org",)
    local = planned(REFERENCE, words={"cuda": "10.1"}, channels=("file:///srv/channel",))
    assert step(local, "env-make").network == ()


def test_conda_forge_is_told_of_cuda_where_no_driver_is_in_sight() -> None:
    wanted = {"manager": "conda", "cuda": "12.9", "python": "3.12"}
    plan = planned(machine(hardware.UBUNTU_2404), words=wanted)
    assert argv(plan, "env-make")[:2] == ("env", "CONDA_OVERRIDE_CUDA=12.9")
    assert argv(plan, "smoke")[-2:] == ("--device", "cpu")
    seen = planned(CATALOGUE["ubuntu2404-rtx5090-580open-torch28"].machine, words=wanted)
    assert argv(seen, "env-make")[0].endswith("/bin/conda")
    new = planned(machine(hardware.UBUNTU_2404, hardware.RTX_3090), words=wanted)
    assert argv(new, "env-make")[0] == "env"  # the driver of this plan runs after the reboot only


def test_a_system_wide_conda_puts_environments_into_the_home() -> None:
    one = CATALOGUE["ubuntu2004-rtx2080ti-470-torch112-conda"].machine
    words = argv(planned(one, words={"cuda": "11.3"}), "env-make")
    assert words[0] == "/opt/conda/bin/conda"
    assert words[4].startswith("/home/ada/.conda/envs/")


def test_venv_and_pip() -> None:
    plan = planned(JAMMY)
    prefix = "/home/ada/.venvs/torch-2.14.1-cu130" if "2.14.1" in plan.title else plan.title.rpartition(" ")[2]
    assert argv(plan, "env-make") == ("/usr/bin/python3", "-m", "venv", prefix)
    assert step(plan, "env-make").done_when == Exists(path=f"{prefix}/bin/pip", what="executable")
    install = argv(plan, "torch-install")
    assert install[:4] == (f"{prefix}/bin/python", "-m", "pip", "install")
    assert install[-2] == "--index-url"
    assert install[-1].startswith("https://download.pytorch.org/whl/cu")
    assert step(plan, "torch-install").network == ("download.pytorch.org",)
    assert ids(plan)[:2] == ["python-lists", "python-venv"]
    assert argv(plan, "python-venv")[-1] == "python3-venv"
    has = replace(JAMMY, files={"/usr/lib/python3.10/ensurepip/__init__.py": ""})
    assert prints(step(planned(has), "python-venv").done_when).argv == (
        "/usr/bin/python3", "-I", "-c", "import ensurepip",
    )  # fmt: skip


def test_a_cpu_build_by_name() -> None:
    plan = planned(JAMMY, words={"cuda": "cpu", "torch": "2.13.0", "manager": "pip"}, env="/data/my envs/cpu")
    assert argv(plan, "torch-install")[-1] == "https://download.pytorch.org/whl/cpu"
    assert prints(step(plan, "torch-install").done_when).text == "2.13.0 none"
    assert argv(plan, "smoke") == (
        "cudadoctor", "smoke", "--env", "/data/my envs/cpu", "--level", "quick", "--device", "cpu",
    )  # fmt: skip


def test_mirrors_and_folders_of_wheels() -> None:
    words = {"cuda": "cpu", "torch": "2.13.0"}
    mirror = argv(planned(JAMMY, words=words, index_url="https://mirror.example/simple"), "torch-install")
    assert mirror[-2:] == ("--index-url", "https://mirror.example/simple")
    assert "torch==2.13.0" in mirror
    folder = planned(JAMMY, words=words, find_links="/srv/wheels")
    assert argv(folder, "torch-install")[-3:] == ("--no-index", "--find-links", "/srv/wheels")
    assert step(folder, "torch-install").network == ()
    both = argv(planned(JAMMY, words=words, find_links="/srv/wheels", index_url="https://m.example/s"), "torch-install")
    assert both[-4:] == ("--index-url", "https://m.example/s", "--find-links", "/srv/wheels")


def test_where_no_python_here_fits_conda_brings_one_and_it_is_said() -> None:
    """22.04 has Python 3.10, and no wheel for CUDA 10.1 is for that."""
    one = replace(machine(hardware.UBUNTU_2204, hardware.GTX_1080_TI), gpus=(hardware.GTX_1080_TI,),
                  driver=Driver(version="535.274.02", cuda="12.2"))  # fmt: skip
    plan = planned(one, words={"cuda": "10.1"})
    assert plan.impossible is None
    assert "conda-install" in ids(plan)
    assert any("planned with conda" in note for note in plan.notes)
    uv = planned(replace(one, executables=("/usr/local/bin/uv",)), words={"cuda": "10.1"})
    assert argv(uv, "env-make")[:4] == ("uv", "venv", "--python", "3.8")


def test_uv_and_its_absence() -> None:
    one = replace(JAMMY, executables=("/usr/local/bin/uv",))
    plan = planned(one, words={"manager": "uv", "python": "3.12"})
    assert argv(plan, "env-make")[:4] == ("uv", "venv", "--python", "3.12")
    assert argv(plan, "torch-install")[:5] == (
        "uv",
        "pip",
        "install",
        "--python",
        f"{argv(plan, 'env-make')[-1]}/bin/python",
    )
    assert argv(plan, "torch-install")[-1].startswith("--torch-backend=cu")
    absent = planned(JAMMY, words={"manager": "uv"})
    assert absent.impossible is not None
    assert "uv is not on PATH" in absent.impossible
    assert argv(absent, "env-make")[1:3] == ("-m", "venv")


def test_pixi_is_told_of_cuda() -> None:
    one = replace(JAMMY, executables=("/home/ada/.pixi/bin/pixi",), path=("/home/ada/.pixi/bin",))
    plan = planned(one, words={"manager": "pixi", "cuda": "12.9"}, env="box")
    assert argv(plan, "env-workspace")[:3] == ("/home/ada/.pixi/bin/pixi", "init", "/home/ada/box")
    assert argv(plan, "env-cuda")[-2:] == ("cuda", "12")
    assert "pytorch-gpu=2.13.0" in argv(plan, "env-make")
    assert argv(plan, "smoke")[3] == "/home/ada/box/.pixi/envs/default"


def test_an_environment_that_has_it_already_is_done() -> None:
    here = venv(TORCH_23_CU121, prefix="/home/ada/.venvs/mine", active=False)
    one = replace(JAMMY, envs=(*JAMMY.envs, here))
    plan = planned(one, words={"torch": "2.3.1", "cuda": "12.1"}, env="mine")
    assert plan.impossible is None
    assert argv(plan, "env-make")[-1] == "/home/ada/.venvs/mine"
    assert any("already" in note for note in plan.notes)


@pytest.mark.parametrize("where", ["/data/envs/mine", "/srv/some where/mine"])
def test_wherever_it_is(where: str) -> None:
    """Not at one of the places that are searched for environments: its path was asked for."""
    here = venv(TORCH_23_CU121, prefix=where, active=False)
    one = replace(JAMMY, envs=(*JAMMY.envs, here))
    plan = planned(one, words={"torch": "2.3.1", "cuda": "12.1"}, env=where)
    assert plan.impossible is None
    assert argv(plan, "env-make")[-1] == where
    other = planned(one, words={"torch": "2.5.1"}, env=where)
    assert other.impossible is not None
    assert "exists already with torch 2.3.1" in other.impossible


def test_an_environment_with_something_else_is_never_changed() -> None:
    here = venv(TORCH_23_CU121, prefix="/home/ada/.venvs/mine", active=False)
    one = replace(JAMMY, envs=(*JAMMY.envs, here), files={"~/.venvs/mine-2/x": ""})
    plan = planned(one, words={"torch": "2.5.1"}, env="mine")
    assert plan.impossible is not None
    assert "/home/ada/.venvs/mine exists already with torch 2.3.1+cu121" in plan.impossible
    assert "--env OTHER" in plan.impossible
    assert argv(plan, "env-make")[-1] == "/home/ada/.venvs/mine-3"
    named = planned(replace(JAMMY, files={"/data/box/x": ""}), env="/data/box")
    assert named.impossible is not None
    assert "something that is no environment" in named.impossible


def test_published_style_has_the_printed_line_and_says_what_it_gives() -> None:
    plan = planned(REFERENCE, words={"cuda": "10.1", "style": "published", "manager": "conda"})
    assert argv(plan, "torch-install")[-5:] == ("pytorch", "torchvision", "cudatoolkit=10.1", "-c", "pytorch")
    assert "python=3.7" in argv(plan, "env-make")
    assert any("today's solvers pick CPU builds" in note for note in plan.notes)


def test_no_smoke_and_no_gpu() -> None:
    assert "smoke" not in ids(planned(JAMMY, smoke=False))
    plan = planned(machine(hardware.UBUNTU_2404))
    assert "(CPU build)" in plan.title
    assert argv(plan, "smoke")[-2:] == ("--device", "cpu")


def test_what_is_in_no_table_is_refused_with_the_nearest() -> None:
    plan = planned(JAMMY, words={"torch": "9.9"})
    assert plan.impossible is not None
    assert "torch 9.9 is not a release known here" in plan.impossible
    assert plan.steps == ()


def test_what_the_tables_do_not_have_of_conda_forge_is_said_and_the_nearest_planned() -> None:
    plan = planned(machine(hardware.UBUNTU_2404), words={"cuda": "12.6", "manager": "conda"})
    assert plan.impossible is not None
    assert "of conda-forge only torch" in plan.impossible
    assert "env-make" in ids(plan)


def test_a_jetson_has_nvidias_own() -> None:
    plan = planned(CATALOGUE["jetson-orin-jp6-540-torch25"].machine)
    assert plan.impossible is not None
    assert "JetPack" in text(plan, "jetson")
    assert plan.image is None


@pytest.mark.parametrize(
    ("content", "printed"),
    [
        ("__version__ = '1.4.0'\ndebug = False\ncuda = '10.1'\ngit_version = 'x'\nhip = None\n", "1.4.0 10.1"),
        ("__version__ = '1.0.1.post2'\ncuda = '10.0.130'\n", "1.0.1 10.0"),
        (
            (
                "from typing import Optional\n__all__ = ['__version__', 'cuda']\n__version__ = '2.13.0+cpu'\n"
                "debug = False\ncuda: Optional[str] = None\ngit_version = 'x'\nhip: Optional[str] = '6.2'\n"
            ),
            "2.13.0 none",
        ),
        ("__version__ = '2.14.0+cu130'\ncuda: Optional[str] = '13.0'\nrocm: Optional[str] = None\n", "2.14.0 13.0"),
        (None, "none none"),
    ],
)
def test_the_build_is_read_without_importing_torch(tmp_path: Path, content: str | None, printed: str) -> None:
    """The condition's own program, run by a real python in a real environment."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    python = tmp_path / "env/bin/python"
    if content is not None:
        site = next((tmp_path / "env/lib").glob("python3*")) / "site-packages/torch"
        site.mkdir()
        (site / "version.py").write_text(content)
        (site / "__init__.py").write_text("raise SystemExit('torch was imported')\n")
    done = subprocess.run([str(python), "-I", "-c", _READ], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, printed)


def test_the_home_with_too_many_words() -> None:
    with pytest.raises(CudaDoctorError, match="HOME"):
        pure_plan(fresh.facts_of(JAMMY.name), fresh.asked(), home="relative", ground=Ground())


def test_wrong_companions_of_options() -> None:
    for more, words, match in (
        ({"index_url": "https://m.example/s"}, {"manager": "conda"}, "--index-url is for pip"),
        ({"channels": ("x",)}, {"manager": "pip"}, "--channel is for conda"),
        ({"conda": "miniforge"}, {"manager": "uv"}, "--conda is for conda"),
        ({}, {"cuda": "banana"}, "--cuda"),
        ({}, {"platform": "win-amd64"}, "--platform"),
    ):
        with pytest.raises(CudaDoctorError, match=match):
            planned(JAMMY, words=words, **more)


def test_a_system_python_is_no_place_for_torch() -> None:
    plan = planned(CATALOGUE["docker-l40s-570open-torch27"].machine)
    assert argv(plan, "env-make")[-1].startswith("/root/.venvs/")
    assert isinstance(CATALOGUE["docker-l40s-570open-torch27"].machine.envs[0], Env)


def test_how_the_environment_is_entered() -> None:
    assert planned(JAMMY, env="/data/mine").enter == ("source", "/data/mine/bin/activate")
    assert not planned(JAMMY).new_shell
    fish = replace(JAMMY, shell="/usr/bin/fish")
    assert planned(fish, env="/data/mine").enter == ("source", "/data/mine/bin/activate.fish")
    sh = replace(JAMMY, shell="/bin/sh")
    assert planned(sh, env="/data/mine").enter == (".", "/data/mine/bin/activate")
    new = planned(JAMMY, words={"manager": "conda"}, env="mine")
    assert (new.enter, new.new_shell) == (("conda", "activate", "mine"), True)
    by_path = planned(JAMMY, words={"manager": "mamba"}, env="/data/mine")
    assert by_path.enter == ("conda", "activate", "/data/mine")
    here = planned(REFERENCE, words={"manager": "conda", "cuda": "10.1"})
    assert (here.enter, here.new_shell) == (("conda", "activate", "torch-1.6.0-cu101"), False)
    old = planned(JAMMY, words={"manager": "conda"}, conda="miniconda=4.3.31")
    assert old.enter[:2] == ("source", "/home/ada/miniconda3/bin/activate")
    pixi = replace(JAMMY, executables=("/home/ada/.pixi/bin/pixi",), path=("/home/ada/.pixi/bin",))
    found = planned(pixi, words={"manager": "pixi"}, env="box").enter
    assert found == ("pixi", "shell", "--manifest-path", "/home/ada/box/pixi.toml")
    assert planned(JAMMY, words={"torch": "9.9"}).enter == ()


def test_notes_say_what_the_first_line_does_not() -> None:
    assert planned(JAMMY, words={"torch": "9.9"}).notes == ()
    jetson = planned(CATALOGUE["jetson-orin-jp6-540-torch25"].machine)
    assert jetson.title == "NVIDIA's torch for this JetPack"
    published = planned(REFERENCE, words={"cuda": "10.1", "style": "published", "manager": "conda"}).notes
    assert len([one for one in published if one.startswith("published: `conda install")]) == 1
    none = planned(machine(hardware.UBUNTU_2404), driver=True)
    assert "no NVIDIA GPU is in this machine: --driver installs nothing" in none.notes


def test_an_old_pip_is_upgraded_before_it_is_asked_for_wheels() -> None:
    """Ubuntu 18.04's Python 3.6 puts pip 9 into an environment, which would compile Pillow and fail."""
    plan = planned(
        machine(hardware.UBUNTU_1804, hardware.GTX_1080_TI, groups=("ada", "sudo")), words={"manager": "pip"}
    )
    order = [one for one in ids(plan) if one in ("env-make", "pip-upgrade", "torch-install")]
    assert order == ["env-make", "pip-upgrade", "torch-install"]
    assert argv(plan, "pip-upgrade")[-2:] == ("--upgrade", "pip")
    assert step(plan, "torch-install").needs == ("pip-upgrade",)
    new = planned(machine(hardware.UBUNTU_2404, hardware.RTX_3090, groups=("ada", "sudo")), words={"manager": "pip"})
    assert "pip-upgrade" not in ids(new)
    offline = planned(machine(hardware.UBUNTU_1804, groups=("ada", "sudo")), find_links="/srv/wheels")
    assert "pip-upgrade" not in ids(offline)
