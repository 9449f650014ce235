"""The driver part of an `install` plan: only where it is needed, the right branch and module, and never where not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cudadoctor.remedies.plan import Prints, Run
from tests.machines import hardware
from tests.machines.catalogue import CATALOGUE
from tests.machines.parts import Driver, Gpu, Os

from . import fresh
from .fresh import argv, ids, machine, planned, step, text

INSTALL = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y")


@pytest.mark.parametrize(
    ("os", "gpus", "package"),
    [
        (hardware.UBUNTU_2404, [hardware.RTX_5090], "nvidia-driver-580-server-open"),  # Blackwell: open alone
        (hardware.UBUNTU_2404, [hardware.RTX_3090], "nvidia-driver-580-server-open"),  # from Turing on: open advised
        (hardware.UBUNTU_2204, [hardware.GTX_1080_TI], "nvidia-driver-580-server"),  # Pascal: never open
        (hardware.UBUNTU_2204, [hardware.V100, hardware.T4], "nvidia-driver-580-server"),  # one that cannot decides
        (hardware.UBUNTU_2604, [hardware.V100], "nvidia-driver-580-server"),
        (hardware.UBUNTU_2204, [hardware.KEPLER_K80], "nvidia-driver-470"),
    ],
)
def test_ubuntu_gets_the_branch_and_the_module_for_every_gpu(os: Os, gpus: list[Gpu], package: str) -> None:
    several = [replace(gpu, bus=f"0000:0{number}:00.0") for number, gpu in enumerate(gpus, 1)]
    plan = planned(machine(os, *several), words={"cuda": "cpu"} if "470" in package else None, driver=True)
    assert argv(plan, "driver-install") == (*INSTALL, package)
    install = step(plan, "driver-install")
    assert install.packages
    assert install.reboot
    assert install.needs_root
    assert install.safety == "system"
    assert install.needs == ("driver-lists",)
    reboot = step(plan, "driver-reboot")
    assert reboot.manual
    assert reboot.reboot
    assert reboot.needs == ("driver-install",)
    assert "driver-reboot" in step(plan, "smoke").needs


def test_the_branch_is_seen_to_be_installed() -> None:
    done = step(planned(machine(hardware.UBUNTU_2404, hardware.RTX_3090)), "driver-install").done_when
    assert done == Prints(
        argv=("dpkg-query", "-W", "-f", "${db:Status-Status}", "nvidia-driver-580-server-open"), text="installed"
    )


def test_headers_of_the_running_kernel_go_along_where_they_lack() -> None:
    plan = planned(machine(hardware.UBUNTU_2404, hardware.RTX_3090, headers=False))
    assert argv(plan, "driver-install")[-2] == f"linux-headers-{hardware.UBUNTU_2404.kernel}"


@pytest.mark.parametrize(
    ("kernel", "flavour"),
    [
        ("6.8.0-48-generic", "generic"),
        ("6.14.0-33-generic", "generic-hwe-24.04"),
        ("6.8.0-1018-aws", "aws"),
        ("6.14.0-1018-aws", "aws"),
    ],
)
def test_ubuntu_signs_the_module_of_its_own_kernels(kernel: str, flavour: str) -> None:
    """With Secure Boot on, the signed package takes the place of DKMS, and there is no key to enrol."""
    plan = planned(machine(replace(hardware.UBUNTU_2404, kernel=kernel), hardware.RTX_3090, secure_boot=True))
    module = f"linux-modules-nvidia-580-server-open-{flavour}"
    assert argv(plan, "driver-install") == (*INSTALL, module, "nvidia-driver-580-server-open")
    assert "driver-secure-boot" not in ids(plan)


def test_secure_boot_is_enrolled_by_hand_before_the_reboot() -> None:
    odd = replace(hardware.UBUNTU_2404, kernel="6.8.12-custom")
    plan = planned(machine(odd, hardware.RTX_3090, secure_boot=True))
    assert ids(plan)[:4] == ["driver-lists", "driver-install", "driver-secure-boot", "driver-reboot"]
    assert step(plan, "driver-secure-boot").manual
    assert "mokutil --import /var/lib/shim-signed/mok/MOK.der" in text(plan, "driver-secure-boot")
    assert step(plan, "driver-reboot").needs == ("driver-secure-boot",)


def test_fedora_signs_with_the_key_of_akmods() -> None:
    plan = planned(machine(hardware.FEDORA_42, hardware.RTX_3090, groups=("ada", "wheel"), secure_boot=True))
    order = [one for one in ids(plan) if one.startswith("driver-")]
    assert order.index("driver-key") < order.index("driver-build") < order.index("driver-secure-boot")
    assert argv(plan, "driver-key") == ("kmodgenca", "-a")
    assert "mokutil --import /etc/pki/akmods/certs/public_key.der" in text(plan, "driver-secure-boot")


def test_nouveau_is_spoken_of() -> None:
    one = machine(hardware.UBUNTU_2404, modules=("nouveau",))
    plan = planned(replace(one, gpus=(replace(hardware.RTX_3090, bound="nouveau"),)))
    assert any("nouveau" in note for note in plan.notes)


@pytest.mark.parametrize(
    "name",
    [
        "ubuntu1804-gtx1080ti-418-torch14-conda",
        "ubuntu2204-rtx3090-535-torch23",
        "ubuntu2404-rtx5090-580open-torch28",
        "wsl2-rtx3060laptop-546-torch25",
        "docker-l40s-570open-torch27",
    ],
)
def test_a_driver_that_works_is_left_alone(name: str) -> None:
    assert not [one for one in ids(planned(CATALOGUE[name].machine)) if one.startswith("driver")]


def test_the_build_is_chosen_for_the_driver_that_is_here() -> None:
    """418.39 supports CUDA 10.1 and nothing newer: torch follows the driver, not the driver torch."""
    plan = planned(CATALOGUE["ubuntu1804-gtx1080ti-418-torch14-conda"].machine)
    assert "CUDA 10.1" in plan.title


def test_one_that_is_too_old_for_what_is_asked_is_replaced() -> None:
    one = machine(hardware.UBUNTU_2204)
    one = replace(one, gpus=(hardware.RTX_3090,), driver=Driver(version="470.256.02", cuda="11.4"))
    plan = planned(one, words={"cuda": "12.6"})
    assert argv(plan, "driver-install")[-1] == "nvidia-driver-580-server-open"
    assert "too old" in step(plan, "driver-install").why
    assert step(plan, "driver-install").lasting is not None
    # nvidia-smi answers with the old driver as well: what runs is seen by its branch
    assert step(plan, "driver-reboot").done_when == Prints(argv=("grep", "-q", "^580[.]", "/sys/module/nvidia/version"))
    kept = planned(one, words={"cuda": "12.6"}, driver=False)
    assert kept.impossible is not None
    assert "needs driver 525.60.13 or newer, and 470.256.02 is older" in kept.impossible
    assert not [step_ for step_ in ids(kept) if step_.startswith("driver")]


def test_no_driver_leaves_the_machine_without_one_and_says_so() -> None:
    plan = planned(machine(hardware.UBUNTU_2404, hardware.RTX_3090), driver=False)
    assert not [one for one in ids(plan) if one.startswith("driver")]
    assert any("--no-driver" in note for note in plan.notes)


def test_in_wsl_windows_has_the_driver() -> None:
    plan = planned(CATALOGUE["wsl2-rtx3060laptop-546-torch25"].machine, driver=True)
    assert ids(plan)[0] == "driver-elsewhere"
    assert "In Windows" in text(plan, "driver-elsewhere")
    assert not any("nvidia-driver" in word for one in plan.steps for word in getattr(one.action, "argv", ()))


def test_in_a_container_its_host_has_the_driver() -> None:
    plan = planned(CATALOGUE["docker-l40s-570open-torch27"].machine, driver=True)
    assert "container uses the driver of its host" in text(plan, "driver-elsewhere")


def test_without_root_the_administrator_is_told_the_commands() -> None:
    plan = planned(machine(hardware.UBUNTU_2404, hardware.RTX_3090, groups=("ada", "users")))
    told = text(plan, "driver-ask")
    assert "administrator" in told
    assert "apt-get install -y nvidia-driver-580-server-open" in told
    assert not [one.id for one in plan.steps if one.needs_root]
    assert step(plan, "driver-ask").done_when is not None


def test_ubuntu_1804_takes_what_its_own_tool_knows() -> None:
    plan = planned(machine(hardware.UBUNTU_1804, hardware.GTX_1080_TI), words={"cuda": "10.1", "manager": "conda"})
    assert argv(plan, "driver-install") == ("ubuntu-drivers", "autoinstall")
    assert argv(plan, "driver-tool")[-1] == "ubuntu-drivers-common"
    newer = planned(machine(hardware.UBUNTU_2004, hardware.GTX_1080_TI))
    assert argv(newer, "driver-install") == ("ubuntu-drivers", "install")


def test_debian_has_its_own_driver_and_the_build_is_for_that() -> None:
    """Debian 13's 550 is too old for CUDA 13: the build must be one for CUDA 12."""
    plan = planned(machine(fresh.DEBIAN_13, hardware.RTX_3090))
    assert argv(plan, "driver-install")[-3:] == ("linux-headers-amd64", "nvidia-driver", "firmware-misc-nonfree")
    assert step(plan, "driver-components").manual
    assert "with CUDA 12." in plan.title


