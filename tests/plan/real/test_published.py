"""The flow as NVIDIA and the blog printed it, run for real: where it stops, and what it drags in."""

from __future__ import annotations

from collections.abc import Callable

from tests.plan.real import repository
from tests.plan.real.machine import Machine

Fresh = Callable[[], Machine]


def test_lists_before_the_key_are_refused(minimal: Fresh) -> None:
    box = minimal()
    assert box.run("dpkg", "-i", f"/mnt/{repository.FILE}").code == 0
    update = box.run("apt-get", "update")
    assert update.code == 100
    assert "NO_PUBKEY" in update.text
    assert box.run("apt-get", "install", "-y", "cuda").code == 100


def test_without_gnupg_the_key_cannot_be_added(minimal: Fresh) -> None:
    box = minimal()
    assert box.run("dpkg", "-i", f"/mnt/{repository.FILE}").code == 0
    added = box.run("apt-key", "add", repository.KEY)
    assert added.code != 0
    assert "gnupg" in added.text


def test_with_gnupg_it_runs_and_brings_a_driver_that_nobody_asked_for(with_gnupg: Fresh) -> None:
    box = with_gnupg()
    for line in (
        ("dpkg", "-i", f"/mnt/{repository.FILE}"),
        ("apt-key", "add", repository.KEY),
        ("apt-get", "update"),
        ("apt-get", "install", "-y", "cuda"),
    ):
        done = box.run(*line, env={"DEBIAN_FRONTEND": "noninteractive"})
        assert done.code == 0, done.text
    assert "release 10.1, V10.1.105" in box.run("/usr/local/cuda/bin/nvcc", "--version").out
    assert repository.DRIVER in box.packages()["cuda-drivers"]
    trusted = box.run("apt-key", "list").out
    assert "cudatools" in trusted, "trusted for every source, not for this one alone"


def test_debian_13_has_no_apt_key_and_a_key_for_one_source_does_without(newer: Fresh) -> None:
    box = newer()
    assert box.run("dpkg", "-i", f"/mnt/{repository.FILE}").code == 0
    added = box.run("sh", "-c", f"apt-key add {repository.KEY}")
    assert (added.code, "not found" in added.text) == (127, True)
    ring = "/usr/share/keyrings/cuda-local.asc"
    assert box.run("install", "-m", "0644", repository.KEY, ring).code == 0
    box.write(repository.LIST, f"deb [signed-by={ring}] file://{repository.FOLDER} /\n")
    update = box.run("apt-get", "update")
    assert update.code == 0, update.text
    install = ("apt-get", "install", "-y", "--no-install-recommends", "cuda-toolkit-10-1")
    assert box.run(*install, env={"DEBIAN_FRONTEND": "noninteractive"}).code == 0
    assert "cuda-drivers" not in box.packages()
