"""Another torch, written out: in the place of the wrong one, or beside the broken one."""

from __future__ import annotations

import os
import shutil
import subprocess
import venv as venv_
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from cudadoctor.api import plans as api_plan
from cudadoctor.facts.envs import EnvFacts, Package, TorchFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.recommend.model import Choice
from cudadoctor.remedies.plan import Exists, Plan, PlanStep, Prints, Run, Tell
from cudadoctor.remedies.torch import wanted as torch_wanted
from tests.machines.builder import build
from tests.machines.catalogue import CATALOGUE
from tests.machines.parts import Machine
from tests.machines.presets import TORCH_23_CU121, TORCH_29_CPU, conda_pair, venv

ENV = "/home/ada/work/.venv"
PYTHON = f"{ENV}/bin/python"


def machine(name: str, **changes: object) -> Machine:
    return replace(CATALOGUE[name].machine, **changes)  # type: ignore[arg-type]


def plan(one: Machine, *named: str) -> Plan:
    return api_plan.plan_fix(build(one), named)


def argv(step: PlanStep | None) -> tuple[str, ...]:
    assert step is not None
    assert isinstance(step.action, Run)
    return step.action.argv


def told(one: Plan) -> str:
    return "\n".join(step.action.text for step in one.steps if isinstance(step.action, Tell))


def test_a_cpu_build_in_a_venv() -> None:
    found = plan(machine("ubuntu2404-rtx5090-580open-torchcpu"))
    assert [step.id for step in found.steps] == ["cpu-only-build-1", "cpu-only-build-2", "smoke"]
    remove, install, smoke = found.steps
    assert argv(remove) == (PYTHON, "-m", "pip", "uninstall", "-y", "torch", "torchvision")
    assert argv(install)[:5] == (PYTHON, "-m", "pip", "install", "torch==2.15.0")
    assert argv(install)[-1] == "https://download.pytorch.org/whl/cu132"
    assert argv(smoke) == ("cudadoctor", "smoke", "--env", ENV)
    assert [step.needs for step in found.steps] == [(), ("cpu-only-build-1",), ("cpu-only-build-2",)]
    assert [step.safety for step in found.steps] == ["safe"] * 3
    assert not any(step.by_name for step in found.steps)
    assert install.network == ("download.pytorch.org",)
    assert install.disk_mib > 5000
    assert isinstance(install.done_when, Prints)
    assert install.done_when.text == "torch 2.15.0 13.2 torchvision 0.29.2"
    back = ["torch==2.9.1+cpu", "torchvision==0.24.1+cpu", "--index-url", "https://download.pytorch.org/whl/cpu"]
    assert [run.argv for run in remove.undo] == [(PYTHON, "-m", "pip", "install", *back)]


def test_in_an_environment_of_uv_pip_is_not_asked() -> None:
    env = venv(TORCH_29_CPU, python="3.12.3", kind="uv")
    remove, install, smoke = plan(machine("ubuntu2404-rtx5090-580open-torchcpu", envs=(env,))).steps
    assert argv(remove) == ("uv", "pip", "uninstall", "--python", PYTHON, "torch", "torchvision")
    assert argv(install)[:6] == ("uv", "pip", "install", "--python", PYTHON, "torch==2.15.0")
    assert [run.argv[:5] for run in remove.undo] == [("uv", "pip", "install", "--python", PYTHON)]
    assert "pip" not in {os.path.basename(word) for word in argv(smoke)}


def test_torchvision_of_another_release_is_cured_with_the_torch_that_is_there() -> None:
    _, install, _ = plan(machine("ubuntu2204-rtx3090-535-torchvision-mismatch")).steps
    assert argv(install)[4:6] == ("torch==2.3.1", "torchvision==0.18.1")
    assert argv(install)[-1] == "https://download.pytorch.org/whl/cu121"


def test_numpy_2_goes_back_to_1() -> None:
    step, smoke = plan(machine("ubuntu2204-rtx3090-470-numpy2")).steps
    assert argv(step) == (PYTHON, "-m", "pip", "install", "numpy<2")
    assert [run.argv[-1] for run in step.undo] == ["numpy==2.1.3"]
    assert smoke.needs == (step.id,)