def test_debians_own_does_not_know_blackwell() -> None:
    plan = planned(machine(fresh.DEBIAN_13, hardware.RTX_5090))
    assert argv(plan, "driver-install")[-1] == "nvidia-open"
    assert argv(plan, "driver-keyring")[-1].endswith("/cuda-keyring_1.1-1_all.deb")
    assert "debian13/x86_64" in fresh.fetch(plan, "driver-keyring-fetch").url


@pytest.mark.parametrize(
    ("gpu", "stream", "package"),
    [
        (hardware.RTX_3090, "nvidia-driver:580-open", "nvidia-open"),
        (hardware.V100, "nvidia-driver:580-dkms", "cuda-drivers"),
    ],
)
def test_rhel_9_by_nvidias_repository_and_a_stream(gpu: Gpu, stream: str, package: str) -> None:
    plan = planned(machine(fresh.RHEL_9, gpu, groups=("ada", "wheel"), headers=False))
    assert argv(plan, "driver-stream") == ("dnf", "module", "enable", "-y", stream)
    assert argv(plan, "driver-install") == ("dnf", "install", "-y", package)
    assert argv(plan, "driver-headers")[-1] == f"kernel-devel-{fresh.RHEL_9.kernel}"
    assert "cuda-rhel9.repo" in argv(plan, "driver-repo")[-1]


