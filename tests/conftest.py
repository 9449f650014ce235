"""What tests of several areas share: planted machines, the python of a real torch, and reasons to skip."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # `import tests.machines`: the import mode importlib adds no path by itself

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background by a shell without job control
    signal.signal(signal.SIGINT, signal.default_int_handler)  # else what the tests interrupt would not hear it


REAL_MACHINES = ROOT / "tests" / "plan" / "real"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What makes whole machines is slow, each test of it."""
    for item in items:
        if REAL_MACHINES in item.path.parents:
            item.add_marker("slow")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of other people's recordings and facts beside the checkout; skips where there is none."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no folder `shared` beside the checkout: its recordings are not part of the project")
    return folder


@pytest.fixture(scope="session")
def torch_python() -> str:
    """A python with a real torch, named by CUDADOCTOR_TORCH_PYTHON; skips where it is not set."""
    path = os.environ.get("CUDADOCTOR_TORCH_PYTHON")
    if not path:
        pytest.skip("CUDADOCTOR_TORCH_PYTHON names no python with a real torch")
    return path


@pytest.fixture(scope="session")
def needs_mounts() -> None:
    """Skips where a mount namespace cannot be made: not root, or not allowed in this container."""
    try:
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", "mount -t tmpfs none /mnt"],
            capture_output=True,
            check=False,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"no mount namespace: {error}")
    if done.returncode != 0:
        pytest.skip(f"no mount namespace: {done.stderr.decode(errors='replace').strip()}")
