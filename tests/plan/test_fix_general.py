"""Remedies as steps, one to one; what is named; pastes; the order of several cures."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from cudadoctor.api import plans as api_plan
from cudadoctor.errors import CudaDoctorError
from cudadoctor.remedies.fix.merge import barred, merged
from cudadoctor.remedies.fix.planner import PASTED
from cudadoctor.remedies.plan import (
    AllOf,
    Condition,
    Exists,
    Fetch,
    Plan,
    PlanStep,
    Prints,
    Run,
    Tell,
    WriteFile,
    problems,
)
from cudadoctor.remedies.steps import REBOOT
from tests.machines.builder import build
from tests.machines.catalogue import CATALOGUE
from tests.machines.parts import Machine

APT = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get")


def machine(name: str, **changes: object) -> Machine:
    return replace(CATALOGUE[name].machine, **changes)  # type: ignore[arg-type]


def plan(name: str, *named: str, **changes: object) -> Plan:
    return api_plan.plan_fix(build(machine(name, **changes)), named)


def programs(one: Plan) -> list[tuple[str, ...]]:
    return [step.action.argv for step in one.steps if isinstance(step.action, Run)]


def told(one: Plan) -> str:
    return "\n".join(step.action.text for step in one.steps if isinstance(step.action, Tell))


def test_a_module_that_is_not_loaded() -> None:
    found = plan("ubuntu2204-rtx3090-535-notloaded")
    load = found.steps[0]
    assert programs(found) == [("modprobe", "nvidia")]
    assert load.done_when == Exists(path="/proc/driver/nvidia/version")
    assert (load.needs_root, load.safety, load.by_name) == (True, "system", True)
    assert not plan("ubuntu2204-rtx3090-535-notloaded", "driver-module-not-loaded").steps[0].by_name
    assert not plan("ubuntu2204-rtx3090-535-notloaded", "drv001").steps[0].by_name


def test_headers_then_the_module_then_it_is_loaded() -> None:
    found = plan("ubuntu2204-rtx3090-535-noheaders")
    kernel = "6.8.0-85-generic"
    assert programs(found) == [
        (*APT, "install", "-y", f"linux-headers-{kernel}"),
        ("dkms", "autoinstall", "-k", kernel),
        ("modprobe", "nvidia"),
    ]
    headers, module, load = found.steps[:3]
    assert (headers.packages, headers.network) == (True, ("apt",))
    installed = Prints(
        argv=("dpkg-query", "-W", "-f", "${db:Status-Status}", f"linux-headers-{kernel}"), text="installed"
    )
    assert headers.done_when == installed
    assert isinstance(module.done_when, Prints)
    assert kernel in module.done_when.argv
    assert (module.needs, load.needs) == ((headers.id,), (module.id,))


def test_no_driver_on_ubuntu_then_a_reboot() -> None:
    found = plan("ubuntu2204-rtx3090-nodriver")
    assert programs(found)[0] == ("apt-get", "update")
    assert programs(found)[-1][-3:] == ("install", "-y", "nvidia-driver-580-server-open")
    reboot = found.steps[-1]
    assert (reboot.id, reboot.reboot, reboot.manual) == ("reboot", True, True)
    assert reboot.needs == (found.steps[-2].id,)
    assert found.steps[-2].packages
    assert found.steps[-2].reboot


def test_without_root_it_is_a_message_to_the_administrator() -> None:
    found = plan("ubuntu2204-rtx3090-nodriver", groups=("ada",))
    assert programs(found) == []
    assert "apt-get install -y nvidia-driver-580-server-open" in told(found)
    assert "administrator" in told(found)
    assert [step.title for step in found.steps] == ["ask your administrator"]


def test_nouveau() -> None:
    found = plan("ubuntu2204-rtx3090-535-nouveau")
    write, rebuild, reboot = found.steps
    assert isinstance(write.action, WriteFile)
    assert (write.action.path, write.needs_root, write.by_name) == (
        "/etc/modprobe.d/blacklist-nouveau.conf",
        True,
        True,
    )
    assert programs(found) == [("update-initramfs", "-u")]
    assert (rebuild.needs, reboot.id) == ((write.id,), "reboot")


def test_what_asks_a_person_is_never_run() -> None:
    found = plan("ubuntu2204-rtx3090-535-secureboot", "secure-boot-unsigned-module")
    assert all(step.manual for step in found.steps)
    assert programs(found)[0][:2] == ("mokutil", "--import")


def test_a_module_that_is_loaded_anew_does_not_count_as_loaded() -> None:
    found = plan("ubuntu2204-rtx3090-535-resumed")
    unload, load = (step for step in found.steps if isinstance(step.action, Run) and step.action.argv[0] == "modprobe")
    assert (unload.done_when, load.done_when) == (None, None)
    assert plan("ubuntu2204-rtx3090-535-nouvm").steps[0].done_when == Exists(
        path="/sys/module/nvidia_uvm", what="directory"
    )


def test_packages_that_dpkg_left_are_finished_without_questions() -> None:
    first, second = programs(plan("ubuntu2204-rtx3090-half-configured-driver"))
    assert first == ("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--configure", "-a")
    assert second == (*APT, "-f", "install", "-y", "--no-remove")


def test_the_keyring_is_fetched_and_installed() -> None:
    from cudadoctor.checks.engine.base import Confidence, Severity
    from cudadoctor.checks.engine.outcome import Finding
    from cudadoctor.remedies.find import remedy_for
    from tests.plan.test_fix_machines import made

    facts = made("ubuntu2204-rtx3090-535-notloaded")[0].facts
    finding = Finding(
        code="APT001", name="apt-nvidia-key-rotated", severity=Severity.ERROR, confidence=Confidence.CERTAIN,
        subject="machine", message="the key was changed", evidence=(), source=None,
    )  # fmt: skip
    steps = remedy_for(finding, facts).steps
    fetch, install, update = (step for step in steps if not isinstance(step.action, Tell))
    assert isinstance(fetch.action, Fetch)
    assert fetch.action.url.startswith("https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2204/")
    assert fetch.network == ("developer.download.nvidia.com",)
    assert isinstance(install.action, Run)
    assert install.action.argv == ("dpkg", "-i", fetch.action.path)
    assert install.done_when == Prints(
        argv=("dpkg-query", "-W", "-f=${db:Status-Status} ${Version}", "cuda-keyring"), text="installed 1.1-1"
    )
    assert isinstance(update.action, Run)
    assert update.action.argv == ("apt-get", "update")
    assert (install.needs, update.needs) == ((fetch.id,), (install.id,))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("docker-l40s-nogpuaccess", "docker run --rm --gpus all ubuntu nvidia-smi"),
        ("docker-l40s-utilityonly", "-e NVIDIA_DRIVER_CAPABILITIES=compute,utility ubuntu nvidia-smi"),
        (
            "podman-rhel9-l40s-selinux",
            "podman run --rm --device nvidia.com/gpu=all --security-opt label=disable ubuntu",
        ),
        ("docker-two-l40s-570open-shm64m", "docker run --rm -it --gpus all --shm-size=8g IMAGE"),
    ],
)
def test_a_containers_command_line_is_told(name: str, wanted: str) -> None:
    found = plan(name)
    assert wanted in told(found)
    assert programs(found) == []


def test_a_pasted_command_line_comes_back_with_the_gpu() -> None:
    text = b"""$ docker run -it --rm pytorch/pytorch:2.3.1-cuda12.1-cudnn8-runtime python train.py