def test_fedora_has_its_driver_from_rpm_fusion() -> None:
    plan = planned(machine(hardware.FEDORA_42, hardware.RTX_3090, groups=("ada", "wheel")))
    assert all("rpmfusion-" in word and word.endswith("-42.noarch.rpm") for word in argv(plan, "driver-repo")[3:])
    assert argv(plan, "driver-install") == ("dnf", "install", "-y", "akmod-nvidia", "xorg-x11-drv-nvidia-cuda")
    pascal = planned(machine(hardware.FEDORA_42, hardware.GTX_1080_TI, groups=("ada", "wheel")))
    assert argv(pascal, "driver-install")[3:] == ("akmod-nvidia-580xx", "xorg-x11-drv-nvidia-580xx-cuda")


def test_no_one_driver_for_a_gpu_of_before_turing_beside_a_blackwell() -> None:
    two = (replace(hardware.RTX_5090, bus="0000:01:00.0"), replace(hardware.GTX_1080_TI, bus="0000:02:00.0"))
    plan = planned(machine(hardware.UBUNTU_2404, *two), driver=True, words={"manager": "conda", "cuda": "12.9"})
    assert "open kernel module" in text(plan, "driver-choose")
    assert "driver-install" not in ids(plan)


def test_one_that_is_installed_and_does_not_run_is_a_matter_for_check() -> None:
    broken = Driver(version="535.274.02", cuda="12.2", loaded=False)
    one = replace(machine(hardware.UBUNTU_2204), gpus=(fresh.without_driver(hardware.RTX_3090),), driver=broken)
    plan = planned(one)
    assert "driver-install" not in ids(plan)
    assert any("cudadoctor check" in note for note in plan.notes)


def test_no_driver_for_a_gpu_that_is_not_in_this_machine() -> None:
    plan = planned(machine(hardware.UBUNTU_2404), words={"gpus": ("RTX 3090",)})
    assert not [one for one in ids(plan) if one.startswith("driver")]
    assert "no NVIDIA GPU is in this machine" in plan.notes
    assert "driver-install" in ids(planned(machine(hardware.UBUNTU_2404), words={"gpus": ("RTX 3090",)}, driver=True))


def test_apts_lists_are_read_once_where_no_source_is_added() -> None:
    one = machine(hardware.UBUNTU_2404, hardware.RTX_5090, groups=("ada", "sudo"))

    def updates(**more: bool) -> int:
        steps = planned(one, words={"manager": "pip"}, **more).steps
        return sum(isinstance(step.action, Run) and step.action.argv == ("apt-get", "update") for step in steps)

    assert (updates(), updates(toolkit=True)) == (1, 2)


