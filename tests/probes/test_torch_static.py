"""torch and its company as they lie on disk."""

from __future__ import annotations

import pytest

from cudadoctor.facts.envs import EnvFacts, TorchFacts
from cudadoctor.host.local import LocalHost
from cudadoctor.probes import child, envs, torch_static
from cudadoctor.probes.base import Clock, Request
from cudadoctor.probes.quiet import Quiet
from cudadoctor.versions import RuntimeVersion
from tests.machines.tree import Program, hangs, prints
from tests.probes.disk import BIN, HOME, conda_env, info, machine, python, torch, venv

V = "/data/v"
SITE = f"{V}/lib/python3.11/site-packages"
C = "/opt/conda"
CSITE = f"{C}/lib/python3.7/site-packages"


def look(files: dict[str, str], **changes: object) -> EnvFacts:
    """The active environment: a venv where there is a pyvenv.cfg, else conda."""
    _, links = python(V, base="/usr/bin/python3.11")
    env = {"VIRTUAL_ENV": V} if f"{V}/pyvenv.cfg" in files else {"CONDA_PREFIX": C}
    extra = changes.pop("env", {})
    assert isinstance(extra, dict)
    host = machine({"/usr/bin/python3.11": "", **files}, links=links, env={**env, **extra}, **changes)  # type: ignore[arg-type]
    found = envs.probe(host, Request(), Clock(60))
    assert found.value is not None
    assert found.value[0].active
    return found.value[0]


def the_torch(files: dict[str, str], **changes: object) -> TorchFacts:
    facts = look(files, **changes).torch
    assert facts is not None
    return facts


def test_a_wheel() -> None:
    facts = the_torch({**venv(V), **torch(SITE), **info(SITE, "nvidia-cudnn-cu12", "9.1.0.70")})
    assert (facts.version, facts.cuda, facts.build, facts.build_string) == (
        "2.4.0+cu121",
        RuntimeVersion(12, 1),
        "cu121",
        "cu121",
    )
    assert (facts.cudnn, facts.installer, facts.location) == ("9.1.0", "pip", f"{SITE}/torch")
    assert facts.seen.where == f"{SITE}/torch/version.py"
    assert (facts.live.outcome, facts.arch_list) == ("not-asked", None)


@pytest.mark.parametrize(
    ("text", "build"),
    [
        ("__version__ = '2.13.0+cpu'\ncuda = None\nhip = None\n", "cpu"),
        ("__version__ = '2.4.0'\ncuda = None\nhip = '6.2.41133-dd7f95766'\n", "rocm6.2"),
        ("__version__ = '2.5.0'\ncuda = None\nhip = None\nxpu = '20250000'\n", "xpu"),
        ("__version__ = '1.4.0'\ncuda = '10.1'\n", "cu101"),
        ("__version__ = '0.4.1'\ncuda = '9.0.176'\n", "cu90"),
        ("__version__ = '2.1.0+cu118'\n", "cu118"),
        ("__version__ = '2.1.0'\n", None),
    ],
)
def test_what_it_was_built_for(text: str, build: str | None) -> None:
    assert the_torch({**venv(V), **torch(SITE), f"{SITE}/torch/version.py": text}).build == build


def test_none() -> None:
    assert look(venv(V)).torch is None


def test_a_record_without_the_file() -> None:
    facts = the_torch({**venv(V), **info(SITE, "torch", "2.0.1")})
    assert (facts.version, facts.cuda, facts.build) == ("2.0.1", None, None)


def conda(*packages: str, version: str = "1.4.0", cuda: str | None = "10.1") -> dict[str, str]:
    return {
        **conda_env(C, "python-3.7.6-h0371630_2", *packages, channel="pytorch"),
        **torch(CSITE, version, cuda, installer="conda"),
    }


def test_condas_build() -> None:
    env = look(
        conda("pytorch-1.4.0-py3.7_cuda10.1.243_cudnn7.6.3_0", "cudatoolkit-10.1.243-h6bb024c_0", "cpuonly-1.0-0")
    )
    facts = env.torch
    assert facts is not None
    assert (facts.build, facts.cudnn, facts.installer) == ("cu101", "7.6.3", "conda")
    assert facts.build_string == "py3.7_cuda10.1.243_cudnn7.6.3_0"
    assert env.python_version == "3.7.6"
    assert env.packages["pytorch"].channel == "pytorch"
    assert (env.packages["cudatoolkit"].version, env.packages["cpuonly"].version) == ("10.1.243", "1.0")
    assert env.duplicates == ()


def test_pip_put_another_torch_over_condas() -> None:
    files = {**conda("pytorch-1.4.0-py3.7_cuda10.1.243_cudnn7.6.3_0"), **conda_env(C, "numpy-1.18.1-py37_0")}
    for path in [path for path in files if "torch-1.4.0" in path and "site-packages" in path]:
        del files[path]
    files |= torch(CSITE, "1.13.1+cu117", "11.7") | info(CSITE, "numpy", "1.18.1", installer="pip")
    env = look(files)
    assert env.duplicates == ("torch",)
    assert env.torch is not None
    assert (env.torch.build, env.torch.cudnn, env.torch.build_string, env.torch.installer) == (
        "cu117",
        None,
        "cu117",
        "pip",
    )


