"""The host compiler, by variables and by PATH."""

from __future__ import annotations

import pytest

from cudadoctor.host.local import LocalHost
from cudadoctor.probes import compiler
from cudadoctor.probes.base import Clock, Request
from tests.machines.tree import hangs, prints
from tests.probes.disk import machine

FSF = "\nCopyright (C) 2018 Free Software Foundation, Inc.\n"


@pytest.mark.parametrize(
    ("text", "kind", "version"),
    [
        ("g++ (Ubuntu 7.5.0-3ubuntu1~18.04) 7.5.0" + FSF, "gcc", "7.5.0"),
        ("g++ (Debian 12.2.0-14) 12.2.0", "gcc", "12.2.0"),
        ("g++ (GCC) 8.3.1 20190311 (Red Hat 8.3.1-3)" + FSF, "gcc", "8.3.1"),
        ("c++ (SUSE Linux) 13.3.0" + FSF, "gcc", "13.3.0"),
        ("x86_64-conda-linux-gnu-c++ (conda-forge gcc 13.3.0-1) 13.3.0" + FSF, "gcc", "13.3.0"),
        ("g++-8 (Homebrew GCC 8.4.0) 8.4.0", "gcc", "8.4.0"),
        ("Ubuntu clang version 14.0.0-1ubuntu1.1\nTarget: x86_64-pc-linux-gnu\n", "clang", "14.0.0"),
        ("clang version 18.1.3 (1ubuntu1)\n", "clang", "18.1.3"),
    ],
)
def test_kinds(text: str, kind: str, version: str) -> None:
    found = compiler.probe(machine(programs={"/usr/bin/g++": prints(text)}), Request(), Clock(60)).value
    assert found is not None
    assert (found.kind, found.version, found.major, found.variable) == (
        kind,
        version,
        int(version.split(".", 1)[0]),
        None,
    )


@pytest.mark.parametrize(
    "text", ["", "nvc++ 23.1-0 64-bit target on x86-64 Linux\n", "Intel(R) oneAPI DPC++/C++ Compiler 2024.0.0\n"]
)
def test_another_compiler_is_a_gap(text: str) -> None:
    found = compiler.probe(machine(programs={"/usr/bin/g++": prints(text)}), Request(), Clock(60))
    assert found.value is None
    assert [gap.fact for gap in found.gaps] == ["compiler"]


GCC8 = prints("g++-8 (Debian) 8.4.0" + FSF)


@pytest.mark.parametrize(
    ("variable", "value", "path"),
    [
        ("NVCC_CCBIN", "/opt/gcc8/bin/g++", "/opt/gcc8/bin/g++"),
        ("NVCC_CCBIN", "/opt/gcc8/bin", "/opt/gcc8/bin/g++"),
        ("CUDAHOSTCXX", "g++-8", "/usr/bin/g++-8"),
        ("CXX", "ccache g++-8 -m64", "/usr/bin/g++-8"),
    ],
)
def test_the_variables_choose(variable: str, value: str, path: str) -> None:
    programs = {"/usr/bin/g++": prints("g++ (Debian) 12.2.0"), "/usr/bin/g++-8": GCC8, "/opt/gcc8/bin/g++": GCC8}
    found = compiler.probe(machine(programs=programs, env={variable: value}), Request(), Clock(60)).value
    assert found is not None
    assert (found.path, found.major, found.variable) == (path, 8, variable)


def test_nvcc_ccbin_before_cxx() -> None:
    programs = {"/usr/bin/g++-8": GCC8, "/usr/bin/g++-9": prints("g++-9 (Debian) 9.4.0")}
    found = compiler.probe(
        machine(programs=programs, env={"NVCC_CCBIN": "g++-8", "CXX": "g++-9"}), Request(), Clock(60)
    )
    assert found.value is not None
    assert found.value.major == 8


@pytest.mark.parametrize("env", [{}, {"CXX": "/no/such"}, {"CXX": "'"}, {"NVCC_CCBIN": "nothing"}])
def test_none(env: dict[str, str]) -> None:
    found = compiler.probe(machine(env=env), Request(), Clock(60))
    assert found.value is None
    assert found.gaps[0].reason


def test_one_that_hangs_is_a_gap() -> None:
    found = compiler.probe(machine(programs={"/usr/bin/g++": hangs()}), Request(), Clock(60))
    assert (found.value, len(found.gaps)) == (None, 1)


def test_the_real_one() -> None:
    found = compiler.probe(LocalHost(), Request(), Clock(60))
    assert found.value is not None or found.gaps