def test_a_driver_that_this_user_cannot_update_gets_the_build_that_runs_on_it() -> None:
    found = plan(machine("ubuntu2204-rtx3090-470-torch23", groups=("ada",)))
    remove, install, smoke = found.steps
    assert argv(remove)[2:4] == ("pip", "uninstall")
    assert argv(install)[4] == "torch==2.7.1"
    assert argv(install)[-1] == "https://download.pytorch.org/whl/cu118"
    assert smoke.id == "smoke"


def test_who_may_update_the_driver_is_shown_both() -> None:
    found = plan(machine("ubuntu2204-rtx3090-470-torch23"))
    assert [step.by_name for step in found.steps if isinstance(step.action, Run)] == [True] * 2
    assert "torch==2.7.1" in told(found)
    assert found.step("smoke") is None
    asked = plan(machine("ubuntu2204-rtx3090-470-torch23"), "TR001")
    assert [step.by_name for step in asked.steps if isinstance(step.action, Run)] == [False] * 2
    only_selected = plan(machine("ubuntu2204-rtx3090-470-torch23"), "TR")
    assert [step.by_name for step in only_selected.steps if isinstance(step.action, Run)] == [True] * 2


def test_a_mixed_up_venv_gets_one_beside_it() -> None:
    found = plan(machine("ubuntu2204-rtx3090-535-mixed-majors"))
    make, install, enter, smoke = found.steps
    new = f"{ENV}-fixed"
    assert argv(make) == (PYTHON, "-m", "venv", new)
    assert make.makes == (new,)
    assert make.done_when == Exists(path=f"{new}/bin/python", what="executable")
    assert argv(install)[:5] == (f"{new}/bin/python", "-m", "pip", "install", "torch==2.3.1")
    assert isinstance(enter.action, Tell)
    assert f"source {new}/bin/activate" in enter.action.text
    assert argv(smoke)[-1] == new
    assert not any(PYTHON in argv(step)[3:] for step in (install, smoke))
    assert any("numpy 1.26.4" in note and ENV in note for note in found.notes)


def test_an_odd_name_is_one_word_wherever_it_stands() -> None:
    odd = "/home/ada/my $(reboot) `env`"
    base = machine("ubuntu2204-rtx3090-535-mixed-majors")
    torch = replace(base.envs[0], prefix=odd)
    found = plan(replace(base, envs=(torch,), path=(), shell="/usr/bin/fish"))
    assert argv(found.steps[0])[-1] == f"{odd}-fixed"
    assert f"source '{odd}-fixed/bin/activate.fish'" in told(found)


def test_a_conda_environment_is_never_changed() -> None:
    found = plan(machine("ubuntu2204-rtx3090-470-mkl"))
    make, enter, smoke = found.steps
    root = "/home/ada/miniconda3"
    new = f"{root}/envs/torch-fixed"
    assert argv(make)[:5] == (f"{root}/bin/conda", "create", "-y", "-p", new)
    assert "--override-channels" in argv(make)
    assert "pytorch=1.12.1=*cuda11.3*" in argv(make)
    assert "mkl<2024.1" in argv(make)
    assert make.makes == (new,)
    assert make.touches == ("/home/ada/.conda/environments.txt",)
    assert make.network == ("conda.anaconda.org",)
    assert isinstance(enter.action, Tell)
    assert argv(smoke)[-1] == new
    assert found.title == f"mkl-incompatible: make the new environment {new}"


def test_the_name_beside_it_is_free_or_holds_what_is_wanted() -> None:
    base = machine("ubuntu2204-rtx3090-535-mixed-majors")
    other = venv(TORCH_29_CPU, prefix=f"{ENV}-fixed", active=False)
    assert argv(plan(replace(base, envs=(*base.envs, other))).steps[0])[-1] == f"{ENV}-fixed-2"
    right = venv(TORCH_23_CU121, prefix=f"{ENV}-fixed", active=False)
    assert argv(plan(replace(base, envs=(*base.envs, right))).steps[0])[-1] == f"{ENV}-fixed"