@pytest.mark.parametrize(
    ("record", "version", "installer", "duplicates"),
    [
        ("numpy-1.18.1-py37_0", "1.18.1", "conda", ()),
        ("numpy-1.18.1-py37_0", "1.18.1", "pip", ()),
        ("numpy-1.18.1-py37_0", "1.21.6", "pip", ("numpy",)),
        ("numpy-1.18.1-py37_0", "1.21.6", "uv", ("numpy",)),
        ("numpy-1.18.1-py37_0", "1.21.6", "conda", ()),
        ("pytorch-1.8.0-cuda112py37_1", "1.4.0", "conda", ()),
    ],
)
def test_duplicates(record: str, version: str, installer: str, duplicates: tuple[str, ...]) -> None:
    files = {**conda(record), **info(CSITE, "numpy", version, installer=installer)}
    assert look(files).duplicates == duplicates


def test_company() -> None:
    site: dict[str, str] = {}
    for name, version in (
        ("numpy", "2.1.0"),
        ("triton", "3.0.0"),
        ("nvidia-cublas-cu12", "12.1.3.1"),
        ("requests", "2.0"),
    ):
        site |= info(SITE, name, version)
    site |= info(SITE, "torchvision", "0.19.0+cu121", requires=("numpy", "torch==2.4.0", "pillow>=5.3"))
    env = look({**venv(V), **torch(SITE), **site, f"{SITE}/flash_attn-2.5.8.egg-info": ""})
    assert {name: package.version for name, package in env.packages.items()} == {
        "torch": "2.4.0+cu121",
        "torchvision": "0.19.0+cu121",
        "numpy": "2.1.0",
        "triton": "3.0.0",
        "nvidia-cublas-cu12": "12.1.3.1",
        "flash-attn": "2.5.8",
    }
    assert env.packages["torchvision"].requires_torch == "2.4.0"


USER = "~/.local/lib/python3.7/site-packages"


def test_the_users_own_site_comes_before_condas() -> None:
    files = {**conda("pytorch-1.4.0-py3.7_cpu_0"), **torch(USER, "1.7.1+cu110", "11.0")}
    env = look(files)
    assert env.torch is not None
    assert env.torch.version == "1.7.1+cu110"
    assert env.site_packages == CSITE
    assert the_torch(files, env={"PYTHONNOUSERSITE": "1"}).version == "1.4.0"


@pytest.mark.parametrize(("system", "version"), [(False, None), (True, "1.7.1")])
def test_a_venv_sees_other_sites_only_where_it_was_told_to(system: bool, version: str | None) -> None:
    files = {**venv(V, system=system), **torch("/usr/local/lib/python3.11/dist-packages", "1.7.1", "10.2")}
    found = look(files).torch
    assert (found and found.version) == version


@pytest.mark.parametrize("system", [False, True])
def test_a_venv_sees_the_users_own_site_only_where_it_was_told_to(system: bool) -> None:
    files = {**venv(V, system=system), **torch("~/.local/lib/python3.11/site-packages")}
    assert (look(files).torch is not None) is system


def test_another_pythons_site_is_not_searched() -> None:
    files = {**conda(), **torch(f"{C}/lib/python3.9/site-packages", "2.0.0", "11.7")}
    assert the_torch(files).version == "1.4.0"


def test_pythonpath_comes_first() -> None:
    files = {**venv(V), **torch(SITE), **torch("/src/build", "2.9.0a0", "12.8")}
    assert the_torch(files, env={"PYTHONPATH": "/src/build"}).location == "/src/build/torch"


@pytest.mark.parametrize("link", [True, False])
def test_lib64(link: bool) -> None:
    site = f"{V}/lib64/python3.11/site-packages"
    files = {**venv(V), **torch(SITE if link else site)}
    links = {f"{V}/lib64": "lib", f"{V}/bin/python": "/usr/bin/python3.11"} if link else {}
    host = machine({"/usr/bin/python3.11": "", **files}, links=links, env={"VIRTUAL_ENV": V})
    found = envs.probe(host, Request(), Clock(60)).value
    assert found
    assert found[0].torch is not None
    assert found[0].torch.location == (f"{SITE}/torch" if link else f"{site}/torch")


def test_the_system_python_of_debian() -> None:
    files = {
        **torch("/usr/lib/python3/dist-packages", "1.13.0", None, installer="debian"),
        **torch("/usr/local/lib/python3.11/dist-packages", "2.4.0+cu121"),
        "/usr/bin/python3.11": "",
    }
    host = machine(
        files, links={"/usr/bin/python3": "python3.11"}, modes={"/usr/bin/python3.11": 0o755}, env={"PATH": BIN}
    )
    found = envs.probe(host, Request(), Clock(60)).value
    assert found
    assert found[0].torch is not None
    assert found[0].torch.location == "/usr/local/lib/python3.11/dist-packages/torch"


