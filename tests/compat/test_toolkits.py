"""Toolkits: GPUs, host compilers, glibc."""

from __future__ import annotations

import re

import pytest

from cudadoctor.compat import toolkits
from cudadoctor.versions import ComputeCapability, CudaVersion


def cuda(text: str) -> CudaVersion:
    found = CudaVersion.parse(text)
    assert found is not None
    return found


def cc(text: str) -> ComputeCapability:
    found = ComputeCapability.parse(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("toolkit", "capability", "known"),
    [
        ("10.1", "7.5", True),
        ("10.1", "8.0", False),
        ("10.1", "8.6", False),
        ("10.2", "3.0", True),
        ("11.0", "3.0", False),
        ("11.0", "8.0", True),
        ("11.0", "8.6", False),
        ("11.1", "8.6", True),
        ("11.7", "8.9", False),
        ("11.8", "8.9", True),
        ("11.8", "9.0", True),
        ("11.8", "3.7", True),
        ("12.0", "3.7", False),
        ("12.6", "10.0", False),
        ("12.8", "12.0", True),
        ("12.8", "12.1", False),
        ("12.9", "12.1", True),
        ("12.8", "11.0", True),
        ("13.0", "10.1", True),
        ("12.9", "6.1", True),
        ("13.0", "6.1", False),
        ("13.0", "7.0", False),
        ("13.0", "7.5", True),
        ("13.4", "8.6", None),
        ("14.0", "8.6", None),
        ("12.7", "8.6", None),
        ("13.0", "15.0", None),
    ],
)
def test_supports(toolkit: str, capability: str, known: bool | None) -> None:
    assert toolkits.supports(cuda(toolkit), cc(capability)) is known


def test_first_and_last_toolkit() -> None:
    assert str(toolkits.first_toolkit_for(cc("8.6"))) == "11.1"
    assert str(toolkits.first_toolkit_for(cc("12.0"))) == "12.8"
    assert str(toolkits.last_toolkit_for(cc("6.1"))) == "12.9"
    assert str(toolkits.last_toolkit_for(cc("3.5"))) == "11.8"
    assert toolkits.last_toolkit_for(cc("8.6")) is None
    assert toolkits.first_toolkit_for(cc("15.0")) is None


def test_capabilities_are_in_order_and_without_twins() -> None:
    for major in range(7, 14):
        for minor in range(10):
            known = toolkits.capabilities(CudaVersion(major, minor))
            if known is not None:
                assert list(known) == sorted(set(known))
    assert toolkits.capabilities(cuda("10.1")) is not None


@pytest.mark.parametrize(
    ("toolkit", "gcc"),
    [
        ("9.0", 6),
        ("9.2", 7),
        ("10.0", 7),
        ("10.1", 8),
        ("10.1.243", 8),
        ("10.2", 8),
        ("11.0", 9),
        ("11.4.0", 10),
        ("11.4.1", 11),
        ("11.5.2", 11),
        ("11.8", 11),
        ("12.0", 12),
        ("12.4.1", 13),
        ("12.8", 14),
        ("13.0.2", 15),
        ("13.3", 15),
    ],
)
def test_gcc(toolkit: str, gcc: int) -> None:
    found = toolkits.host_compiler_limit(cuda(toolkit))
    assert found is not None
    assert found.gcc == gcc
    assert found.source.url


@pytest.mark.parametrize("toolkit", ["12.7", "13.4", "14.0", "6.5"])
def test_gcc_of_an_unknown_toolkit(toolkit: str) -> None:
    assert toolkits.host_compiler_limit(cuda(toolkit)) is None


def test_gcc_limits_never_fall() -> None:
    limits = [
        found.gcc
        for major in range(7, 14)
        for minor in range(10)
        if (found := toolkits.host_compiler_limit(CudaVersion(major, minor)))
    ]
    assert len(limits) > 25
    assert limits == sorted(limits)


@pytest.mark.parametrize(
    ("toolkit", "glibc", "count"),
    [
        ("12.9", "2.41", 1),
        ("12.9", "2.40", 0),
        ("13.0", "2.41", 0),
        ("13.1", "2.42", 1),
        ("13.2", "2.42", 0),
        ("12.8", "2.43", 2),
        ("10.1", "2.27", 0),
        ("12.9", "2.9", 0),
    ],
)
def test_glibc_traps(toolkit: str, glibc: str, count: int) -> None:
    assert len(toolkits.glibc_traps(cuda(toolkit), glibc)) == count


def test_doubtful_rows_say_so() -> None:
    first, second = toolkits.glibc_traps(cuda("12.8"), "2.42")
    assert first.confidence == "high"
    assert second.confidence == "medium"


def test_runfiles() -> None:
    found = toolkits.runfiles()
    assert len(found) > 60
    for one in found:
        assert one.url.startswith("https://developer.")
        assert one.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", one.sha256)
    reference = next(one for one in found if str(one.toolkit) == "10.1.243")
    assert str(reference.driver) == "418.87.00"


def test_newest() -> None:
    assert toolkits.newest().cuda >= cuda("13.4")
    assert toolkits.capability_source().url
