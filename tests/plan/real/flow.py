"""The one command for the reference flow on these parts, and what must be there after it."""

from __future__ import annotations

from tests.plan.real import conda, repository
from tests.plan.real.channel import GPU_BUILD
from tests.plan.real.machine import Machine

INSTALL = (
    *("install", "--cuda", "10.1", "--torch", "1.4.0", "--python", "3.7", "--manager", "conda", "--toolkit"),
    *("--local-repo", f"/media/cuda/{repository.FILE}", "--conda-installer", f"/media/{conda.FILE}"),
    *("--channel", "file:///media/channel", "--no-smoke"),
)
APPLY = (*INSTALL, "--apply", "--yes")
ROOT = "/root/miniforge3"
ENV = f"{ROOT}/envs/torch-1.4.0-cu101"

_TIMES = ("conda-meta/history", "/.bashrc.bak", "/.conda/environments.txt")
"""Ends of paths of files that hold the time of day or an order: compared is that they are there, not what they hold."""


def state(machine: Machine) -> dict[str, str]:
    """What two machines that came to the same end have in common: files, packages."""
    found = {
        path: what.split(" ")[0] if path.endswith(_TIMES) or "/conda-meta/" in path or "/pkgs/" in path else what
        for path, what in machine.tree().items()
        if "__pycache__" not in path
    }
    return found | {f"package {name}": what for name, what in machine.packages().items()}


def assert_same(before: dict[str, str], after: dict[str, str], when: str = "") -> None:
    """Fails with every difference in words."""
    names = sorted(name for name in set(before) | set(after) if before.get(name) != after.get(name))
    rows = [f"{name}: {before.get(name, 'not there')} → {after.get(name, 'not there')}" for name in names]
    assert not rows, "\n".join([f"{when}: {len(rows)} differences", *rows[:40]])


def assert_installed(machine: Machine) -> None:
    """The planned environment and toolkit are there, and no driver came with them."""
    assert "release 10.1, V10.1.105" in machine.run("/usr/local/cuda-10.1/bin/nvcc", "--version").out
    listed = machine.run(f"{ROOT}/bin/conda", "list", "-p", ENV).out
    assert GPU_BUILD in listed
    assert "py37_cu101" in listed
    packages = machine.packages()
    assert packages["cuda-toolkit-10-1"].endswith("ii ")
    assert not [name for name in packages if name.startswith(("cuda-drivers", "cuda-runtime"))]
    assert not machine.file("/etc/apt/trusted.gpg").exists()
    assert machine.run("bash", "-ic", "command -v nvcc").out.strip().endswith("/usr/local/cuda-10.1/bin/nvcc")
