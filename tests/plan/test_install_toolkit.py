"""The toolkit part: only when asked, versioned packages without a driver, keys before lists, and honest refusals."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as changed

from cudadoctor.api import install as api_install
from cudadoctor.errors import CudaDoctorError
from cudadoctor.host.local import LocalHost
from cudadoctor.probes.quiet import Quiet
from cudadoctor.remedies.install.planner import plan as pure_plan
from cudadoctor.remedies.install.request import Ground, LocalRepository
from cudadoctor.remedies.plan import AllOf, Exists, Prints, WriteFile, problems
from cudadoctor.versions import CudaVersion
from tests.machines import hardware
from tests.machines.catalogue import CATALOGUE
from tests.machines.parts import Machine, Os

from . import fresh
from .fresh import argv, fetch, ids, machine, planned, step, text

REFERENCE = CATALOGUE["ubuntu1804-gtx1080ti-418-torch14-conda-no-toolkit"].machine
BARE: dict[str, Any] = {
    "words": {"cuda": "10.1", "torch": "1.4.0", "python": "3.7", "manager": "conda"},
    "toolkit": True,
}
FILE = "cuda-repo-ubuntu1804-10-1-local-10.1.105-418.39_1.0-1_amd64.deb"
FOLDER = "/var/cuda-repo-10-1-local-10.1.105-418.39"
REPOSITORY = LocalRepository(
    path=f"/home/ada/{FILE}",
    package="cuda-repo-ubuntu1804-10-1-local-10.1.105-418.39",
    folder=FOLDER,
    key=f"{FOLDER}/7fa2af80.pub",
    sources=("/etc/apt/sources.list.d/cuda-10-1-local-10.1.105-418.39.list",),
    toolkit=CudaVersion(10, 1),
    listed=True,
)


def bare_cuda(plan_words: list[str]) -> list[str]:
    """Names of packages that bring a driver along."""
    return [
        one for one in plan_words if one == "cuda" or one.startswith(("cuda-10", "cuda-12", "cuda-13", "cuda-drivers"))
    ]


def every_word(plan: object) -> list[str]:
    return [word for one in plan.steps for word in getattr(one.action, "argv", ())]  # type: ignore[attr-defined]


def test_torch_alone_needs_none() -> None:
    assert not [one for one in ids(planned(REFERENCE, words={"cuda": "10.1"})) if one.startswith(("toolkit", "shell"))]


def test_the_network_repository_with_its_keyring() -> None:
    plan = planned(REFERENCE, **BARE)
    wanted = ["toolkit-keyring-fetch", "toolkit-keyring", "toolkit-repo-lists", "toolkit-install", "shell-lines"]
    assert ids(plan)[:5] == wanted
    key = fetch(plan, "toolkit-keyring-fetch")
    assert key.url == (
        "https://developer.download.nvidia.com/compute/cuda/repos/ubuntu1804/x86_64/cuda-keyring_1.0-1_all.deb"
    )
    assert argv(plan, "toolkit-keyring") == ("dpkg", "-i", key.path)
    assert argv(plan, "toolkit-install")[-1] == "cuda-toolkit-10-1"
    assert bare_cuda(every_word(plan)) == []
    assert step(plan, "toolkit-install").done_when == AllOf(
        conditions=(
            Prints(argv=("dpkg-query", "-W", "-f", "${db:Status-Status}", "cuda-toolkit-10-1"), text="installed"),
            Exists(path="/usr/local/cuda-10.1/bin/nvcc", what="executable"),
        )
    )
    # the lists are not read again for what is there
    assert step(plan, "toolkit-repo-lists").done_when == step(plan, "toolkit-install").done_when


def test_the_lines_for_the_shell_are_there_before_conda_writes_into_the_same_file() -> None:
    one = replace(REFERENCE, envs=())
    plan = planned(one, **BARE)
    order = ids(plan)
    assert order.index("shell-lines") < order.index("conda-init")
    action = step(plan, "shell-lines").action
    assert isinstance(action, WriteFile)
    assert action.path == "/home/ada/.bashrc"
    assert "CUDA_HOME='/usr/local/cuda-10.1'" in action.text
    assert action.before not in (None, "")
    assert planned(one, **BARE, shell_lines=False).step("shell-lines") is None


def test_that_the_lines_are_in_is_seen_by_the_line_itself(tmp_path: Path) -> None:
    plan = planned(REFERENCE, **BARE)
    condition = fresh.prints(step(plan, "shell-lines").done_when)
    file = tmp_path / "bashrc"
    for content, code in (("", 1), (text(plan, "shell-lines") + "# >>> conda initialize >>>\n", 0)):
        file.write_text(content)
        done = subprocess.run([*condition.argv[:-1], str(file)], check=False)
        assert done.returncode == code


def test_from_a_downloaded_repository() -> None:
    plan = pure_plan(
        fresh.facts_of(REFERENCE.name),
        fresh.asked(**BARE, local_repo=REPOSITORY.path),
        home="/home/ada",
        ground=Ground(repository=REPOSITORY),
    )
    assert list(problems(plan)) == []
    assert ids(plan)[:5] == ["toolkit-local", "toolkit-key", "toolkit-source", "toolkit-lists", "toolkit-install"]
    assert argv(plan, "toolkit-local") == ("dpkg", "-i", REPOSITORY.path)
    ring = "/usr/share/keyrings/cuda-repo-10-1-local-10.1.105-418.39.asc"
    assert argv(plan, "toolkit-key") == ("install", "-m", "0644", f"{FOLDER}/7fa2af80.pub", ring)
    assert step(plan, "toolkit-key").makes == (ring,)
    source = step(plan, "toolkit-source").action
    assert isinstance(source, WriteFile)
    assert source.path == REPOSITORY.sources[0]
    assert source.text == f"deb [signed-by={ring}] file://{FOLDER} /\n"
    assert source.needs_root
    assert argv(plan, "toolkit-install")[-1] == "cuda-toolkit-10-1"
    assert bare_cuda(every_word(plan)) == []
    assert not [word for word in every_word(plan) if word == "apt-key"]
    chain = ids(plan)[:5]
    assert [step(plan, one).needs for one in chain[1:]] == [(one,) for one in chain[:-1]]
    undone = step(plan, "toolkit-local").undo
    assert [one.argv for one in undone] == [("dpkg", "--purge", REPOSITORY.package)]


def test_the_repository_and_cuda_must_be_one() -> None:
    with pytest.raises(CudaDoctorError, match=r"is for CUDA 10\.1, and --cuda asks for 11\.3"):
        pure_plan(
            fresh.facts_of(REFERENCE.name),
            fresh.asked(words={"cuda": "11.3", "manager": "conda"}, toolkit=True, local_repo=REPOSITORY.path),
            home="/home/ada",
            ground=Ground(repository=REPOSITORY),
        )


def test_ampere_on_2204_cannot_have_10_1_and_gets_what_works() -> None:
    plan = planned(CATALOGUE["ubuntu2204-rtx3090-535-torch23"].machine, words={"cuda": "10.1"}, toolkit=True)
    assert plan.impossible is not None
    assert "do not support this GPU" in plan.impossible
    assert "sm_86" in plan.impossible
    assert "NVIDIA has no packages of CUDA 10.1 for Ubuntu 22.04: they are for 16.04 and 18.04" in plan.impossible
    assert "with CUDA 12.6" in plan.title
    assert argv(plan, "toolkit-install")[-1] == "cuda-toolkit-12-6"
    assert "torch==2.14.0" in argv(plan, "torch-install")


def test_a_gpu_of_then_on_2204_has_torch_for_10_1_and_no_toolkit() -> None:
    plan = planned(machine(hardware.UBUNTU_2204, hardware.GTX_1080_TI), words={"cuda": "10.1"}, toolkit=True)
    assert plan.impossible == "NVIDIA has no packages of CUDA 10.1 for Ubuntu 22.04: they are for 16.04 and 18.04"
    assert "with CUDA 10.1" in plan.title
    assert "toolkit-install" not in ids(plan)
    assert any("brings its own CUDA" in note for note in plan.notes)


def test_an_older_compiler_stands_beside_the_systems() -> None:
    """22.04's gcc 11 is too new for nvcc of 11.3, and gcc 10 is among its packages."""
    one = replace(machine(hardware.UBUNTU_2404, hardware.RTX_3090))
    plan = planned(one, words={"cuda": "11.8", "manager": "conda"}, toolkit=True)
    assert plan.impossible is not None  # 24.04 has no packages of 11.8
    jammy = planned(machine(hardware.UBUNTU_2204, hardware.RTX_3090), words={"cuda": "11.8"}, toolkit=True)
    assert "compiler" not in ids(jammy)  # gcc 11 is what 11.8 takes
    newest = replace(hardware.UBUNTU_2204, gcc="12.3.0")
    plan = planned(machine(newest, hardware.RTX_3090), words={"cuda": "11.8"}, toolkit=True)
    assert argv(plan, "compiler")[-2:] == ("gcc-11", "g++-11")
    assert any("NVCC_CCBIN=/usr/bin/g++-11" in note for note in plan.notes)
    assert "update-alternatives" not in every_word(plan)