def test_nvswitches_need_their_fabric_manager_of_the_same_branch() -> None:
    eight = tuple(replace(hardware.H100, bus=f"0000:{number:02x}:00.0") for number in range(1, 9))
    plan = planned(machine(hardware.UBUNTU_2204, *eight, nvswitches=4, groups=("ada", "sudo")))
    assert argv(plan, "driver-install")[-2:] == ("nvidia-driver-580-server-open", "nvidia-fabricmanager-580")
    assert argv(plan, "driver-fabric") == ("systemctl", "enable", "--now", "nvidia-fabricmanager.service")
    assert step(plan, "driver-fabric").needs == ("driver-reboot",)
    assert ids(plan).index("driver-reboot") < ids(plan).index("driver-fabric") < ids(plan).index("smoke")
    red_hat = planned(machine(fresh.RHEL_9, *eight, nvswitches=4, groups=("ada", "wheel")))
    assert argv(red_hat, "driver-install") == ("dnf", "install", "-y", "nvidia-open", "nvidia-fabricmanager")
    assert "driver-fabric" in ids(red_hat)
    assert "driver-fabric" not in ids(planned(machine(hardware.UBUNTU_2204, hardware.RTX_3090)))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ubuntu2204-vgpu-l40s-580-torch28", "guest (GRID) driver"),
        ("ubuntu2204-vgpuhost-a100-550", "another driver stops them"),
        ("ubuntu2204-rtx3090-535-vgpu-host", "another driver stops them"),
    ],
)
def test_a_vgpu_has_the_driver_of_its_hosts_release(name: str, words: str) -> None:
    plan = planned(CATALOGUE[name].machine, driver=True, words={"cuda": "12.6"})
    assert words in text(plan, "driver-elsewhere")
    assert not [one for one in ids(plan) if one.startswith("driver-") and one != "driver-elsewhere"]


def test_the_driver_of_a_run_file_goes_before_packages_come() -> None:
    one = machine(hardware.UBUNTU_2204, hardware.RTX_3090, files={"/usr/bin/nvidia-uninstall": "#!/bin/sh\n"})
    plan = planned(one)
    assert ids(plan)[0] == "driver-run-file"
    assert step(plan, "driver-run-file").manual
    assert all("driver-run-file" in step(plan, name).needs for name in ("driver-lists", "driver-install"))


def test_headers_of_the_flavour_that_runs() -> None:
    cloud = replace(fresh.DEBIAN_13, kernel="6.12.48+deb13-cloud-amd64")
    assert argv(planned(machine(cloud, hardware.RTX_3090)), "driver-install")[-3] == "linux-headers-cloud-amd64"
    odd = replace(hardware.UBUNTU_2204, kernel="5.15.0-")  # apt would take it for an order to remove
    plan = planned(machine(odd, hardware.RTX_3090, headers=False))
    assert not [word for word in argv(plan, "driver-install") if word.startswith("linux-headers")]


def test_blackwell_boards_need_the_subnet_manager_too() -> None:
    """Ubuntu's archive has no nvlsm: the driver and its fabric manager come from NVIDIA's, of one version."""
    b200 = replace(hardware.H100, name="NVIDIA B200", device_id="2901", capability="10.0")
    eight = tuple(replace(b200, bus=f"0000:{number:02x}:00.0") for number in range(1, 9))
    plan = planned(machine(hardware.UBUNTU_2404, *eight, groups=("ada", "sudo")))
    assert argv(plan, "driver-branch")[-1] == "nvidia-driver-pinning-580"
    packages = argv(plan, "driver-install")[len(INSTALL) :]
    assert {"nvidia-open", "nvidia-fabricmanager", "nvlsm", "infiniband-diags", "libibumad3"} <= set(packages)
    assert text(plan, "driver-umad") == "ib_umad\n"
    assert "driver-fabric" in ids(plan)
    one = planned(machine(hardware.UBUNTU_2404, b200, groups=("ada", "sudo")))  # a guest with one GPU of such a board
    assert "driver-fabric" not in ids(one)


def test_a_driver_that_is_too_old_for_the_build_comes_from_nvidia() -> None:
    plan = planned(machine(fresh.DEBIAN_13, hardware.RTX_3090), words={"cuda": "13.0"})
    assert plan.impossible is None
    assert "with CUDA 13.0" in plan.title
    assert argv(plan, "driver-install")[-1] == "nvidia-open"
    assert "too old" not in step(plan, "driver-install").why  # there is none
    toolkit = planned(machine(fresh.DEBIAN_13, hardware.RTX_3090), toolkit=True)
    assert toolkit.impossible is None