@pytest.mark.parametrize(
    ("helper", "archs"),
    [
        (prints("archs sm_70 compute_90a\n"), ("sm_70", "compute_90a")),
        (prints("none\n"), None),
        (prints("archs \n"), None),
        (prints("archs sm_70; rm\n"), None),
        (prints("", status=-11), None),
        (hangs(), None),
        (None, None),
    ],
)
def test_arch_list(helper: Program | None, archs: tuple[str, ...] | None) -> None:
    facts = the_torch({**venv(V), **torch(SITE)})
    assert torch_static.arch_list(Quiet(machine(helper=helper)), Clock(60), facts) == archs


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x\0sm_61 sm_70 compute_70\0y", "archs sm_61 sm_70 compute_70\n"),
        (b"x" * 5000 + b"\0sm_90a sm_100f\0", "archs sm_90a sm_100f\n"),
        (b"\0sm_\0\0sm_xx sm_70\0\0sm_75\0", "archs sm_75\n"),
        (b"compiled for sm_70 sm_80\0", "none\n"),
        (b"\0sm_70 sm_80", "none\n"),
        (b"nothing", "none\n"),
    ],
)
def test_the_script_that_reads_the_library(tmp_path: object, content: bytes, said: str) -> None:
    path = f"{tmp_path}/lib.so"
    with open(path, "wb") as stream:
        stream.write(content)
    argv = ("@python", "-I", "-S", "-", "arch_list/1", path)
    done = LocalHost().run(argv, timeout=20, stdin=child.script("arch_list.py"))
    assert (done.stdout.decode(), done.returncode) == (said, 0)


def test_a_real_torch(torch_python: str) -> None:
    prefix = torch_python.rsplit("/bin/", 1)[0]
    found = envs.probe(LocalHost(), Request(fast=True, envs=(prefix,)), Clock(60)).value
    assert found
    assert found[0].torch is not None
    assert found[0].torch.build is not None
    assert "numpy" in found[0].packages


FLASH = "https://u:secret@h.example/flash_attn-2.7.4%2Bcu12torch2.4cxx11abiFALSE-cp311-cp311-linux_x86_64.whl"


@pytest.mark.parametrize(
    ("name", "version", "address", "expected"),
    [
        ("torch_scatter", "2.1.2+pt24cu121", None, "pt24cu121"),
        ("flash_attn", "2.7.4", f'{{"url": "{FLASH}"}}', "cu12torch2.4cxx11abiFALSE"),
        ("flash_attn", "2.7.4", '{"url": "file:///home/u/flash_attn"}', None),
        ("flash_attn", "2.7.4", None, None),
        ("torchvision", "0.19.0+cu121", None, None),
    ],
)
def test_what_a_companion_was_built_for(name: str, version: str, address: str | None, expected: str | None) -> None:
    record = info(SITE, name, version)
    if address is not None:
        record[f"{SITE}/{name}-{version}.dist-info/direct_url.json"] = address
    found = look({**venv(V), **torch(SITE), **record}).packages[name.replace("_", "-")]
    assert found.built_for == expected
    assert "secret" not in str(found)


def test_what_lies_beside_it() -> None:
    user = f"{HOME}/.local/lib/python3.7/site-packages"
    files = {
        **conda("pytorch-1.4.0-py3.7_cuda10.1.243_cudnn7.6.3_0"),
        f"{user}/torch/version.py": "__version__ = '1.7.1+cpu'\ncuda = None\n",
        f"{user}/torch-1.7.1+cpu.dist-info/METADATA": "Name: torch\n",
        f"{user}/torch-1.7.0.dist-info/METADATA": "Name: torch\n",
        f"{user}/~orch/version.py": "",
        f"{user}/torch-1.7.1+cpu.dist-info/INSTALLER": "pip\n",
    }
    facts = look(files)
    assert facts.torch is not None
    assert facts.torch.location == f"{user}/torch"
    assert [(one.version, one.location) for one in facts.torch.hidden] == [("1.4.0", f"{CSITE}/torch")]
    assert sorted(facts.torch.records) == ["1.7.0", "1.7.1+cpu"]
    assert facts.torch.leftovers == ("~orch",)
    assert facts.duplicates == ()


def test_wheels_in_the_other_site_packages() -> None:
    other = f"{V}/lib64/python3.11/site-packages"
    files = {**venv(V), **torch(other), **info(SITE, "nvidia-cudnn-cu12", "9.1.0.70")}
    facts = the_torch(files)
    assert (facts.location, facts.nvidia_site) == (f"{other}/torch", SITE)
    together = the_torch({**venv(V), **torch(SITE), **info(SITE, "nvidia-cudnn-cu12", "9.1.0.70")})
    assert together.nvidia_site is None