def test_a_conda_base_gets_an_environment_below_it() -> None:
    base = machine("ubuntu2204-rtx3090-470-mkl")
    root = "/home/ada/miniconda3"
    torch = base.envs[1]
    found = plan(replace(base, envs=(replace(torch, prefix=root),)))
    assert argv(found.steps[0])[4] == f"{root}/envs/base-fixed"


def test_a_conda_environment_with_a_cpu_build() -> None:
    torch = replace(TORCH_29_CPU, version="1.12.1", conda_build="py3.9_cpu_0")
    one = machine("ubuntu2204-rtx3090-470-mkl", envs=conda_pair(torch, python="3.9.19", packages={}))
    make = plan(one).steps[0]
    assert argv(make)[1:3] == ("create", "-y")
    assert not any("cpu" in word for word in argv(make)[5:])


def test_what_python_itself_brings_is_only_told() -> None:
    found = plan(machine("docker-a100-470-image-for-cuda126"))
    assert all(isinstance(step.action, Tell) for step in found.steps)
    assert "torch==2.7.1" in told(found)


def test_a_jetson_gets_no_general_wheel() -> None:
    found = plan(machine("jetson-orin-jp6-540-server-wheel"))
    assert all(isinstance(step.action, Tell) for step in found.steps)


def facts_env(version: str, *, installer: str = "pip", **packages: str) -> EnvFacts:
    seen = Seen(where="x", text="y")
    return EnvFacts(
        kind="venv",
        name="x",
        prefix="/e",
        python="/e/bin/python",
        torch=TorchFacts(version=version, location="/e/torch", installer=installer, seen=seen),
        packages={name: Package(name=name, version=one) for name, one in packages.items()},
    )


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        (facts_env("2.9.1+cu130"), "torch==2.9.1+cu130 --index-url https://download.pytorch.org/whl/cu130"),
        (facts_env("2.9.1"), "torch==2.9.1"),
        (facts_env("1.12.1+cu113"), "torch==1.12.1+cu113 --extra-index-url https://download.pytorch.org/whl/cu113"),
        (
            facts_env("1.7.1+cu110", torchvision="0.8.2+cu110"),
            "torch==1.7.1+cu110 torchvision==0.8.2+cu110 -f https://download.pytorch.org/whl/torch_stable.html",
        ),
        (facts_env("2.5.0a0+872d972e41.nv24.08"), None),
        (facts_env("2.9.1+rocm6.4"), None),
        (facts_env("2.9.1+cu130", installer="conda"), None),
        (facts_env("2.9.1+cu130", torchvision="0.24.1+cpu"), None),
        (facts_env("2.10.0.dev20251101+cu130"), None),
    ],
)
def test_what_was_there_is_put_back_where_it_is_still_offered(env: EnvFacts, wanted: str | None) -> None:
    found = torch_wanted.back(env)
    assert (None if found is None else " ".join(found)) == wanted


def test_where_it_is_not_offered_the_plan_says_so() -> None:
    torch = replace(TORCH_29_CPU, version="2.10.0.dev20251101+cpu")
    remove = plan(machine("ubuntu2404-rtx5090-580open-torchcpu", envs=(venv(torch, python="3.12.3"),))).steps[0]
    assert remove.undo == ()
    assert "stays removed" in (remove.lasting or "")


TORCH_PYTHON = os.environ.get("CUDADOCTOR_TORCH_PYTHON")


