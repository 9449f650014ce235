"""The rule of binary compatibility."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cudadoctor.compat import arch
from cudadoctor.versions import ComputeCapability

CU126 = ("sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90")
CU130 = ("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120")
CU101 = ("sm_37", "sm_50", "sm_60", "sm_61", "sm_70", "sm_75", "compute_37")


def cc(text: str) -> ComputeCapability:
    found = ComputeCapability.parse(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("capability", "built", "how"),
    [
        ("8.9", CU126, "binary"),
        ("6.1", CU126, "binary"),
        ("5.2", CU126, "binary"),
        ("12.0", CU126, "no"),
        ("10.0", CU126, "no"),
        ("3.7", CU126, "no"),
        ("6.1", CU130, "no"),
        ("7.0", CU130, "no"),
        ("12.1", CU130, "binary"),
        ("10.3", CU130, "binary"),
        ("11.0", CU130, "no"),
        ("10.1", CU130, "no"),
        ("7.5", CU101, "binary"),
        ("8.6", CU101, "ptx-jit"),
        ("12.0", ("sm_90", "compute_90"), "ptx-jit"),
        ("8.0", ("sm_86",), "no"),
        ("8.6", ("sm_80",), "binary"),
        ("7.5", ("sm_70",), "binary"),
        ("7.0", ("sm_75",), "no"),
        ("8.0", ("compute_86",), "no"),
        # Suffixes: the table of the CUDA Programming Guide.
        ("9.0", ("sm_90a",), "binary"),
        ("10.0", ("sm_90a",), "no"),
        ("10.3", ("sm_100a",), "no"),
        ("10.0", ("sm_100f",), "binary"),
        ("10.3", ("sm_100f",), "binary"),
        ("10.0", ("sm_103f",), "no"),
        ("11.0", ("sm_100f",), "no"),
        ("12.1", ("sm_120f",), "binary"),
        ("12.0", ("sm_121f",), "no"),
        ("12.0", ("compute_100f",), "no"),
        ("10.3", ("compute_100f",), "ptx-jit"),
        ("10.3", ("compute_100a",), "no"),
        ("12.0", ("compute_90a",), "no"),
        # Thor's two names.
        ("11.0", ("sm_101",), "binary"),
        ("10.1", ("sm_110",), "binary"),
        # Tegra and the others promise each other nothing.
        ("8.7", ("sm_80", "sm_90"), None),
        ("8.7", ("sm_87",), "binary"),
        ("8.9", ("sm_87",), None),
        ("8.7", ("sm_80", "compute_80"), "ptx-jit"),
        ("8.7", ("sm_75",), "no"),
        # Nothing that can be read.
        ("8.6", (), None),
        ("8.6", ("gfx906", "", "sm_", "sm_8"), None),
        ("8.6", ("8.0", "8.6+PTX"), "binary"),
        ("9.0", ("8.0", "8.6+PTX"), "ptx-jit"),
    ],
)
def test_runs(capability: str, built: tuple[str, ...], how: str | None) -> None:
    assert arch.runs(cc(capability), built) == how


@pytest.mark.parametrize(
    ("capability", "built", "where"),
    [
        ("12.0", CU126, "newer-than-build"),
        ("3.7", CU126, "older-than-build"),
        ("6.1", CU130, "older-than-build"),
        ("11.0", CU130, "between"),
        ("6.1", ("sm_50", "sm_70", "sm_80", "sm_86"), "between"),
        ("8.6", CU126, None),
        ("8.6", (), None),
        ("8.7", ("sm_80",), None),
    ],
)
def test_direction(capability: str, built: tuple[str, ...], where: str | None) -> None:
    assert arch.direction(cc(capability), built) == where
    assert arch.newer_than_build(cc(capability), built) is (where == "newer-than-build")
    assert arch.older_than_build(cc(capability), built) is (where == "older-than-build")


def test_the_rule_names_its_source() -> None:
    assert "docs.nvidia.com" in arch.rule_source().url


CAPABILITIES = st.builds(ComputeCapability, st.integers(2, 15), st.integers(0, 9))


@given(CAPABILITIES, st.lists(CAPABILITIES, min_size=1, max_size=6))
def test_more_code_never_runs_less(device: ComputeCapability, built: list[ComputeCapability]) -> None:
    order = {"no": 0, None: 1, "ptx-jit": 2, "binary": 3}
    entries = [one.sm for one in built]
    before = arch.runs(device, entries[:-1]) if entries[:-1] else "no"
    assert order[arch.runs(device, entries)] >= order[before]


@given(CAPABILITIES)
def test_own_code_runs(device: ComputeCapability) -> None:
    assert arch.runs(device, [device.sm]) == "binary"
    assert arch.runs(device, [f"compute_{device.major}{device.minor}"]) == "ptx-jit"


@pytest.mark.slow
@given(CAPABILITIES, st.lists(st.text(max_size=12), max_size=5))
def test_any_text_is_survived(device: ComputeCapability, built: list[str]) -> None:
    assert arch.runs(device, built) in ("binary", "ptx-jit", "no", None)
