"""Which environments there are, and which is the active one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cudadoctor.errors import CudaDoctorError
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.host.base import Host
from cudadoctor.probes import envs
from cudadoctor.probes.base import Clock, Found, Request
from tests.machines.tree import prints
from tests.probes.disk import BIN, ELF, HOME, conda_env, machine, python, torch, venv

CONDA = f"{HOME}/miniconda3"
WORK = f"{HOME}/work"
SHIM = '#!/usr/bin/env bash\nset -e\nexec "/home/ada/.pyenv/libexec/pyenv" exec "$program" "$@"\n'


def look(host: Host, **request: object) -> tuple[EnvFacts, ...]:
    found: Found[tuple[EnvFacts, ...]] = envs.probe(host, Request(fast=True, **request), Clock(60))  # type: ignore[arg-type]
    assert found.value is not None
    return found.value


def active(found: tuple[EnvFacts, ...]) -> EnvFacts:
    (one,) = [env for env in found if env.active]
    return one


class World:
    """Files, links and variables that are put together step by step."""

    def __init__(self) -> None:
        self.files: dict[str, str | bytes] = {}
        self.links: dict[str, str] = {}
        self.modes: dict[str, int] = {}

    def python(self, prefix: str, version: str = "3.11.7", base: str | None = None) -> World:
        files, links = python(prefix, version, base=base)
        self.files |= files
        self.links |= links
        self.modes |= dict.fromkeys(files, 0o755)
        return self

    def add(self, *files: dict[str, str]) -> World:
        for one in files:
            self.files |= one
        return self

    def host(self, **changes: object) -> Host:
        return machine(self.files, links=self.links, modes=self.modes, **changes)  # type: ignore[arg-type]


def system() -> World:
    return World().python("/usr").add({"/usr/lib/python3/dist-packages/README": ""})


def test_the_system_python_alone() -> None:
    one = active(look(system().host()))
    assert (one.kind, one.prefix, one.python, one.python_version) == ("system", "/usr", "/usr/bin/python3", "3.11")
    assert (one.active_because, one.site_packages, one.torch) == ("PATH", "/usr/lib/python3/dist-packages", None)


def test_no_python_at_all() -> None:
    found = envs.probe(machine(), Request(), Clock(60))
    assert found.value == ()
    assert [gap.fact for gap in found.gaps] == ["envs.active"]


def test_virtual_env_before_conda_prefix_before_path() -> None:
    world = system().python(CONDA, "3.12.4").add(conda_env(CONDA, "python-3.12.4-h1_0"))
    world.python("/data/v", base="/usr/bin/python3").add(venv("/data/v"))
    path = f"{CONDA}/bin:{BIN}"
    both = active(look(world.host(env={"VIRTUAL_ENV": "/data/v", "CONDA_PREFIX": CONDA, "PATH": path})))
    assert (both.kind, both.prefix, both.active_because) == ("venv", "/data/v", "VIRTUAL_ENV")
    conda = active(look(world.host(env={"CONDA_PREFIX": CONDA, "PATH": path})))
    assert (conda.kind, conda.name, conda.python_version, conda.active_because) == (
        "conda",
        "miniconda3",
        "3.12.4",
        "CONDA_PREFIX",
    )
    assert active(look(world.host())).prefix == "/usr"


def test_an_environment_that_is_first_on_path() -> None:
    world = system().python("/data/v", base="/usr/bin/python3").add(venv("/data/v", "3.11.2"))
    one = active(look(world.host(env={"PATH": f"/data/v/bin:{BIN}"})))
    assert (one.kind, one.prefix, one.active_because, one.python_version) == ("venv", "/data/v", "PATH", "3.11.2")


def test_python_before_python3_where_its_directory_comes_first() -> None:
    world = system().python("/opt/py", "3.9.1")
    del world.links["/opt/py/bin/python3"]
    one = active(look(world.host(env={"PATH": f"/opt/py/bin:{BIN}"})))
    assert (one.prefix, one.python) == ("/opt/py", "/opt/py/bin/python")


def test_a_virtual_env_that_is_gone() -> None:
    found = envs.probe(system().host(env={"VIRTUAL_ENV": "/gone"}), Request(), Clock(60))
    assert found.value is not None
    assert active(found.value).prefix == "/usr"
    assert "envs.active" in {gap.fact for gap in found.gaps}


TOOL = "/opt/tools/cudadoctor"


def test_the_environment_of_cudadoctor_itself_is_never_the_active_one() -> None:
    world = system().python(TOOL, base="/usr/bin/python3").add(venv(TOOL))
    for env in ({"PATH": f"{TOOL}/bin:{BIN}"}, {"VIRTUAL_ENV": TOOL, "PATH": f"{TOOL}/bin:{BIN}"}):
        found = look(world.host(env=env))
        assert active(found).prefix == "/usr"
        assert TOOL not in {one.prefix for one in found}


def test_unless_it_is_activated_and_torch_is_there_or_it_is_named() -> None:
    world = system().python(TOOL, base="/usr/bin/python3").add(venv(TOOL))
    assert active(look(world.host(), envs=(TOOL,))).prefix == TOOL
    world.add(torch(f"{TOOL}/lib/python3.11/site-packages", "2.4.0+cpu", None))
    assert active(look(world.host(env={"VIRTUAL_ENV": TOOL}))).prefix == TOOL
    assert active(look(world.host(env={"PATH": f"{TOOL}/bin:{BIN}"}))).prefix == "/usr"


def named_world() -> World:
    world = system().python(CONDA, "3.12.4").add(conda_env(CONDA, "conda-24.1-py_0", "python-3.12.4-h_0"))
    world.files[f"{CONDA}/bin/conda"] = ELF
    for name in ("a", "b"):
        world.python(f"{CONDA}/envs/{name}", "3.10.1").add(conda_env(f"{CONDA}/envs/{name}"))
    return world.python(f"{WORK}/.venv", base="/usr/bin/python3").add(venv(f"{WORK}/.venv"))


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("a", f"{CONDA}/envs/a"),
        ("base", CONDA),
        (f"{CONDA}/envs/b", f"{CONDA}/envs/b"),
        (f"{CONDA}/envs/b/", f"{CONDA}/envs/b"),
        (f"{CONDA}/envs/b/bin/python", f"{CONDA}/envs/b"),
        ("./.venv", f"{WORK}/.venv"),
        (".venv", f"{WORK}/.venv"),
        ("~/work/.venv", f"{WORK}/.venv"),
        ("work", f"{WORK}/.venv"),
        ("system", "/usr"),
    ],
)
def test_named(name: str, prefix: str) -> None:
    one = active(look(named_world().host(env={"CONDA_PREFIX": CONDA}), envs=(name,)))
    assert (one.prefix, one.active_because) == (prefix, "--env")


def test_named_where_there_are_more_than_are_looked_at() -> None:
    world = named_world()
    for number in range(250):
        world.add(conda_env(f"{CONDA}/envs/n{number:03}"))
    last = f"{CONDA}/envs/z"
    one = active(look(world.python(last, "3.10.1").add(conda_env(last)).host(), envs=("z",)))
    assert (one.prefix, one.active_because) == (last, "--env")


def test_several_named_the_first_is_active() -> None:
    found = look(named_world().host(), envs=("b", "a"))
    assert active(found).name == "b"
    assert [one.name for one in found if one.active_because == "--env"] == ["b", "a"]


@pytest.mark.parametrize("name", ["nope", "/no/such", "./nope", "~/nope"])
def test_a_name_that_matches_nothing(name: str) -> None:
    with pytest.raises(CudaDoctorError) as error:
        look(named_world().host(), envs=(name,))
    assert name in str(error.value)
    assert "base" in str(error.value)
    assert "\n" not in str(error.value)


def test_each_environment_once() -> None:
    world = named_world()
    world.links["/data/link"] = f"{CONDA}/envs/a"
    found = look(world.host(env={"CONDA_PREFIX": "/data/link", "PATH": f"/data/link/bin:{BIN}"}))
    assert active(found).prefix == "/data/link"
    assert sorted(one.name for one in found if one.kind == "conda") == ["b", "base", "link"]


def pyenv_world(*versions: str) -> World:
    world = system()
    for version in versions:
        world.python(f"~/.pyenv/versions/{version}", version)
        world.files[f"~/.pyenv/versions/{version}/lib/python{version[:4].rstrip('.')}/site-packages/README"] = ""
    world.files |= {"~/.pyenv/shims/python3": SHIM, "~/.pyenv/shims/python": SHIM}
    world.modes |= {"~/.pyenv/shims/python3": 0o755, "~/.pyenv/shims/python": 0o755}
    return world


@pytest.mark.parametrize(
    ("files", "env", "version"),
    [
        ({"~/.pyenv/version": "3.10.2\n"}, {}, "3.10.2"),
        ({"~/.pyenv/version": "3.10.2\n"}, {"PYENV_VERSION": "3.12.1"}, "3.12.1"),
        ({"~/.pyenv/version": "3.10.2\n", "~/work/.python-version": "3.12\n"}, {}, "3.12.11"),
        ({"~/.python-version": "3.12.1 3.10.2\n"}, {}, "3.12.1"),
        ({"~/.pyenv/version": "3.7.1\n3.10.2\n"}, {}, "3.10.2"),
    ],
)
def test_shims_of_pyenv(files: dict[str, str], env: dict[str, str], version: str) -> None:
    world = pyenv_world("3.10.2", "3.12.1", "3.12.11").add(files)
    one = active(look(world.host(env={"PATH": f"{HOME}/.pyenv/shims:{BIN}", **env})))
    assert (one.kind, one.name, one.python_version) == ("pyenv", version, version)
    assert one.python == f"{HOME}/.pyenv/versions/{version}/bin/python3"


@pytest.mark.parametrize("text", ["system\n", "", "3.99\n"])
def test_a_shim_that_stands_for_the_system(text: str) -> None:
    world = pyenv_world("3.10.2").add({"~/.pyenv/version": text})
    assert active(look(world.host(env={"PATH": f"{HOME}/.pyenv/shims:{BIN}"}))).prefix == "/usr"


def test_kinds() -> None:
    uv = f"{HOME}/.local/share/uv"
    world = pyenv_world("3.10.2").python("/data/u", base="/usr/bin/python3").add(venv("/data/u", extra="uv = 0.9.1\n"))
    world.add(torch(f"{uv}/python/cpython-3.12.3-linux-x86_64-gnu/lib/python3.12/site-packages"))
    world.add({f"{uv}/python/cpython-3.13.0-linux-x86_64-gnu/lib/python3.13/site-packages/README": ""})
    world.add(
        venv("~/.local/share/pipx/venvs/tool"), torch("~/.local/share/pipx/venvs/tool/lib/python3.11/site-packages")
    )
    world.add(venv("~/.local/share/pipx/venvs/other"))
    world.add(conda_env("~/work/.pixi/envs/default"))
    world.add(venv("~/.virtualenvs/old"))
    found = {(one.kind, one.name) for one in look(world.host(env={"VIRTUAL_ENV": "/data/u"}))}
    assert found == {
        ("uv", "u"),
        ("uv", "cpython-3.12.3-linux-x86_64-gnu"),
        ("pipx", "tool"),
        ("pixi", "default"),
        ("venv", "old"),
        ("pyenv", "3.10.2"),
        ("system", "system"),
    }


def test_the_library_is_asked_for_architectures_only_where_it_is_for_cuda() -> None:
    site = "/data/v/lib/python3.11/site-packages"
    world = system().python("/data/v", base="/usr/bin/python3").add(venv("/data/v"), torch(site))
    helper = prints("archs sm_70 sm_80 compute_90\n")
    one = active(look(world.host(env={"VIRTUAL_ENV": "/data/v"}, helper=helper)))
    assert one.torch is not None
    assert one.torch.arch_list == ("sm_70", "sm_80", "compute_90")
    world.add(torch(site, "2.4.0+cpu", None))
    one = active(look(world.host(env={"VIRTUAL_ENV": "/data/v"}, helper=helper)))
    assert one.torch is not None
    assert one.torch.arch_list is None


@pytest.mark.parametrize("make", [lambda n: conda_env(f"{CONDA}/envs/e{n}"), lambda n: venv(f"~/venvs/e{n}")])
def test_of_many_environments_all_are_counted(make: Callable[[int], dict[str, str]]) -> None:
    world = system()
    for number in range(340):
        world.add(make(number))
    found = envs.probe(world.host(), Request(), Clock(60))
    assert found.value is not None
    assert len(found.value) <= 100
    assert "341 environments found; only the first 100 examined" in {gap.reason for gap in found.gaps}


def test_environments_of_other_projects() -> None:
    world = system().add(venv("~/docs/.venv"), conda_env("~/game/.pixi/envs/default"))
    assert {one.prefix for one in look(world.host())} == {
        "/usr",
        f"{HOME}/docs/.venv",
        f"{HOME}/game/.pixi/envs/default",
    }
