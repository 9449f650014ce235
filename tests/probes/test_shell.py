"""Variables, search paths and rc files."""

from __future__ import annotations

import pytest

from cudadoctor.facts.shell import ShellFacts
from cudadoctor.probes import shell, similar
from cudadoctor.probes.base import Clock, Request
from cudadoctor.probes.variables import matters
from tests.machines.virtual import VirtualHost
from tests.probes.disk import BIN, HOME, machine


def look(host: VirtualHost) -> ShellFacts:
    found = shell.probe(host, Request(), Clock(60))
    assert found.value is not None
    return found.value


def test_only_variables_that_matter_are_kept() -> None:
    env = {
        "CUDA_VISIBLE_DEVICES": "",
        "NCCL_DEBUG": "INFO",
        "AWS_SECRET_ACCESS_KEY": "x",
        "TORCH_TOKEN": "x",
        "CONDA_TOKEN": "x",
        "SLURM_GPUS_ON_NODE": "2",
        "SLURM_JOB_USER": "ada",
        "PIP_INDEX_URL": "https://ada:word@mirror.example/simple",
    }
    kept = look(machine(env=env)).variables
    assert kept["CUDA_VISIBLE_DEVICES"] == ""
    assert {"NCCL_DEBUG", "SLURM_GPUS_ON_NODE", "PATH"} <= set(kept)
    assert not {"AWS_SECRET_ACCESS_KEY", "TORCH_TOKEN", "CONDA_TOKEN", "SLURM_JOB_USER", "HOME"} & set(kept)
    assert "word" not in kept["PIP_INDEX_URL"]


@pytest.mark.parametrize(
    "name", ["LD_LIBRARY_PATH", "CUDA_HOME", "CUDAToolkit_ROOT", "PYTORCH_CUDA_ALLOC_CONF", "CC", "CONDA_OVERRIDE_CUDA"]
)
def test_matters(name: str) -> None:
    assert matters(name)


def test_entries_and_what_exists() -> None:
    host = machine(
        dirs=("/usr/local/cuda-10.1/lib64",),
        links={"/usr/local/cuda": "/usr/local/cuda-10.1"},
        files={"/etc/file": ""},
        env={"LD_LIBRARY_PATH": "/usr/local/cuda/lib64:/nowhere;:rel:/etc/file"},
    )
    entries = [(one.index, one.text, one.exists) for one in look(host).entries if one.variable == "LD_LIBRARY_PATH"]
    assert entries == [
        (0, "/usr/local/cuda/lib64", True),
        (1, "/nowhere", False),
        (2, "", True),
        (3, "rel", False),
        (4, "/etc/file", False),
    ]


@pytest.mark.parametrize(("value", "count"), [("", 0), ("UNSET", 0), (":", 2), ("/usr/bin", 1), ("/usr/bin:", 2)])
def test_an_empty_variable_has_no_elements(value: str, count: int) -> None:
    entries = [
        one for one in look(machine(env={"LD_LIBRARY_PATH": value})).entries if one.variable == "LD_LIBRARY_PATH"
    ]
    assert len(entries) == count


DIRS = ("/usr/local/cuda-10.1/lib64", "/usr/local/cuda-10.1/bin", "/usr/local/cuda-10.1/extras/CUPTI/lib64")


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("/usr/loacl/cuda/lib64", "/usr/local/cuda/lib64"),
        ("/usr/local/cuda/lib46", "/usr/local/cuda/lib64"),
        ("/usr/local/cdua/lib64", "/usr/local/cuda/lib64"),
        ("/usr/local/cuda/lib", "/usr/local/cuda/lib64"),
        ("/usr/local/cuda10.1/lib64", "/usr/local/cuda-10.1/lib64"),
        ("/usr/local/CUDA-10.1/lib64/", "/usr/local/cuda-10.1/lib64"),
        ("usr/local/cuda/lib64", "/usr/local/cuda/lib64"),
        ("/usr/local/cuda/extras/CUPTI/lib", "/usr/local/cuda/extras/CUPTI/lib64"),
        ("/usr/local/cuda-13.0/lib64", None),
        ("/opt/something/else", None),
        ("/usr/lib/nvidia-384", None),
        ("$CUDA_HOME/lib64", None),
    ],
)
def test_what_was_probably_meant(wrong: str, meant: str | None) -> None:
    host = machine(dirs=DIRS, links={"/usr/local/cuda": "/usr/local/cuda-10.1"}, env={"LD_LIBRARY_PATH": wrong})
    (entry,) = [one for one in look(host).entries if one.variable == "LD_LIBRARY_PATH"]
    assert (entry.exists, entry.suggestion) == (False, meant)