def test_without_any_compiler_one_is_installed() -> None:
    plan = planned(machine(hardware.UBUNTU_2204, hardware.RTX_3090, compiler=False), toolkit=True)
    assert argv(plan, "compiler")[-1] == "g++"


def test_old_entries_are_switched_off_before_the_lists_are_read() -> None:
    old = "deb https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2204/x86_64/ /\n# mine\n"
    one = machine(hardware.UBUNTU_2204, hardware.RTX_3090, files={"/etc/apt/sources.list.d/cuda.list": old})
    plan = planned(one, words={"cuda": "12.6"}, toolkit=True)
    action = step(plan, "toolkit-old-source-1").action
    assert isinstance(action, WriteFile)
    assert action.text == f"# {old}"
    assert action.needs_root
    assert "toolkit-old-source-1" in step(plan, "toolkit-repo-lists").needs


def test_rhel_and_fedora_by_dnf() -> None:
    plan = planned(machine(fresh.RHEL_9, hardware.RTX_3090, groups=("ada", "wheel")), toolkit=True, driver=False)
    assert argv(plan, "toolkit-install") == ("dnf", "install", "-y", "cuda-toolkit-12-8")
    fedora = planned(machine(hardware.FEDORA_42, groups=("ada", "wheel")), words={"cuda": "12.9", "manager": "conda"},
                     toolkit=True)  # fmt: skip
    assert argv(fedora, "toolkit-repo")[:3] == ("dnf", "config-manager", "addrepo")