def holds(condition: Prints) -> bool:
    done = subprocess.run(condition.argv, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode == 0 and (condition.text is None or done.stdout.strip() == condition.text)


def distribution(site: Path, name: str, version: str, *files: tuple[str, str]) -> None:
    """What pip would leave of a package."""
    for old in site.glob(f"{name}-*.dist-info"):
        shutil.rmtree(old)
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    for path, text in files:
        (site / path).parent.mkdir(exist_ok=True)
        (site / path).write_text(text, encoding="utf-8")


def version_py(version: str, cuda: str | None) -> tuple[str, str]:
    return "torch/version.py", f"__version__ = '{version}'\ndebug = False\ncuda = {cuda!r}\nhip = None\n"


def test_the_conditions_in_a_real_environment(tmp_path: Path) -> None:
    """Before, between and after: what pip leaves, read by the environment's own python; torch is never imported."""
    venv_.create(tmp_path / "e", with_pip=False, symlinks=True)
    python = str(tmp_path / "e" / "bin" / "python")
    site = next((tmp_path / "e" / "lib").glob("python3*")) / "site-packages"
    found = plan(machine("ubuntu2404-rtx5090-580open-torchcpu"))
    remove, install = found.steps[:2]
    gone, there = (
        structs.replace(one.done_when, argv=(python, *one.done_when.argv[1:]))
        for one in (remove, install)
        if isinstance(one.done_when, Prints)
    )
    trap = ("torch/__init__.py", "raise SystemExit('torch was imported')\n")
    distribution(site, "torch", "2.9.1+cpu", trap, version_py("2.9.1+cpu", None))
    distribution(site, "torchvision", "0.24.1+cpu")
    assert (holds(gone), holds(there)) == (False, False)
    for one in site.iterdir():
        shutil.rmtree(one)
    assert (holds(gone), holds(there)) == (True, False)
    distribution(site, "torch", "2.15.0+cu132", trap, version_py("2.15.0+cu132", "13.2"))
    distribution(site, "torchvision", "0.29.2+cpu")
    assert (holds(gone), holds(there)) == (True, False), "torchvision for the CPU"
    distribution(site, "torchvision", "0.29.2+cu132")
    assert (holds(gone), holds(there)) == (True, True)
    distribution(site, "torch", "2.15.0+cu130", trap, version_py("2.15.0+cu130", "13.0"))
    assert (holds(gone), holds(there)) == (True, False), "another CUDA"


@pytest.mark.skipif(not TORCH_PYTHON, reason="CUDADOCTOR_TORCH_PYTHON names no interpreter with torch 2.13.0+cpu")
def test_the_conditions_on_a_real_torch() -> None:
    assert TORCH_PYTHON
    cpu = Choice(
        torch="2.13.0", torchvision=None, torchaudio=None, cuda=None, python=None, manager="pip", channels=(),
        index_url=None, build="cpu",
    )  # fmt: skip
    assert holds(torch_wanted.shows(TORCH_PYTHON, cpu))
    cuda = Choice(
        torch="2.13.0", torchvision=None, torchaudio=None, cuda="13.0", python=None, manager="pip", channels=(),
        index_url=None, build="cu130",
    )  # fmt: skip
    assert not holds(torch_wanted.shows(TORCH_PYTHON, cuda))
    assert not holds(torch_wanted.no_longer(TORCH_PYTHON, (("torch", "2.13.0+cpu"),)))
    assert holds(torch_wanted.no_longer(TORCH_PYTHON, (("torch", "2.13.0+cu130"),)))
    assert holds(torch_wanted.begins(TORCH_PYTHON, "torch", "2.13."))
    assert not holds(torch_wanted.begins(TORCH_PYTHON, "torch", "1."))
    assert not holds(torch_wanted.begins(TORCH_PYTHON, "no-such-package", "0"))


def test_an_old_python_gets_a_newer_pip_before_its_torch() -> None:
    """Python 3.8.0 came with a pip that rejects manylinux2014 files."""
    env = venv(TORCH_29_CPU, python="3.8.0")
    _, upgrade, install, _ = plan(machine("ubuntu2204-rtx3090-535-torch23", envs=(env,))).steps
    assert argv(upgrade) == (PYTHON, "-m", "pip", "install", "--upgrade", "pip")
    assert (upgrade.title, upgrade.done_when, upgrade.disk_mib) == ("upgrade pip", None, 0)
    assert argv(install)[4] == "torch==2.4.1"
    assert install.done_when is not None
