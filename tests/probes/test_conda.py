"""conda's installations and configuration."""

from __future__ import annotations

import pytest

from cudadoctor.facts.envs import CondaFacts
from cudadoctor.host.base import Host
from cudadoctor.probes import conda
from cudadoctor.probes.base import Clock, Request
from cudadoctor.probes.quiet import Quiet
from tests.probes.disk import BIN, ELF, HOME, conda_env, machine

ROOT = f"{HOME}/miniconda3"


def look(host: Host) -> CondaFacts:
    found = conda.probe(host, Request(), Clock(60))
    assert found.value is not None
    return found.value


def install(root: str, *packages: str) -> dict[str, str | bytes]:
    return {**conda_env(root, *packages), f"{root}/bin/conda": ELF}


def test_none() -> None:
    assert look(machine()) == CondaFacts()


@pytest.mark.parametrize(
    "root",
    [
        ROOT,
        f"{HOME}/anaconda3",
        f"{HOME}/mambaforge",
        f"{HOME}/miniforge3",
        "/opt/conda",
        "/opt/miniconda3",
        "/usr/local/anaconda3",
    ],
)
def test_usual_roots(root: str) -> None:
    found = look(machine(install(root, "conda-4.8.2-py37_0")))
    assert (found.roots, found.executable, found.version) == ((root,), f"{root}/bin/conda", "4.8.2")


def test_an_unusual_root_by_its_variable() -> None:
    host = machine(install("/data/tools/py", "conda-24.1.0-py312_0"), env={"CONDA_EXE": "/data/tools/py/bin/conda"})
    found = look(host)
    assert (found.roots, found.version) == (("/data/tools/py",), "24.1.0")


def test_environments_by_every_road() -> None:
    files: dict[str, str | bytes] = {
        **install(ROOT),
        **conda_env(f"{ROOT}/envs/a"),
        **conda_env("/big/envs/b"),
        **conda_env("/elsewhere/c"),
        **conda_env("/by/variable/d"),
        **conda_env("~/.conda/envs/e"),
        **conda_env("/active/f"),
        "~/.condarc": "envs_dirs:\n  - /big/envs\n",
        "~/.conda/environments.txt": "/elsewhere/c\n/gone/x\n\nnot a path\n",
    }
    env = {"CONDA_ENVS_PATH": "/by/variable", "CONDA_PREFIX": "/active/f"}
    found = conda.places(Quiet(machine(files, env=env)))
    assert set(found.environments) == {
        ROOT, f"{ROOT}/envs/a", "/big/envs/b", "/elsewhere/c", "/by/variable/d", f"{HOME}/.conda/envs/e", "/active/f"
    }  # fmt: skip
    assert found.roots == (ROOT,)


def test_micromamba_has_a_root_without_a_program_in_it() -> None:
    host = machine(conda_env("~/micromamba/envs/a"), programs={}, env={"MAMBA_ROOT_PREFIX": f"{HOME}/micromamba"})
    found = conda.places(Quiet(host))
    assert (found.roots, found.environments) == ((f"{HOME}/micromamba",), (f"{HOME}/micromamba/envs/a",))


def test_condarc_files_add_up_and_the_last_counts_most() -> None:
    files: dict[str, str | bytes] = {
        **install(ROOT),
        "/etc/conda/.condarc": "channels: [defaults]\nauto_activate_base: true\n",
        f"{ROOT}/.condarc": "channels: [pytorch]\n",
        "~/.condarc": "channels:\n  - conda-forge\n  - pytorch\nauto_activate_base: false\n",
    }
    found = look(machine(files))
    assert found.channels == ("conda-forge", "pytorch", "defaults")
    assert found.auto_activate is False
    assert found.condarc == ("/etc/conda/.condarc", f"{ROOT}/.condarc", f"{HOME}/.condarc")


def test_channels_show_no_credentials() -> None:
    text = "channels:\n  - https://conda.anaconda.org/t/aa-1234/team\n  - https://ada:word@mirror.example/c\n"
    assert look(machine({"~/.condarc": text})).channels == ("team", "https://mirror.example/c")


def test_conda_channels_replaces_the_files() -> None:
    host = machine({"~/.condarc": "channels: [defaults]"}, env={"CONDA_CHANNELS": "nvidia,conda-forge"})
    assert look(host).channels == ("nvidia", "conda-forge")


def test_a_program_on_path_whose_version_is_not_known() -> None:
    host = machine(
        {"/opt/x/bin/micromamba": ELF}, env={"PATH": f"/opt/x/bin:{BIN}"}, modes={"/opt/x/bin/micromamba": 0o755}
    )
    found = conda.probe(host, Request(), Clock(60))
    assert found.value is not None
    assert (found.value.executable, found.value.version) == ("/opt/x/bin/micromamba", None)
    assert [gap.fact for gap in found.gaps] == ["conda.version"]