def test_no_root_no_toolkit_but_words() -> None:
    plan = planned(machine(hardware.UBUNTU_2404, hardware.RTX_3090, groups=("ada",)), toolkit=True)
    told = text(plan, "toolkit-ask")
    assert "cuda-toolkit-13-2" in told
    assert "cuda-keyring" in told
    assert not [one.id for one in plan.steps if one.needs_root]
    assert any("without root" in note for note in plan.notes)


def test_on_a_jetson_it_is_a_part_of_jetpack() -> None:
    plan = planned(CATALOGUE["jetson-orin-jp6-540-torch25"].machine, toolkit=True)
    assert plan.impossible is not None
    assert ids(plan) == ["jetson"]


def test_one_that_is_here_is_not_installed_again() -> None:
    plan = planned(CATALOGUE["ubuntu1804-gtx1080ti-418-torch14-conda"].machine, words={"cuda": "10.1"}, toolkit=True)
    assert not [one for one in ids(plan) if one.startswith(("toolkit", "shell"))]  # and it is on PATH already
    assert any("is installed already in /usr/local/cuda-10.1" in note for note in plan.notes)


def test_beside_a_torch_for_the_cpu_it_is_the_one_that_was_named() -> None:
    plan = planned(machine(hardware.UBUNTU_2404), words={"cuda": "12.6", "manager": "conda"}, toolkit=True)
    assert plan.impossible is not None  # conda has no build for 12.6
    assert argv(plan, "toolkit-install")[-1] == "cuda-toolkit-12-6"