def test_a_bin_directory_is_meant_in_path_and_no_other() -> None:
    host = machine(
        dirs=DIRS, links={"/usr/local/cuda": "/usr/local/cuda-10.1"}, env={"PATH": f"/usr/local/cuda/bim:{BIN}"}
    )
    assert look(host).entries[0].suggestion == "/usr/local/cuda/bin"


def test_a_tilde_that_no_shell_expanded() -> None:
    host = machine(dirs=(f"{HOME}/cuda/lib64",), env={"LD_LIBRARY_PATH": "~/cuda/lib64"})
    (entry,) = [one for one in look(host).entries if one.variable == "LD_LIBRARY_PATH"]
    assert (entry.exists, entry.suggestion) == (False, f"{HOME}/cuda/lib64")


def test_two_that_are_as_near_are_no_suggestion() -> None:
    assert similar.meant("/usr/local/cuda/lib6", ["/usr/local/cuda/lib64", "/usr/local/cuda/lib"]) is None


@pytest.mark.parametrize(
    ("left", "right", "edits"), [("local", "loacl", 1), ("lib64", "lib", 2), ("", "ab", 2), ("a", "a", 0)]
)
def test_distance(left: str, right: str, edits: int) -> None:
    assert similar.distance(left, right) == edits


def test_rc_files_of_every_shell() -> None:
    home = {
        "~/.bashrc": "alias x=y\nexport CUDA_HOME=/b\n",
        "~/.config/fish/config.fish": "set -gx CUDA_HOME /f\n",
        "~/.config/fish/conf.d/cuda.fish": "set -gx CUDA_HOME /g\n",
        "~/.tcshrc": "setenv CUDA_HOME /t\n",
        "~/.zshrc": "export CUDA_HOME=/z\n",
        "/etc/environment": "CUDA_HOME=/e\n",
        "/etc/profile.d/cuda.sh": "export CUDA_HOME=/p\n",
        "/etc/profile.d/cuda.csh": "setenv CUDA_HOME /c\n",
        "/etc/zsh/zshenv": "export CUDA_HOME=/s\n",
    }
    lines = look(machine(home)).rc_lines
    assert {(line.file.replace(HOME, "~"), line.line, line.value) for line in lines} == {
        ("~/.bashrc", 2, "/b"),
        ("~/.config/fish/config.fish", 1, "/f"),
        ("~/.config/fish/conf.d/cuda.fish", 1, "/g"),
        ("~/.tcshrc", 1, "/t"),
        ("~/.zshrc", 1, "/z"),
        ("/etc/environment", 1, "/e"),
        ("/etc/profile.d/cuda.sh", 1, "/p"),
        ("/etc/profile.d/cuda.csh", 1, "/c"),
        ("/etc/zsh/zshenv", 1, "/s"),
    }


def test_zdotdir() -> None:
    files = {"~/.zsh/.zshrc": "export CUDA_HOME=/z\n", "~/.zshrc": "export CUDA_HOME=/not-read\n"}
    assert [line.value for line in look(machine(files, env={"ZDOTDIR": f"{HOME}/.zsh"})).rc_lines] == ["/z"]


def test_files_that_may_not_be_read_are_named() -> None:
    files = {"~/.bashrc": "export CUDA_HOME=/b\n", "~/.profile": "\n" * 600_000}
    found = look(machine(files, modes={"~/.bashrc": 0o000}, dirs=(f"{HOME}/.zshrc",)))
    assert set(found.unreadable) == {f"{HOME}/.bashrc", f"{HOME}/.profile"}
    assert found.rc_lines == ()


def test_without_home_the_password_database_tells() -> None:
    found = look(machine({"~/.bashrc": "export CUDA_HOME=/b\n"}, env={"HOME": "UNSET"}))
    assert (found.home, len(found.rc_lines)) == (HOME, 1)


def test_nobody_knows_the_home_or_the_shell() -> None:
    found = shell.probe(machine(env={"HOME": "UNSET", "SHELL": "UNSET"}, home=None), Request(), Clock(60))
    assert found.value is not None
    assert (found.value.home, found.value.shell) == (None, None)
    assert {gap.fact for gap in found.gaps} == {"shell.home", "shell.shell"}


def test_bytes_that_are_no_text() -> None:
    found = look(machine({"~/.bashrc": b"\xff\xfe export\nexport CUDA_HOME=/\x1b[31mx\n"}))
    assert [line.value for line in found.rc_lines] == ["/x"]
