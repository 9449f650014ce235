"""Toolkits on disk, by the places and forms in which they come."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cudadoctor.facts.toolkit import ToolkitFacts, ToolkitInventory
from cudadoctor.host.base import Completed, Host
from cudadoctor.host.local import LocalHost
from cudadoctor.probes import toolkit
from cudadoctor.probes.base import Clock, Request
from cudadoctor.versions import ToolkitVersion
from tests.machines.tree import Call, hangs, prints
from tests.probes.disk import BIN, ELF, HOME, machine

GUARD = "#if defined(__GNUC__)\n#if __GNUC__ > {}\n#error no\n#endif\n#endif\n"
NVCC = "nvcc: NVIDIA (R) Cuda compiler driver\nCuda compilation tools, release 12.4, V12.4.131\n"


def look(host: Host) -> ToolkitInventory:
    found = toolkit.probe(host, Request(), Clock(60))
    assert found.value is not None
    return found.value


def nvidia(root: str, version: str = "10.1.243", gcc: int = 8) -> dict[str, str | bytes]:
    return {
        f"{root}/version.txt": f"CUDA Version {version}\n",
        f"{root}/bin/nvcc": ELF,
        f"{root}/include/crt/host_config.h": GUARD.format(gcc),
        f"{root}/lib64/libcudart.so": ELF,
    }


def executable(files: dict[str, str | bytes]) -> dict[str, int]:
    return {path: 0o755 for path in files if "/bin/" in path}


def one(inventory: ToolkitInventory) -> ToolkitFacts:
    assert len(inventory.toolkits) == 1
    return inventory.toolkits[0]


def test_nothing() -> None:
    assert look(machine()) == ToolkitInventory()


def test_the_link_and_its_target_are_one_toolkit() -> None:
    files = nvidia("/usr/local/cuda-10.1")
    found = look(machine(files, links={"/usr/local/cuda": "/usr/local/cuda-10.1"}, modes=executable(files)))
    facts = one(found)
    assert (facts.root, facts.real_root) == ("/usr/local/cuda-10.1", "/usr/local/cuda-10.1")
    assert (facts.version, facts.gcc_max, facts.origin) == (ToolkitVersion(10, 1, 243), 8, "nvidia")
    assert facts.nvcc == "/usr/local/cuda-10.1/bin/nvcc"
    assert [(link.path, link.resolved) for link in found.links] == [("/usr/local/cuda", "/usr/local/cuda-10.1")]
    assert found.nvcc_on_path is None


def test_a_dangling_link() -> None:
    found = look(machine(links={"/usr/local/cuda": "/usr/local/cuda-9.9"}))
    assert found.toolkits == ()
    assert [(link.path, link.target, link.resolved) for link in found.links] == [
        ("/usr/local/cuda", "/usr/local/cuda-9.9", None)
    ]


def test_a_chain_of_links_as_update_alternatives_makes_it() -> None:
    files = nvidia("/usr/local/cuda-12.4")
    links = {"/usr/local/cuda": "/etc/alternatives/cuda", "/etc/alternatives/cuda": "/usr/local/cuda-12.4"}
    found = look(machine(files, links=links))
    assert found.links[0].resolved == "/usr/local/cuda-12.4"
    assert one(found).root == "/usr/local/cuda-12.4"


@pytest.mark.parametrize(
    ("file", "content", "version"),
    [
        ("version.json", json.dumps({"cuda": {"version": "12.1.1"}}), ToolkitVersion(12, 1, 1)),
        ("version.txt", "CUDA Version 9.0.176\n", ToolkitVersion(9, 0, 176)),
        ("include/cuda.h", "/* */\n" * 3000 + "#define CUDA_VERSION 13000\n", ToolkitVersion(13, 0)),
        ("targets/x86_64-linux/include/cuda.h", "#define CUDA_VERSION 12060\n", ToolkitVersion(12, 6)),
    ],
)
def test_where_the_version_stands(file: str, content: str, version: ToolkitVersion) -> None:
    host = machine({f"/usr/local/cuda/{file}": content, "/usr/local/cuda/bin/nvcc": ELF})
    facts = one(look(host))
    assert facts.version == version
    assert facts.seen.where == f"/usr/local/cuda/{file}"


def test_nvcc_is_run_only_where_no_file_tells() -> None:
    asked: list[tuple[str, ...]] = []

    def nvcc(call: Call) -> Completed:
        asked.append(call.argv)
        return prints(NVCC)(call)

    bare = {"/opt/cuda/bin/nvcc": nvcc}
    assert one(look(machine(programs=bare))).version == ToolkitVersion(12, 4, 131)
    assert asked == [("/opt/cuda/bin/nvcc", "--version")]
    one(look(machine({"/opt/cuda/version.txt": "CUDA Version 9.0.176"}, programs=bare)))
    assert len(asked) == 1


def test_a_version_that_cannot_be_known_is_a_gap() -> None:
    found = toolkit.probe(machine(programs={"/opt/cuda/bin/nvcc": hangs()}), Request(), Clock(60))
    assert found.value is not None
    assert one(found.value).version is None
    assert [gap.fact for gap in found.gaps] == ["toolkit.version"]


def test_a_runtime_without_compiler() -> None:
    host = machine({"/usr/local/cuda-12.1/targets/x86_64-linux/lib/libcudart.so.12.1.105": ELF})
    facts = one(look(host))
    assert (facts.version, facts.nvcc) == (ToolkitVersion(12, 1), None)


def test_directories_that_are_no_toolkit() -> None:
    assert look(machine({"/usr/local/cuda-samples/README": "", "~/cuda-notes/a.txt": ""})).toolkits == ()


@pytest.mark.parametrize(
    "header", ["include/crt/host_config.h", "include/host_config.h", "targets/sbsa-linux/include/crt/host_config.h"]
)
def test_where_the_host_compiler_limit_stands(header: str) -> None:
    host = machine({f"/usr/local/cuda/{header}": GUARD.format(7), "/usr/local/cuda/version.txt": "CUDA Version 9.2.88"})
    assert one(look(host)).gcc_max == 7


WRAPPER = '#!/bin/sh\n# not /opt/old/bin/nvcc\nexec /usr/local/cuda-10.1/bin/nvcc "$@"\n'


def test_nvcc_on_path_through_a_wrapper_script() -> None:
    files = nvidia("/usr/local/cuda-10.1") | {"/usr/local/bin/nvcc": WRAPPER}
    found = look(machine(files, modes=executable(files)))
    assert (found.nvcc_on_path, found.nvcc_on_path_root) == ("/usr/local/bin/nvcc", "/usr/local/cuda-10.1")
    assert len(found.toolkits) == 1


def test_nvcc_on_path_through_a_link() -> None:
    files = nvidia("/usr/local/cuda-10.1")
    links = {"/usr/local/bin/nvcc": "/etc/alternatives/nvcc", "/etc/alternatives/nvcc": "/usr/local/cuda-10.1/bin/nvcc"}
    found = look(machine(files, links=links, modes=executable(files)))
    assert found.nvcc_on_path_root == "/usr/local/cuda-10.1"


def test_a_compiler_cache_is_no_nvcc() -> None:
    files = nvidia("/usr/local/cuda-10.1") | {"/usr/bin/ccache": ELF}
    host = machine(
        files,
        links={"/usr/lib/ccache/nvcc": "/usr/bin/ccache"},
        modes=executable(files),
        env={"PATH": f"/usr/lib/ccache:/usr/local/cuda-10.1/bin:{BIN}"},
    )
    assert look(host).nvcc_on_path == "/usr/local/cuda-10.1/bin/nvcc"


def test_a_toolkit_that_only_path_leads_to() -> None:
    files = nvidia("/apps/cuda/11.2", "11.0.3")
    found = look(machine(files, modes=executable(files), env={"PATH": f"/apps/cuda/11.2/bin:{BIN}"}))
    assert (one(found).root, found.nvcc_on_path_root) == ("/apps/cuda/11.2", "/apps/cuda/11.2")


def test_debians_own_package_is_one_toolkit() -> None:
    files: dict[str, str | bytes] = {
        "/usr/bin/nvcc": '#!/bin/sh\n\nexec /usr/lib/nvidia-cuda-toolkit/bin/nvcc "$@"\n',
        "/usr/lib/nvidia-cuda-toolkit/bin/nvcc": ELF,
        "/usr/lib/nvidia-cuda-toolkit/bin/g++": "#!/bin/sh\n",
        "/usr/include/cuda.h": "#define CUDA_VERSION 11080\n",
        "/usr/include/crt/host_config.h": GUARD.format(11),
        "/usr/lib/cuda/nvvm/x": "",
    }
    links = {"/usr/lib/cuda/include/cuda.h": "/usr/include/cuda.h"}
    found = look(machine(files, links=links, modes=executable(files), env={"CUDA_HOME": "/usr"}))
    facts = one(found)
    assert (facts.root, facts.origin, facts.version) == ("/usr/lib/cuda", "distribution", ToolkitVersion(11, 8))
    assert (facts.nvcc, facts.gcc_max) == ("/usr/lib/nvidia-cuda-toolkit/bin/nvcc", 11)
    assert facts.own_compiler
    assert (found.nvcc_on_path, found.nvcc_on_path_root) == ("/usr/bin/nvcc", "/usr/lib/cuda")
    assert found.cuda_home_root == "/usr/lib/cuda"


def test_a_compiler_that_the_user_put_beside_nvcc() -> None:
    files = nvidia("/usr/local/cuda-10.1") | {"/usr/bin/g++-8": ELF}
    assert not one(look(machine(files))).own_compiler
    links = {"/usr/local/cuda-10.1/bin/g++": "/usr/bin/g++-8"}
    assert one(look(machine(files, links=links))).own_compiler


def test_a_conda_environment_with_a_compiler() -> None:
    prefix = f"{HOME}/miniconda3/envs/build"
    files: dict[str, str | bytes] = {
        f"{prefix}/conda-meta/history": "",
        f"{prefix}/bin/nvcc": ELF,
        f"{prefix}/bin/g++": ELF,
        f"{prefix}/targets/x86_64-linux/include/cuda.h": "#define CUDA_VERSION 12040\n",
        f"{prefix}/targets/x86_64-linux/include/crt/host_config.h": GUARD.format(13),
    }
    host = machine(files, modes=executable(files), env={"CONDA_PREFIX": prefix, "PATH": f"{prefix}/bin:{BIN}"})
    facts = one(look(host))
    assert (facts.origin, facts.version, facts.gcc_max) == ("conda", ToolkitVersion(12, 4), 13)
    assert not facts.own_compiler


def test_a_conda_environment_with_libraries_alone_is_no_toolkit() -> None:
    prefix = f"{HOME}/miniconda3"
    files = {f"{prefix}/conda-meta/history": "", f"{prefix}/include/cuda.h": "#define CUDA_VERSION 12040\n"}
    assert look(machine(files, env={"CONDA_PREFIX": prefix})).toolkits == ()


def test_the_hpc_sdk() -> None:
    root = "/opt/nvidia/hpc_sdk/Linux_x86_64/24.1/cuda/12.3"
    assert one(look(machine(nvidia(root, "12.3.52")))).origin == "hpc-sdk"


@pytest.mark.parametrize(
    ("value", "exists", "root"),
    [
        ("/usr/local/cuda-10.1", True, "/usr/local/cuda-10.1"),
        ("/usr/local/cuda", True, "/usr/local/cuda-10.1"),
        ("/usr/local/cuda/", True, "/usr/local/cuda-10.1"),
        ("/usr/local/cuda-9.9", False, None),
        (":/usr/local/cuda-10.1", False, None),
        ("/usr/local", True, None),
        ("/usr/local/cuda-10.1/version.txt", False, None),
    ],
)
def test_cuda_home(value: str, exists: bool, root: str | None) -> None:
    files = nvidia("/usr/local/cuda-10.1")
    host = machine(
        files, links={"/usr/local/cuda": "/usr/local/cuda-10.1"}, env={"CUDA_HOME": value, "CUDA_PATH": "/x"}
    )
    found = look(host)
    assert (found.cuda_home_variable, found.cuda_home) == ("CUDA_HOME", value)
    assert (found.cuda_home_exists, found.cuda_home_root) == (exists, root)


def test_cuda_path_stands_in_for_an_empty_cuda_home() -> None:
    found = look(machine(env={"CUDA_HOME": "", "CUDA_PATH": "/x"}))
    assert (found.cuda_home_variable, found.cuda_home) == ("CUDA_PATH", "/x")


def test_on_a_real_file_system(tmp_path: Path) -> None:
    """The same through the real seam: a root that is not running."""
    root = tmp_path / "usr/local/cuda-11.8"
    (root / "bin").mkdir(parents=True)
    (root / "bin/nvcc").write_bytes(ELF)
    (root / "version.json").write_text('{"cuda": {"version": "11.8.20220929"}}')
    (tmp_path / "usr/local/cuda").symlink_to("/usr/local/cuda-11.8")
    found = look(LocalHost(root=str(tmp_path)))
    assert (one(found).root, one(found).version) == ("/usr/local/cuda-11.8", ToolkitVersion(11, 8))
    assert found.links[0].resolved == "/usr/local/cuda-11.8"
