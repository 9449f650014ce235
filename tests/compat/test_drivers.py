"""Drivers: floors, branches, dropped GPUs, kernel modules."""

from __future__ import annotations

import pytest

from cudadoctor.compat import drivers
from cudadoctor.versions import ComputeCapability, CudaDriverVersion, CudaVersion, DriverVersion


def cuda(text: str) -> CudaVersion:
    found = CudaVersion.parse(text)
    assert found is not None
    return found


def driver(text: str) -> DriverVersion:
    found = DriverVersion.parse(text)
    assert found is not None
    return found


def cc(text: str) -> ComputeCapability:
    found = ComputeCapability.parse(text)
    assert found is not None
    return found


# Typed from NVIDIA's release notes and compatibility guide, not from the facts.
LINUX_FLOORS = [
    ("8.0", "367.48", False),
    ("9.0", "384.81", False),
    ("9.1", "390.46", False),
    ("9.2", "396.26", False),
    ("10.0", "410.48", False),
    ("10.1", "418.39", False),
    ("10.1.243", "418.39", False),
    ("10.2", "440.33", False),
    ("11.0", "450.36.06", True),
    ("11.1", "450.80.02", True),
    ("11.8", "450.80.02", True),
    ("12.0", "525.60.13", True),
    ("12.6", "525.60.13", True),
    ("12.9", "525.60.13", True),
    ("13.0", "580.65.06", True),
    ("13.2", "580.65.06", True),
    ("13.9", "580.65.06", True),
]


@pytest.mark.parametrize(("runtime", "lowest", "minor"), LINUX_FLOORS)
def test_floor_on_linux(runtime: str, lowest: str, minor: bool) -> None:
    found = drivers.floor(cuda(runtime))
    assert found is not None
    assert found.version == driver(lowest)
    assert str(found.version) == lowest
    assert found.minor_version_compatibility is minor
    assert found.source.url.startswith("https://docs.nvidia.com/")
    assert found.source.read_on


@pytest.mark.parametrize(
    ("runtime", "lowest"),
    [("10.1", "418.96"), ("10.2", "441.22"), ("11.0", "451.22"), ("11.3", "452.39"), ("12.4", "528.33")],
)
def test_floor_on_windows(runtime: str, lowest: str) -> None:
    found = drivers.floor(cuda(runtime), windows=True)
    assert found is not None
    assert found.version == driver(lowest)


@pytest.mark.parametrize("runtime", ["14.0", "10.7", "6.5", "99.9"])
def test_floor_of_an_unknown_release_is_not_known(runtime: str) -> None:
    assert drivers.floor(cuda(runtime)) is None
    assert drivers.serves(driver("999.99"), cuda(runtime)) is None


@pytest.mark.parametrize(
    ("at", "below", "runtime"),
    [
        ("418.39", "418.38", "10.1"),
        ("450.80.02", "450.80.01", "11.1"),
        ("450.36.06", "450.36.05", "11.0"),
        ("525.60.13", "525.60.12", "12.8"),
        ("580.65.06", "580.65.05", "13.0"),
        ("440.33", "418.226.00", "10.2"),
    ],
)
def test_the_edge_of_a_floor(at: str, below: str, runtime: str) -> None:
    assert drivers.serves(driver(at), cuda(runtime)) is True
    assert drivers.serves(driver(below), cuda(runtime)) is False


@pytest.mark.parametrize("windows", [False, True])
def test_floors_rise_with_the_release(windows: bool) -> None:
    found = []
    for major, minors in ((8, 1), (9, 3), (10, 3), (11, 9), (12, 10), (13, 5)):
        for minor in range(minors):
            lowest = drivers.floor(CudaVersion(major, minor), windows=windows)
            if lowest is not None:
                found.append(lowest.version)
    assert len(found) > 25
    assert found == sorted(found)


def test_a_shipped_driver_is_never_below_the_floor() -> None:
    for branch in drivers.branches():
        if branch.cuda is None:
            continue
        shipped, lowest = drivers.shipped_driver(branch.cuda), drivers.floor(branch.cuda)
        if shipped is not None and lowest is not None:
            assert shipped >= lowest.version, branch


