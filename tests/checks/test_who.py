"""Every cure, for every kind of reader: nobody is told to do what he cannot do."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cudadoctor.checks.engine import registry
from cudadoctor.checks.engine.base import Confidence, Severity
from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.find import remedy_for
from cudadoctor.remedies.plan import ByHand, Remedy, Run, WriteFile
from cudadoctor.remedies.who import reader
from tests.checks.loader import bases, build_facts, merge

NAMES = [check.name for check in registry.all_checks()]
CODES = {check.name: check.code for check in registry.all_checks()}
READERS: dict[str, tuple[str, dict[str, Any]]] = {
    "root": ("no-driver", {"os": {"uid": 0, "groups": ["root"]}}),
    "sudo": ("no-driver", {"os": {"uid": 1000, "groups": ["u", "sudo"]}}),
    "user": ("no-driver", {"os": {"uid": 1000, "groups": ["u", "video"]}}),
    "cluster": (
        "no-driver",
        {
            "os": {"uid": 1000, "groups": ["students"]},
            "limits": {"scheduler": "slurm"},
            "shell": {"variables": {"LMOD_CMD": "/opt/lmod"}},
        },
    ),
    "image": ("bare-container", {"os": {"uid": 1000, "groups": ["app"]}}),
    "nixos": ("no-driver", {"os": {"uid": 1000, "id": "nixos", "groups": ["wheel"]}}),
    "ostree": ("no-driver", {"os": {"uid": 1000, "id": "bazzite", "id_like": ["fedora"], "groups": ["wheel"]}}),
    "unknown": ("no-driver", {}),
}
PACKAGES = re.compile(r"apt-get|dnf|zypper|pacman|dkms|ubuntu-drivers")


def facts_for(kind: str, **more: Any) -> Facts:
    base, changes = READERS[kind]
    return build_facts(merge(merge(bases()[base], changes), more))


def cure(name: str, facts: Facts, subject: str = "machine") -> Remedy:
    finding = Finding(
        code=CODES[name],
        name=name,
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        subject=subject,
        message=name,
        evidence=(),
        source=None,
    )
    return remedy_for(finding, facts)


def rooted(steps: tuple[ByHand, ...]) -> list[ByHand]:
    return [step for step in steps if step.needs_root and isinstance(step, (Run, WriteFile))]


@pytest.mark.parametrize("kind", READERS)
def test_readers_are_told_apart(kind: str) -> None:
    assert reader(facts_for(kind)) == kind


@pytest.mark.parametrize("name", NAMES)
def test_who_has_no_root_gets_no_step_that_needs_it(name: str) -> None:
    subjects = ("machine", "gpu:0", "env:/home/u/ml", "toolkit:/usr/local/cuda", "file:/x:1")
    for kind in ("user", "cluster", "image"):
        for subject in subjects:
            found = cure(name, facts_for(kind), subject)
            assert found.actions
            assert not any(step.needs_root for step in found.actions), (kind, found.actions)
            assert not found.summary.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_packages_of_managed_systems_are_left_alone(name: str) -> None:
    for kind in ("nixos", "ostree"):
        for step in rooted(cure(name, facts_for(kind)).actions):
            assert not isinstance(step, Run) or not PACKAGES.search(step.argv[0]), step


@pytest.mark.parametrize("name", NAMES)
def test_who_has_root_is_given_the_commands(name: str) -> None:
    """The wrapper takes nothing from root and from a member of sudo."""
    as_root, as_sudo = (cure(name, facts_for(kind)) for kind in ("root", "sudo"))
    assert [step.argv for step in rooted(as_root.actions) if isinstance(step, Run)] == [
        step.argv for step in rooted(as_sudo.actions) if isinstance(step, Run)
    ]


def test_the_administrator_gets_the_commands_in_one_message() -> None:
    found = cure("driver-not-installed", facts_for("user"))
    assert found.summary.startswith("Ask your administrator")
    (message,) = [step for step in found.actions if "Send them" in getattr(step, "text", "")]
    assert "`apt-get install -y " in getattr(message, "text", "")
    assert "Reboot" in getattr(message, "text", "")


def test_a_cluster_has_modules() -> None:
    found = cure("host-compiler-unsupported", facts_for("cluster"), "toolkit:/usr/local/cuda")
    assert any("module avail" in getattr(step, "text", "") for step in found.actions)


def test_root_in_a_container_is_told_that_it_does_not_last() -> None:
    toolkit = {"toolkits": [{"root": "/usr/local/cuda", "version": "12.4", "gcc_max": 13}]}
    facts = build_facts(merge(bases()["container"], {"os": {"uid": 0}, "toolkit": toolkit}))
    found = cure("host-compiler-unsupported", facts, "toolkit:/usr/local/cuda")
    assert any("image" in getattr(step, "text", "") for step in found.actions)


def test_a_paste_without_a_user_is_left_as_it_is() -> None:
    assert reader(Facts()) == "unknown"
    assert rooted(cure("driver-not-installed", facts_for("unknown")).actions)


def test_the_toolkit_of_torchs_cuda_is_installed_where_the_user_can() -> None:
    on_ubuntu = cure("cuda-home-missing", build_facts(bases()["server"]))
    assert any("cuda-toolkit-12-4" in step.argv for step in on_ubuntu.actions if isinstance(step, Run))
    there = {"toolkits": [{"root": "/usr/local/cuda-12.1", "version": "12.1"}]}
    named = cure("cuda-home-missing", build_facts(merge(bases()["server"], {"toolkit": there})))
    assert "/usr/local/cuda-12.1" in named.summary
    conda = {
        "envs": [{"kind": "conda", "active": True, "torch": {"version": "2.5.1", "cuda": "12.4"}}],
        "conda": {"executable": "/home/u/c/bin/conda"},
    }
    own = cure("cuda-home-missing", build_facts(merge(bases()["server"], conda)))
    assert not any(step.needs_root for step in own.actions)
    assert any("cuda-toolkit=12.4" in step.argv for step in own.actions if isinstance(step, Run))
    image = cure("cuda-home-missing", build_facts(bases()["container"]))
    assert any("-devel-" in getattr(step, "text", "") for step in image.actions)


def test_only_a_cache_of_the_users_own_is_given_back() -> None:
    facts = build_facts(bases()["server"])
    assert any(
        step.argv[0] == "chown"
        for step in cure("cache-dir-unwritable", facts, "file:/home/u/.triton").actions
        if isinstance(step, Run)
    )
    for path in ("/etc", "/home/u/../v/.triton", "/home/u", "/srv/.triton"):
        assert not rooted(cure("cache-dir-unwritable", facts, f"file:{path}").actions)