def test_a_toolkit_for_no_cuda_is_asked_back() -> None:
    with pytest.raises(CudaDoctorError, match="name it with --cuda"):
        planned(machine(hardware.UBUNTU_2404), toolkit=True)
    with pytest.raises(CudaDoctorError, match="--toolkit with --cuda cpu"):
        planned(machine(hardware.UBUNTU_2404), words={"cuda": "cpu"}, toolkit=True)


def test_as_published_shows_its_traps_and_installs_what_was_printed() -> None:
    one = replace(REFERENCE, envs=())
    plan = planned(one, words={"cuda": "10.1"}, as_published=True, conda="anaconda=2019.10")
    assert fetch(plan, "toolkit-local-fetch").url.endswith(FILE)
    assert argv(plan, "toolkit-key") == ("apt-key", "add", f"{FOLDER}/7fa2af80.pub")
    assert argv(plan, "toolkit-install")[-1] == "cuda"
    assert argv(plan, "env-make") == (
        "/home/ada/anaconda3/bin/conda", "create", "-y", "-p", "/home/ada/anaconda3/envs/torch",
    )  # fmt: skip
    assert argv(plan, "torch-install") == (
        "/home/ada/anaconda3/bin/conda", "install", "-y", "-p", "/home/ada/anaconda3/envs/torch", "pytorch",
        "torchvision", "cudatoolkit=10.1", "-c", "pytorch",
    )  # fmt: skip
    notes = "\n".join(plan.notes)
    for word in ("NO_PUBKEY", "apt-key", "driver along", "no reboot", "today's solvers pick CPU builds", "7fa2af80"):
        assert word in notes, word
    order = ids(plan)
    chain = ["toolkit-local-fetch", "toolkit-local", "toolkit-key", "toolkit-lists", "toolkit-install"]
    assert order[:5] == chain
    assert [step(plan, one).needs for one in chain[1:]] == [(one,) for one in chain[:-1]]
    assert "conda-auto-activate" in order


def test_as_published_on_a_system_without_apt_key() -> None:
    facts = fresh.facts_of(REFERENCE.name)
    assert facts.os is not None
    trixie = changed(facts, os=changed(facts.os, id="debian", id_like=(), version_id="13"))
    plan = pure_plan(
        trixie,
        fresh.asked(words={"cuda": "10.1"}, as_published=True, local_repo=REPOSITORY.path),
        home="/home/ada",
        ground=Ground(repository=REPOSITORY),
    )
    assert any("there is no apt-key on this system" in note for note in plan.notes)