@pytest.mark.parametrize(
    ("os", "gpu", "words", "says"),
    [
        (hardware.UBUNTU_2004, hardware.RTX_3090, {"cuda": "13.0"}, "CUDA 13.0 needs driver 580.65.06 or newer"),
        (hardware.UBUNTU_1804, hardware.RTX_5090, {}, "needs branch 570 or newer"),
    ],
)
def test_what_no_repository_of_a_release_has_is_impossible(os: Os, gpu: Gpu, words: dict[str, Any], says: str) -> None:
    plan = planned(machine(os, gpu), words=words)
    assert plan.impossible is not None
    assert says in plan.impossible
    assert "too old" not in plan.impossible


def test_no_repository_of_another_distribution_or_machine() -> None:
    """NVIDIA's for Debian are for x86_64; no driver is planned from one that is not there, and it is said."""
    arm = replace(fresh.DEBIAN_13, arch="aarch64", kernel="6.12.48+deb13-arm64")
    plan = planned(machine(arm, hardware.RTX_5090))
    assert "driver-by-hand" in ids(plan)
    assert "driver-keyring" not in ids(plan)


def test_the_build_is_one_for_the_driver_that_an_older_ubuntu_has() -> None:
    """20.04 got no 580: a build for CUDA 13 would not run after the reboot."""
    plan = planned(machine(hardware.UBUNTU_2004, hardware.RTX_5090))
    assert argv(plan, "driver-install") == ("ubuntu-drivers", "install")
    assert "with CUDA 12." in plan.title


def test_an_image_of_packages_is_not_changed_by_dnf() -> None:
    image = replace(hardware.FEDORA_42, id="bazzite", id_like="fedora", pretty="Bazzite")
    told = text(planned(machine(image, hardware.RTX_4090, groups=("ada", "wheel"))), "driver-by-hand")
    assert "rebase" in told
    assert "dnf install" not in told


@pytest.mark.parametrize("more", [{}, {"toolkit": True}, {"words": {"manager": "conda"}}])
def test_nothing_is_planned_for_musl(more: dict[str, Any]) -> None:
    plan = planned(CATALOGUE["docker-alpine-t4-550"].machine, **more)
    assert "musl" in (plan.impossible or "")
    assert plan.steps == ()


def test_nixos_is_told_what_wheels_need() -> None:
    assert any("nix-ld" in note for note in planned(CATALOGUE["nixos-rtx3090-580open"].machine).notes)


@pytest.mark.parametrize(
    ("os", "gpu", "words", "says"),
    [
        (fresh.DEBIAN_13, hardware.GTX_1080_TI, {"cuda": "13.0"}, "GTX 1080 Ti"),  # 580 is there: the GPU is too old
        (hardware.UBUNTU_2004, hardware.GTX_1080_TI, {"cuda": "13.0"}, "Ubuntu 20.04 offers driver"),
    ],
)
def test_the_reason_is_the_one_that_holds(os: Os, gpu: Gpu, words: dict[str, Any], says: str) -> None:
    plan = planned(machine(os, gpu), words=words)
    assert says in (plan.impossible or "")


def test_a_toolkit_that_the_driver_here_rules_out_is_had_with_another_driver() -> None:
    one = replace(
        machine(hardware.UBUNTU_2404, groups=("ada", "sudo")), gpus=(hardware.RTX_3090,),
        driver=Driver(version="470.256.02", cuda="11.4"),
    )  # fmt: skip
    kept = planned(one, toolkit=True)
    assert kept.impossible is not None
    assert any("with --driver" in note for note in kept.notes)
    newer = planned(one, toolkit=True, driver=True)
    assert newer.impossible is None
    assert argv(newer, "driver-install")[-1] == "nvidia-driver-580-server-open"


def test_a_branch_is_named_only_where_it_is_held() -> None:
    """RPM Fusion's akmod-nvidia is the newest driver; its package for 580 is that branch."""
    newest = planned(machine(hardware.FEDORA_42, hardware.RTX_3090, groups=("ada", "wheel")))
    assert step(newest, "driver-install").title == "install the NVIDIA driver"
    held = planned(machine(hardware.FEDORA_42, hardware.GTX_1080_TI, groups=("ada", "wheel")))
    assert step(held, "driver-install").title == "install the NVIDIA driver 580"
