"""The list of tests, and the child's text under every Python that it is meant for."""

from __future__ import annotations

import ast
import glob
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cudadoctor.checks.engine import registry
from cudadoctor.smoke import suite
from cudadoctor.smoke.session import child_script
from cudadoctor.smoke.suspects import _ENDED, _SAYS, suspects


def _tests_of_the_child() -> list[str]:
    found = []
    for node in ast.parse(child_script()).body:
        for mark in getattr(node, "decorator_list", []):
            if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "test":
                assert isinstance(mark.args[0], ast.Constant)
                found.append(str(mark.args[0].value))
    return found


def test_the_child_has_every_test_and_no_other() -> None:
    names = _tests_of_the_child()
    assert len(names) == len(set(names))
    assert set(names) | {"import"} == set(suite.BY_NAME)


def test_levels_hold_those_before_them() -> None:
    names = {level: {one.name for one in suite.chosen(level)} for level in suite.LEVELS}
    assert names["import"] < names["quick"] < names["full"]
    assert names["quick"] < names["burn"]
    assert names["full"] | names["burn"] == set(suite.BY_NAME)
    assert names["import"] == {"import", "build", "libraries"}


def test_single_tests_come_in_the_suites_order() -> None:
    assert [one.name for one in suite.chosen("import", ("fft", "devices"))] == ["devices", "fft"]
    with pytest.raises(KeyError):
        suite.chosen("quick", ("fast-fourier",))


def test_every_suspect_is_a_check() -> None:
    known = {one.name for one in registry.all_checks()}
    named = {name for one in suite.TESTS for name in one.suspects}
    named |= {name for _, names in _SAYS for name in names}
    named |= {name for names in _ENDED.values() for name in names.values()}
    assert named - known == set()


@pytest.mark.parametrize(
    ("message", "first"),
    [
        (
            "RuntimeError: CUDA error: no kernel image is available for execution on the device",
            "arch-not-in-build-gpu-newer",
        ),
        ("The NVIDIA driver on your system is too old (found version 10010)", "driver-too-old-for-runtime"),
        ("CUDA error: uncorrectable ECC error encountered", "gpu-ecc-hardware-fault"),
        ("CUDA error: all CUDA-capable devices are busy or unavailable", "exclusive-compute-mode"),
        ("ImportError: /lib/libstdc++.so.6: version `GLIBCXX_3.4.29' not found", "libstdcxx-too-old"),
        ("something that nobody has seen", "ld-path-shadows-bundled-libs"),
    ],
)
def test_a_message_decides_before_the_layer(message: str, first: str) -> None:
    assert suspects(suite.BY_NAME["matmul-fp32"], "fail", message, gpu=True)[0] == first


def test_the_cpu_is_not_suspected_of_what_only_gpus_have() -> None:
    for test in suite.TESTS:
        for outcome in ("fail", "crash", "hang", "timeout"):
            assert not {"gpu-ecc-hardware-fault", "arch-not-in-build-gpu-newer"} & set(
                suspects(test, outcome, "no known words", gpu=False)
            )
    assert suspects(suite.BY_NAME["fft"], "pass", None, gpu=True) == ()


def _interpreters() -> list[str]:
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    return [sys.executable, *sorted(glob.glob(f"{root}/versions/3.*/bin/python"))]


@pytest.mark.parametrize("python", _interpreters(), ids=lambda path: "/".join(path.split("/")[-3:-2]) or path)
def test_the_child_starts_under_every_python(python: str, tmp_path: Path) -> None:
    """Without a torch its first line says that it tries the import, and its second why that failed."""
    argv = [python, "-I", "-S", "-", "smoke/1", '{"device": "cpu", "tests": ["fft"]}']
    done = subprocess.run(argv, input=child_script(), capture_output=True, timeout=60, check=False, cwd=tmp_path)
    said = [line for line in done.stdout.decode().splitlines() if line]
    assert len(said) == 2, done.stderr
    assert '"begin"' in said[0]
    assert "No module named 'torch'" in said[1]