@pytest.mark.parametrize(
    ("version", "newest"),
    [
        ("384.81", "9.0"),
        ("390.157", "9.1"),
        ("418.226.00", "10.1"),
        ("440.33.01", "10.2"),
        ("450.248.02", "11.0"),
        ("470.256.02", "11.4"),
        ("525.125.06", "12.0"),
        ("535.183.01", "12.2"),
        ("550.163.01", "12.4"),
        ("580.65.06", "13.0"),
        ("590.48.01", "13.1"),
        ("610.43.02", "13.3"),
    ],
)
def test_cuda_of_a_branch(version: str, newest: str) -> None:
    assert drivers.cuda_of_driver(driver(version)) == CudaDriverVersion.parse(newest)


@pytest.mark.parametrize("version", ["430.26", "585.10", "620.10", "700.00", "999.99"])
def test_cuda_of_an_unknown_branch_is_not_known(version: str) -> None:
    assert drivers.cuda_of_driver(driver(version)) is None


def test_of_the_newest_branches_only_the_major_is_published() -> None:
    assert drivers.cuda_major_of_driver(driver("620.10")) == 13
    assert drivers.cuda_major_of_driver(driver("418.87")) == 10
    assert drivers.cuda_major_of_driver(driver("700.00")) is None


def test_branches_are_in_order_and_serve_ever_newer_cuda() -> None:
    found = drivers.branches()
    assert [one.number for one in found] == sorted({one.number for one in found})
    served = [one.cuda for one in found if one.cuda is not None]
    assert served == sorted(served)


def test_end_of_life() -> None:
    assert drivers.end_of_life(580) == "2028-06"
    assert drivers.end_of_life(535) == "2026-06"
    assert drivers.end_of_life(418) is None
    assert drivers.end_of_life(9999) is None


@pytest.mark.parametrize(
    ("capability", "last"),
    [
        ("2.1", 390),
        ("3.0", 470),
        ("3.7", 470),
        ("5.0", 580),
        ("5.2", 580),
        ("6.0", 580),
        ("6.1", 580),
        ("7.0", 580),
        ("7.5", None),
        ("8.6", None),
        ("12.0", None),
    ],
)
def test_last_branch(capability: str, last: int | None) -> None:
    assert drivers.last_driver_for(cc(capability)) == last


@pytest.mark.parametrize(
    ("capability", "version", "gone"),
    [
        ("6.1", "580.95.05", False),
        ("6.1", "590.48.01", True),
        ("7.0", "595.45.04", True),
        ("3.7", "470.256.02", False),
        ("3.7", "495.29.05", True),
        ("6.1", "999.01", True),
        ("7.5", "620.10", False),
        ("7.5", "999.01", None),
        ("8.7", "590.48.01", None),
        ("14.0", "590.48.01", None),
    ],
)
def test_dropped(capability: str, version: str, gone: bool | None) -> None:
    assert drivers.dropped(cc(capability), driver(version)) is gone


@pytest.mark.parametrize(
    ("version", "capability", "known"),
    [
        ("418.87", "7.5", True),
        ("418.87", "8.6", False),
        ("550.163.01", "12.0", False),
        ("570.86.10", "12.0", True),
        ("590.48.01", "6.1", False),
        ("999.01", "7.5", None),
    ],
)
def test_knows(version: str, capability: str, known: bool | None) -> None:
    assert drivers.knows(driver(version), cc(capability)) is known


def test_kernel_modules() -> None:
    assert [drivers.needs_open_module(cc(one)) for one in ("7.5", "8.9", "9.0", "10.0", "12.0", "12.1")] == [
        False,
        False,
        False,
        True,
        True,
        True,
    ]
    assert drivers.needs_open_module(cc("9.0"), "NVIDIA GH200 480GB")
    assert not drivers.needs_open_module(cc("9.0"), "NVIDIA H200")
    assert [drivers.open_module_possible(cc(one)) for one in ("6.1", "7.0", "7.5", "8.0")] == [False, False, True, True]
    assert drivers.module_source().read_on


def test_rows_are_frozen() -> None:
    found = drivers.floor(cuda("12.4"))
    assert found is not None
    with pytest.raises(AttributeError):
        found.minor_version_compatibility = False  # type: ignore[misc]
