"""As root, nothing is run or loaded that another user can change."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cudadoctor.host import trust
from cudadoctor.host.base import Denied
from cudadoctor.host.local import LocalHost
from cudadoctor.probes import smi
from cudadoctor.probes.base import Clock, Request

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="this is about root")
OTHER = 12345


def program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {says}\n")
    path.chmod(0o755)
    return path


def test_a_program_that_others_can_change_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path / "planted", "tool", "planted")
    (tmp_path / "planted").chmod(0o777)
    program(tmp_path / "system", "tool", "system")
    host = LocalHost({"PATH": f"{tmp_path}/planted:{tmp_path}/system:/usr/bin:/bin"})
    assert host.run(["tool"], timeout=10).stdout == b"system\n"
    assert host.which("tool") == (f"{tmp_path}/planted/tool", f"{tmp_path}/system/tool"), "it is still seen"


def test_nvidia_smi_of_another_user_is_unknown_and_not_broken(tmp_path: Path) -> None:
    program(tmp_path / "planted", "nvidia-smi", "planted")
    (tmp_path / "planted").chmod(0o777)
    found = smi.probe(LocalHost({"PATH": f"{tmp_path}/planted:/bin"}), Request(), Clock(20))
    if found.value is not None:
        assert found.value.path != f"{tmp_path}/planted/nvidia-smi", "another one is asked instead"
    else:
        assert "not run as root" in found.gaps[0].reason


@pytest.mark.parametrize("by_path", [True, False])
def test_where_there_is_no_other_it_is_refused(by_path: bool, tmp_path: Path) -> None:
    tool = program(tmp_path / "theirs", "tool", "x")
    os.chown(tool.parent, OTHER, OTHER)
    host = LocalHost({"PATH": f"{tmp_path}/theirs:/usr/bin:/bin"})
    with pytest.raises(Denied, match=f"not run as root, because .*theirs belongs to user {OTHER}"):
        host.run([str(tool) if by_path else "tool"], timeout=10)


def test_the_environment_of_another_user_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "env/bin").mkdir(parents=True)
    (tmp_path / "env/lib/python3.11/site-packages").mkdir(parents=True)
    (tmp_path / "env/bin/python").symlink_to(sys.executable)
    assert trust.reason(f"{tmp_path}/env/bin/python") is None
    trust.reason.cache_clear()
    os.chown(tmp_path / "env/lib", OTHER, OTHER)
    with pytest.raises(Denied):
        LocalHost({}).run([f"{tmp_path}/env/bin/python", "-c", "0"], timeout=10)


def test_search_paths_lose_what_others_can_change(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "open/sitecustomize.py").write_text("print('planted')")
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{tmp_path}/open", "LD_LIBRARY_PATH": f"{tmp_path}/open:/usr/lib"}
    done = LocalHost(env).run(["/bin/sh", "-c", "echo ${PYTHONPATH-none} $LD_LIBRARY_PATH"], timeout=10)
    assert done.stdout == b"none /usr/lib\n"
    assert b"planted" not in LocalHost(env).run([sys.executable, "-c", "0"], timeout=20).stdout


def test_a_name_that_the_loader_finds_stays() -> None:
    env = {"LD_PRELOAD": "libjemalloc.so.2"}
    trust.clean(env)
    assert env == {"LD_PRELOAD": "libjemalloc.so.2"}
