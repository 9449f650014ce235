"""Cures of packages, repositories and container engines."""

from __future__ import annotations

from typing import Any

import pytest

from cudadoctor.checks.engine.base import Confidence, Severity
from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.remedies.find import remedy_for
from cudadoctor.remedies.plan import Run
from tests.checks.loader import bases, build_facts, merge


def commands(name: str, base: str, **facts: Any) -> list[str]:
    """The commands of the cure on that machine."""
    finding = Finding(
        code="XX001",
        name=name,
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        subject="machine",
        message=name,
        evidence=(),
        source=None,
    )
    steps = remedy_for(finding, build_facts(merge(bases()[base], facts))).actions
    return [" ".join(step.argv) for step in steps if isinstance(step, Run)]


@pytest.mark.parametrize(
    ("os", "expected"),
    [
        ({"id": "ubuntu", "version_id": "22.04"}, "apt-get install -y nvidia-container-toolkit"),
        ({"id": "rocky", "id_like": ["rhel"], "version_id": "9.4"}, "dnf install -y nvidia-container-toolkit"),
    ],
)
def test_the_toolkit_comes_by_the_distributions_manager(os: dict[str, Any], expected: str) -> None:
    assert expected in commands("container-toolkit-missing", "server", os=os)


@pytest.mark.parametrize("base", ["container", "wsl", "jetson"])
def test_in_there_it_is_told_in_words(base: str) -> None:
    assert commands("container-toolkit-missing", base) == []


@pytest.mark.parametrize(
    ("os", "expected"),
    [
        ({"id": "ubuntu", "version_id": "18.04", "arch": "x86_64"}, "ubuntu1804/x86_64/cuda-keyring_1.0-1_all.deb"),
        ({"id": "ubuntu", "version_id": "22.04", "arch": "aarch64"}, "ubuntu2204/sbsa/cuda-keyring_1.1-1_all.deb"),
    ],
)
def test_the_keyring_is_that_of_this_release(os: dict[str, Any], expected: str) -> None:
    assert any(one.endswith(expected) for one in commands("apt-nvidia-key-rotated", "server", os=os))


def test_an_unknown_release_is_told_in_words() -> None:
    assert commands("apt-nvidia-key-rotated", "server", os={"id": "linuxmint", "version_id": "21.3"}) == []