def test_what_a_repository_package_holds_is_read_from_it(tmp_path: Path) -> None:
    """A real package, listed by the real dpkg-deb."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not here: what is in a package cannot be listed")
    tree = tmp_path / "tree"
    folder = tree / "var/cuda-repo-10-1-local-10.1.999-418.99"
    for path in (folder, tree / "etc/apt/sources.list.d", tree / "DEBIAN"):
        path.mkdir(parents=True)
    (folder / "deadbeef.pub").write_text("key")
    (folder / "Packages").write_text("")
    (tree / "etc/apt/sources.list.d/cuda-10-1-local.list").write_text("deb file:///var/x /\n")
    (tree / "DEBIAN/control").write_text(
        "Package: cuda-repo-ubuntu1804-10-1-local-10.1.999-418.99\nVersion: 1.0-1\nArchitecture: all\n"
        "Maintainer: x <x@example.org>\nDescription: x\n"
    )
    file = tmp_path / "my copy.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", str(tree), str(file)], check=True, capture_output=True)
    found = api_install._repository(Quiet(LocalHost()), str(file))
    assert found == LocalRepository(
        path=str(file),
        package="cuda-repo-ubuntu1804-10-1-local-10.1.999-418.99",
        folder="/var/cuda-repo-10-1-local-10.1.999-418.99",
        key="/var/cuda-repo-10-1-local-10.1.999-418.99/deadbeef.pub",
        sources=("/etc/apt/sources.list.d/cuda-10-1-local.list",),
        toolkit=CudaVersion(10, 1),
        listed=True,
    )
    other = tmp_path / "other.deb"
    other.write_bytes(b"no package")
    with pytest.raises(CudaDoctorError, match="cannot be read as a package"):
        api_install._repository(Quiet(LocalHost()), str(other))


def test_a_known_name_is_enough_where_the_package_cannot_be_listed() -> None:
    one: Machine = replace(REFERENCE, files={f"/home/ada/{FILE}": "x"})
    plan = planned(one, **BARE, local_repo=f"/home/ada/{FILE}")
    assert argv(plan, "toolkit-key")[3] == f"{FOLDER}/7fa2af80.pub"
    with pytest.raises(CudaDoctorError, match="there is no such file"):
        planned(REFERENCE, **BARE, local_repo="/home/ada/gone.deb")


AMAZON_2023 = replace(
    hardware.FEDORA_42, id="amzn", id_like="fedora", version_id="2023", pretty="Amazon Linux 2023", glibc="2.34"
)
AMAZON_2 = replace(AMAZON_2023, id_like="centos rhel fedora", version_id="2", pretty="Amazon Linux 2", glibc="2.26")


@pytest.mark.parametrize(
    "os",
    [
        AMAZON_2,
        replace(fresh.RHEL_9, version_id="8.10", arch="ppc64le", kernel="4.18.0-553.el8.ppc64le"),
        replace(hardware.FEDORA_42, arch="aarch64"),
        replace(fresh.DEBIAN_13, arch="aarch64"),
    ],
)
def test_packages_of_another_release_or_machine_are_never_taken(os: Os) -> None:
    plan = planned(machine(os, groups=("ada", "wheel", "sudo")), words={"cuda": "12.4", "manager": "conda"},
                   toolkit=True)  # fmt: skip
    assert re.search("is in no table here|NVIDIA has no packages", plan.impossible or "")
    assert not [one for one in ids(plan) if one.startswith("toolkit")]


def test_a_release_whose_compiler_is_too_new_for_nvcc_has_no_packages() -> None:
    words = {"cuda": "10.1", "manager": "conda"}
    old = planned(machine(hardware.DEBIAN_12, groups=("ada", "sudo")), words=words, toolkit=True)
    assert "its nvcc takes gcc up to 8, and this release's own is 12" in (old.impossible or "")
    assert "toolkit-install" not in ids(old)
    new = planned(machine(hardware.DEBIAN_12, groups=("ada", "sudo")), words={**words, "cuda": "12.9"}, toolkit=True)
    assert "toolkit-install" in ids(new)


def test_a_relative_of_rhel_has_the_repository_of_its_release() -> None:
    relative = replace(fresh.RHEL_9, id="almalinux", id_like="rhel fedora centos", version_id="8.9")
    plan = planned(machine(relative, groups=("ada", "wheel")), words={"cuda": "12.4", "manager": "conda"},
                   toolkit=True)  # fmt: skip
    assert argv(plan, "toolkit-repo")[-1].endswith("/rhel8/x86_64/cuda-rhel8.repo")

    unheard = replace(relative, id="unheardof")  # ID_LIKE alone is no promise of the same glibc and kernel
    plan = planned(machine(unheard, groups=("ada", "wheel")), words={"cuda": "12.4", "manager": "conda"},
                   toolkit=True)  # fmt: skip
    assert "in no table here" in (plan.impossible or "")


LEAP = replace(
    fresh.RHEL_9, id="opensuse-leap", version_id="15.6", id_like="suse opensuse", pretty="openSUSE Leap 15.6"
)
ARCH = replace(fresh.RHEL_9, id="arch", version_id="", id_like="", pretty="Arch Linux", kernel="6.17.1-arch1-1")
MINT = replace(
    hardware.UBUNTU_2404, id="linuxmint", version_id="22.2", id_like="ubuntu debian", pretty="Linux Mint 22.2"
)


@pytest.mark.parametrize(
    ("os", "program", "package", "host"),
    [
        (AMAZON_2023, "dnf", "cuda-toolkit-13-0", "amzn2023/x86_64"),
        (LEAP, "zypper", "cuda-toolkit-13-0", "opensuse15/x86_64"),
        (MINT, "apt-get", "cuda-toolkit-13-0", "ubuntu2404/x86_64"),
    ],
)
def test_each_distribution_has_its_repository(os: Os, program: str, package: str, host: str) -> None:
    plan = planned(
        machine(os, groups=("ada", "wheel", "sudo")), words={"cuda": "13.0", "manager": "conda"}, toolkit=True
    )
    assert plan.impossible is None
    assert program in argv(plan, "toolkit-install")
    assert argv(plan, "toolkit-install")[-1] == package
    words = [word for one in plan.steps for word in (*getattr(one.action, "argv", ()), getattr(one.action, "url", ""))]
    assert any(host in word for word in words)
    assert "apt" not in step(plan, "toolkit-install").network or program == "apt-get"


def test_arch_has_one_toolkit() -> None:
    plan = planned(machine(ARCH, groups=("ada", "wheel")), words={"cuda": "13.0", "manager": "conda"}, toolkit=True)
    assert argv(plan, "toolkit-install")[-1] == "cuda"
    assert any("newest CUDA 13" in note for note in plan.notes)
    old = planned(machine(ARCH, groups=("ada", "wheel")), words={"cuda": "11.8", "manager": "conda"}, toolkit=True)
    assert "packages the newest CUDA 13 only" in (old.impossible or "")


def test_a_compiler_of_rhel_that_there_is() -> None:
    ten = replace(fresh.RHEL_9, version_id="10.0", gcc="14.2.1")
    plan = planned(machine(ten, groups=("ada", "wheel")), words={"cuda": "12.6", "manager": "conda"}, toolkit=True)
    assert step(plan, "compiler").manual  # RHEL 10 has no gcc-toolset-13
    nine = replace(fresh.RHEL_9, gcc="15.1.1")
    plan = planned(machine(nine, groups=("ada", "wheel")), words={"cuda": "12.8", "manager": "conda"}, toolkit=True)
    assert argv(plan, "compiler")[-1] == "gcc-toolset-14"


def test_arm_servers_have_packages_from_11_0_on() -> None:
    arm = replace(hardware.UBUNTU_2404_ARM, version_id="18.04")
    plan = planned(machine(arm, hardware.GH200), words={"cuda": "10.1", "manager": "conda"}, toolkit=True)
    assert "ARM servers: they begin with 11.0" in (plan.impossible or "")


@pytest.mark.parametrize(
    "url", ["http://mirror.example/simple", "http://localhost.evil.example/x", "http://127.0.0.1.x"]
)
def test_nothing_comes_over_http(url: str) -> None:
    with pytest.raises(CudaDoctorError, match="use https"):
        planned(machine(hardware.UBUNTU_2404), words={"manager": "pip"}, index_url=url)
    with pytest.raises(CudaDoctorError, match="use https"):
        planned(machine(hardware.UBUNTU_2404), channels=(url,))
    here = planned(machine(hardware.UBUNTU_2404), words={"manager": "pip"}, index_url="http://localhost:3141/simple")
    assert "http://localhost:3141/simple" in argv(here, "torch-install")