Traceback (most recent call last):
  File "train.py", line 1, in <module>
RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver
"""
    found = api_plan.plan_fix(None, pasted=text)
    assert PASTED in found.notes
    assert found.uid is None
    assert ("report", "pasted") in found.purpose.request
    assert "docker run --rm -it --gpus all pytorch/pytorch:2.3.1-cuda12.1-cudnn8-runtime" in told(found)


def test_a_pasted_cpu_build_is_planned_for_its_own_machine() -> None:
    text = b"""Collecting environment information...
PyTorch version: 2.3.1+cpu
Is debug build: False
CUDA used to build PyTorch: None

OS: Ubuntu 22.04.4 LTS (x86_64)
Python version: 3.10.12 (main, Nov 20 2023, 15:14:05) [GCC 11.4.0] (64-bit runtime)
Is CUDA available: False
GPU models and configuration: GPU 0: NVIDIA GeForce RTX 3090
Nvidia driver version: 535.274.02
"""
    found = api_plan.plan_fix(None, pasted=text)
    assert found.purpose.findings
    assert any("cpu-only-build" in one for one in found.purpose.findings)
    assert (found.uid, found.home) == (None, None)
    assert found.steps
    assert not any(isinstance(step.action, WriteFile) for step in found.steps)
    assert list(problems(found)) == []


def test_a_word_that_names_no_check_is_wrong_usage_before_the_machine_is_asked() -> None:
    class Untouchable:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

    with pytest.raises(CudaDoctorError, match="`nonsense` names no check") as raised:
        api_plan.plan_fix(Untouchable(), ["DRV", "nonsense"])  # type: ignore[arg-type]
    assert raised.value.exit_code == 2
    with pytest.raises(CudaDoctorError):
        api_plan.plan_fix(None, [" "], pasted=b"")


def test_a_name_without_a_finding_is_a_note() -> None:
    found = plan("ubuntu2204-rtx3090-535-notloaded", "nouveau-conflict")
    assert found.steps == ()
    assert found.notes == ("`nouveau-conflict`: not found on this machine",)


def test_a_symptom_that_is_named_stands_for_its_cause() -> None:
    found = plan("ubuntu2204-rtx3090-535-notloaded", "nvidia-smi-fails")
    assert found.purpose.findings == ("driver-module-not-loaded@machine",)
    assert "`nvidia-smi-fails` follows from `driver-module-not-loaded`, which is cured" in found.notes
    assert found.steps[0].by_name, "its own name was not given"


def test_information_is_planned_where_it_is_named() -> None:
    found = plan("ubuntu2204-rtx3090-535-noexec-tmp", "noexec-temporary-directory")
    assert found.steps[0].id.startswith("noexec-temporary-directory-")
    assert plan("ubuntu2204-rtx3090-535-noexec-tmp").steps == ()


def test_driver_before_toolkit_before_shell_before_environment_before_proof() -> None:
    """A machine with a fault of each kind."""
    base = machine("ubuntu2204-rtx3090-550-compilers-differ")
    from tests.machines.parts import Toolkit
    from tests.machines.presets import TORCH_29_CPU, venv

    found = api_plan.plan_fix(
        build(
            replace(
                base,
                toolkits=(Toolkit(version="12.4.131"),),
                variables={"CC": "gcc-9", "CXX": "g++-11"},
                rc={"~/.bashrc": "export LD_LIBRARY_PATH=/usr/loacl/cuda-12.4/lib64\n"},
                envs=(venv(TORCH_29_CPU),),
            )
        )
    )
    assert list(problems(found)) == []
    order = [step.id.rpartition("-")[0] or step.id for step in found.steps]
    seen = list(dict.fromkeys(order))
    wanted = ["compiler-variables-conflict", "ld-path-entry-missing", "new", "cpu-only-build", "smoke"]
    assert [one for one in seen if one in wanted] == [one for one in wanted if one in seen]
    assert set(wanted) <= set(seen)


def step(name: str, *argv: str, needs: tuple[str, ...] = (), done: Condition | None = None) -> PlanStep:
    run = Run(argv=argv, why="w", safety="system", needs_root=True)
    return PlanStep(id=name, title="t", why="w", action=run, needs=needs, done_when=done)


def reboot(name: str, *needs: str) -> PlanStep:
    return PlanStep(id=name, title="Reboot", why="w", action=REBOOT.action, needs=needs, reboot=True)


def chain(name: str, *programs_: tuple[str, ...], end: bool = False) -> tuple[PlanStep, ...]:
    out: list[PlanStep] = []
    for number, argv in enumerate(programs_, 1):
        needs = (out[-1].id,) if out else ()
        out.append(step(f"{name}-{number}", *argv, needs=needs))
    return (*out, reboot(f"{name}-r", out[-1].id)) if end else tuple(out)


def names(steps: tuple[PlanStep, ...]) -> list[str]:
    return [" ".join(one.action.argv) if isinstance(one.action, Run) else one.id for one in steps]


def test_equal_steps_are_one_and_the_reboot_stands_behind_all() -> None:
    one = chain("one", ("apt", "update"), ("apt", "install", "a"), end=True)
    two = chain("two", ("apt", "update"), ("apt", "install", "b"), end=True)
    found = merged([(1, one), (1, two), (0, chain("zero", ("key",)))])
    assert names(found) == ["key", "apt update", "apt install a", "apt install b", "reboot"]
    assert set(found[-1].needs) == {"one-2", "two-1"}
    assert [one.id for one in found] == ["zero-1", "one-1", "one-2", "two-1", "reboot"]


def test_an_equal_step_goes_behind_what_it_needs_in_the_other_cure() -> None:
    found = merged(
        [(1, chain("one", ("modprobe", "n"))), (1, chain("two", ("headers",), ("dkms",), ("modprobe", "n")))]
    )
    assert names(found) == ["headers", "dkms", "modprobe n"]


def test_where_the_orders_contradict_a_step_is_done_twice() -> None:
    found = merged([(1, chain("one", ("a",), ("b",))), (1, chain("two", ("b",), ("a",)))])
    assert sorted(names(found)) == ["a", "a", "b"] or sorted(names(found)) == ["a", "b", "b"]
    ids = [one.id for one in found]
    assert len(set(ids)) == len(ids)
    for place, one in enumerate(found):
        assert set(one.needs) <= set(ids[:place])


def test_equal_programs_with_another_condition_are_two() -> None:
    loaded = Exists(path="/proc/driver/nvidia/version")
    found = merged([(1, (step("one-1", "modprobe", "n", done=loaded),)), (1, (step("two-1", "modprobe", "n"),))])
    assert len(found) == 2


def test_what_needs_an_unasked_step_is_unasked() -> None:
    first = replace_by_name(step("a-1", "x"))
    second = step("a-2", "y", needs=("a-1",))
    third = PlanStep(id="a-3", title="t", why="w", action=Tell(text="x"), needs=("a-2",))
    assert [one.by_name for one in barred((first, second, third))] == [True, True, False]


def replace_by_name(one: PlanStep) -> PlanStep:
    from msgspec.structs import replace as replaced

    return replaced(one, by_name=True)


def test_several_packages_are_one_condition() -> None:
    install = plan("ubuntu2004-gtx1080ti-418-gcc9").steps[0]
    assert isinstance(install.done_when, AllOf)
    assert [one.argv[-1] for one in install.done_when.conditions if isinstance(one, Prints)] == ["gcc-8", "g++-8"]


def test_a_text_that_does_not_tell_is_not_said_to_be_in_order() -> None:
    none = api_plan.plan_fix(None, pasted=b"hello")
    assert none.title == "Nothing is known that could be fixed"
    assert "mentions no GPU" in none.notes[0]
    asks = api_plan.plan_fix(None, pasted=b"torch.cuda.is_available() is False\nGPU RTX 3090\n")
    assert asks.title == "Nothing is known that could be fixed"
    assert "python -m torch.utils.collect_env" in asks.notes[0]


def test_ubuntus_signed_module_is_named_for_who_cannot_see_the_screen() -> None:
    found = plan("ubuntu2204-rtx3090-535-secureboot", "secure-boot-unsigned-module")
    words = told(found)
    assert re.search(r"apt-get install linux-modules-nvidia-535[a-z-]*-generic", words)
    assert re.search(r"apt-get remove nvidia-dkms-535", words)
