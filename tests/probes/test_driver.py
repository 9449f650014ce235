"""The kernel driver and its libraries."""

from __future__ import annotations

import pytest

from cudadoctor.facts.driver import DriverFacts
from cudadoctor.host.base import Denied, Failed, Refusal
from cudadoctor.parsers import ldconfig
from cudadoctor.probes import driver
from cudadoctor.probes.base import Clock, Request

from .fake import FakeHost, ended, identity

KERNEL = "6.8.0-50-generic"
LIB = "/usr/lib/x86_64-linux-gnu"
PROC_CLOSED = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\n"
PROC_OPEN = (
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (builder)  Jul 27 2025\n"
)


def probe(**given: object) -> DriverFacts:
    found = driver.probe(FakeHost(**given), Request(), Clock(60))  # type: ignore[arg-type]
    assert found.value is not None
    return found.value


def libraries(version: str, folder: str = LIB) -> tuple[dict[str, str], dict[str, str]]:
    """Files and links of the two libraries, as packages install them."""
    names = ("libnvidia-ml.so", "libcuda.so")
    files = {f"{folder}/{name}.{version}": "ELF" for name in names}
    links = {f"{folder}/{name}.1": f"{name}.{version}" for name in names}
    return files, links


def modules(*names: str) -> dict[str, str]:
    return {f"/sys/module/{name}/initstate": "live\n" for name in ("nvme", *names)}


def test_a_loaded_driver() -> None:
    files, links = libraries("550.54.14")
    found = probe(
        files={
            **files,
            **modules("nvidia", "nvidia_uvm"),
            "/sys/module/nvidia/version": "550.54.14\n",
            "/proc/driver/nvidia/version": PROC_CLOSED,
            f"/lib/modules/{KERNEL}/updates/dkms/nvidia.ko.zst": "",
            f"/lib/modules/{KERNEL}/updates/dkms/nvidia-uvm.ko.zst": "",
        },
        links=links,
    )
    assert (found.loaded, str(found.version), found.module, found.uvm_loaded) == (
        True,
        "550.54.14",
        "proprietary",
        True,
    )
    assert str(found.library_version) == "550.54.14"
    assert found.library_seen is not None
    assert found.library_seen.where == f"{LIB}/libnvidia-ml.so.1"
    assert found.module_files == (f"/lib/modules/{KERNEL}/updates/dkms/nvidia.ko.zst",)
    assert (found.installed, found.other_modules, found.cuda_version) == (True, (), None)
    assert found.seen is not None
    assert found.seen.where == "/sys/module/nvidia/version"


def test_the_open_module_and_the_version_of_proc_alone() -> None:
    found = probe(files={**modules("nvidia"), "/proc/driver/nvidia/version": PROC_OPEN})
    assert (found.loaded, str(found.version), found.module, found.uvm_loaded) == (True, "580.65.06", "open", False)


def test_a_machine_without_any_of_it() -> None:
    found = driver.probe(FakeHost(files=modules()), Request(), Clock(60))
    assert found.value is not None
    assert (found.value.loaded, found.value.installed, found.value.version, found.value.module) == (
        False,
        False,
        None,
        None,
    )
    assert (found.value.module_files, found.value.library_version, found.value.uvm_loaded) == (None, None, False)
    assert found.gaps == ()


def test_installed_and_not_loaded_with_no_folder_of_the_kernel() -> None:
    files, links = libraries("550.54.14")
    found = driver.probe(FakeHost(files={**files, **modules()}, links=links), Request(), Clock(60))
    assert found.value is not None
    assert (found.value.loaded, found.value.installed) == (False, True)
    assert [gap.fact for gap in found.gaps] == ["driver.module_files"]


def test_no_module_was_built_for_the_running_kernel() -> None:
    found = probe(
        files={
            **modules("nouveau"),
            f"/lib/modules/{KERNEL}/modules.dep": "",
            "/lib/modules/6.8.0-49-generic/updates/dkms/nvidia.ko": "",
            "/usr/src/nvidia-550.54.14/dkms.conf": "",
        }
    )
    assert (found.loaded, found.module_files, found.installed, found.other_modules) == (False, (), True, ("nouveau",))


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("updates/dkms/nvidia.ko", True),
        ("updates/dkms/nvidia-current.ko", True),
        ("updates/dkms/nvidia-tesla-470.ko.xz", True),
        ("updates/dkms/nvidia_390.ko", True),
        ("extra/nvidia/nvidia.ko.xz", True),
        ("extra/drivers/video/nvidia/nvidia.ko", True),
        ("weak-updates/nvidia/nvidia.ko.gz", True),
        ("extramodules/nvidia.ko.zst", True),
        ("kernel/nvidia-550/nvidia.ko", True),
        ("kernel/drivers/video/nvidia.ko", True),
        ("kernel/drivers/video/fbdev/nvidia/nvidiafb.ko", False),
        ("updates/dkms/nvidia-uvm.ko", False),
        ("updates/dkms/nvidia-current-drm.ko", False),
        ("kernel/drivers/platform/x86/nvidia-wmi-ec-backlight.ko", False),
        ("updates/dkms/nvidia.ko.bak", False),
    ],
)
def test_files_of_the_module(path: str, counts: bool) -> None:
    full = f"/lib/modules/{KERNEL}/{path}"
    assert probe(files={**modules(), full: ""}).module_files == ((full,) if counts else ())


def test_modules_by_proc_where_sys_has_none() -> None:
    found = probe(files={"/proc/modules": "nvidia_uvm 1 0 - Live 0x0\nnvidia 2 1 nvidia_uvm, Live 0x0\n"})
    assert (found.loaded, found.uvm_loaded) == (True, True)


def test_a_sandbox_that_shows_no_modules() -> None:
    found = driver.probe(FakeHost(), Request(), Clock(60))
    assert found.value is not None
    assert (found.value.loaded, found.value.uvm_loaded, found.value.installed) == (None, None, False)
    assert [gap.fact for gap in found.gaps] == ["driver.loaded"]


def test_wsl_has_a_device_and_no_module() -> None:
    who = identity(kernel="5.15.167.4-microsoft-standard-WSL2")
    files: dict[str, str] = {**modules(), "/usr/lib/wsl/lib/libcuda.so.1": "", "/usr/lib/wsl/lib/nvidia-smi": ""}
    found = probe(files=files, nodes={"/dev/dxg": (0o666, 0, 0, 0)}, who=who)
    assert (found.loaded, found.version, found.uvm_loaded, found.installed) == (True, None, None, True)
    assert found.library_version is None
    assert found.module_files is None
    without = driver.probe(FakeHost(files=files, who=who), Request(), Clock(60))
    assert without.value is not None
    assert (without.value.loaded, without.gaps) == (False, ())


def test_a_jetson_has_another_module() -> None:
    who = identity(kernel="5.15.148-tegra", machine="aarch64")
    assert probe(files=modules("nvgpu"), who=who).loaded is True
    assert probe(files=modules(), who=who).loaded is None


def test_the_library_that_the_loader_takes_decides() -> None:
    old_files, old_links = libraries("535.183.01", "/opt/old")
    files, links = libraries("550.54.14")
    everything = {"files": {**files, **old_files, **modules()}, "links": {**links, **old_links}}
    assert str(probe(**everything).library_version) == "550.54.14"
    assert str(probe(**everything, env={"LD_LIBRARY_PATH": "relative::/opt/old"}).library_version) == "535.183.01"
    cache = (
        "2 libs found in cache `/etc/ld.so.cache'\n"
        "\tlibnvidia-ml.so.1 (libc6) => /usr/lib/i386-linux-gnu/libnvidia-ml.so.1\n"
        "\tlibnvidia-ml.so.1 (libc6,x86-64) => /opt/old/libnvidia-ml.so.1\n"
    )
    assert str(probe(**everything, programs={"/sbin/ldconfig": ended(cache)}).library_version) == "535.183.01"


def test_compat_and_stub_libraries_are_not_the_drivers() -> None:
    compat_files, compat_links = libraries("570.26", "/usr/local/cuda-12.8/compat")
    stub = "/usr/local/cuda/lib64/stubs/libcuda.so.1"
    given = {
        "files": {**compat_files, **modules(), stub: ""},
        "links": compat_links,
        "env": {"LD_LIBRARY_PATH": "/usr/local/cuda-12.8/compat:/usr/local/cuda/lib64/stubs"},
    }
    found = probe(**given)
    assert (found.library_version, found.library_seen, found.installed) == (None, None, False)


def test_a_library_whose_name_tells_no_version_gives_none() -> None:
    files, links = libraries("550.54.14")
    found = probe(
        files={**files, **modules(), "/opt/x/libnvidia-ml.so.1": "", "/opt/x/libcuda.so.1": ""},
        links=links,
        env={"LD_LIBRARY_PATH": "/opt/x"},
    )
    assert found.library_version is None


@pytest.mark.parametrize("refusal", [Failed("ldconfig"), Denied("ldconfig")])
def test_without_ldconfig_the_usual_places_are_looked_at(refusal: Refusal) -> None:
    files, links = libraries("550.54.14", "/usr/lib64")
    found = probe(files={**files, **modules()}, links=links, programs={"/sbin/ldconfig": refusal})
    assert str(found.library_version) == "550.54.14"


def test_a_host_that_does_not_tell_its_kernel() -> None:
    found = probe(files=modules(), who=Failed("identity"))
    assert (found.module_files, found.loaded) == (None, False)


def test_nvidia_smi_alone_counts_as_installed() -> None:
    assert probe(files=modules(), programs={"/usr/bin/nvidia-smi": ended()}).installed is True


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("\tlibcuda.so.1 (libc6,x86-64) => /lib/libcuda.so.1", ("libcuda.so.1", "/lib/libcuda.so.1", True)),
        ("\tlibcuda.so.1 (libc6) => /lib32/libcuda.so.1", ("libcuda.so.1", "/lib32/libcuda.so.1", False)),
        (
            "\tlibc.so.6 (libc6,x86-64, hwcap: 0x1, OS ABI: Linux 3.2.0) => /lib/libc.so.6",
            ("libc.so.6", "/lib/libc.so.6", True),
        ),
        ("12 libs found in cache `/etc/ld.so.cache'", None),
        ("Cache generated by: ldconfig (GNU libc) stable release version 2.39", None),
        ("\tlibcuda.so.1 (libc6,x86-64) => relative", None),
        ("", None),
    ],
)
def test_lines_of_the_cache(line: str, expected: tuple[str, str, bool] | None) -> None:
    entries = ldconfig.parse(line)
    assert [(one.soname, one.path, one.serves("x86_64")) for one in entries] == ([expected] if expected else [])


def test_a_machine_whose_flag_is_not_known_takes_every_library() -> None:
    (entry,) = ldconfig.parse("\tlibcuda.so.1 (libc6) => /lib/libcuda.so.1")
    assert entry.serves("riscv64")
