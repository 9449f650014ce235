"""Device nodes and their opening."""

from __future__ import annotations

from cudadoctor.host.base import Denied, Failed, Refusal
from cudadoctor.probes import nodes
from cudadoctor.probes.base import Clock, Request

from .fake import FakeHost, identity


def errnos(host: FakeHost) -> dict[str, int | None]:
    found = nodes.probe(host, Request(), Clock(60))
    assert found.value is not None
    return {node.path: node.errno for node in found.value}


def test_control_nodes_are_opened_and_gpus_are_not_started() -> None:
    host = FakeHost(
        nodes={
            "/dev/nvidia0": (0o666, 0, 0, 0),
            "/dev/nvidiactl": (0o666, 0, 0, 0),
            "/dev/nvidia-uvm": (0o666, 0, 0, 5),
            "/dev/nvidia-uvm-tools": (0o666, 0, 0, 0),
            "/dev/nvidia-modeset": (0o666, 0, 0, 0),
        }
    )
    assert errnos(host) == {
        "/dev/nvidia0": None,
        "/dev/nvidiactl": 0,
        "/dev/nvidia-uvm": 5,
        "/dev/nvidia-uvm-tools": None,
        "/dev/nvidia-modeset": None,
    }
    assert host.opened == ["/dev/nvidia-uvm", "/dev/nvidiactl"]


def test_a_gpu_that_its_mode_forbids_is_really_tried() -> None:
    host = FakeHost(nodes={"/dev/nvidia0": (0o600, 0, 0, 13), "/dev/nvidiactl": (0o600, 0, 0, 13)})
    assert errnos(host) == {"/dev/nvidia0": 13, "/dev/nvidiactl": 13}


def test_a_group_that_may_is_not_tried() -> None:
    host = FakeHost(nodes={"/dev/nvidia0": (0o660, 0, 44, 13), "/dev/nvidiactl": (0o660, 0, 44, 13)})
    assert errnos(host) == {"/dev/nvidia0": None, "/dev/nvidiactl": 13}


def test_root_and_the_owner_may_whatever_the_rest_says() -> None:
    node = {"/dev/nvidia0": (0o600, 1000, 0, 0)}
    assert errnos(FakeHost(nodes=node)) == {"/dev/nvidia0": None}
    assert errnos(FakeHost(nodes=node, who=identity(uid=0))) == {"/dev/nvidia0": None}
    assert errnos(FakeHost(nodes=node, who=Failed("identity"))) == {"/dev/nvidia0": None}


def test_mode_and_owner_are_kept() -> None:
    found = nodes.probe(FakeHost(nodes={"/dev/nvidiactl": (0o660, 0, 44, 13)}), Request(), Clock(60))
    assert found.value is not None
    assert [(node.mode, node.uid, node.gid) for node in found.value] == [(0o660, 0, 44)]


def test_what_is_no_device_is_left_out() -> None:
    assert errnos(FakeHost(files={"/dev/nvidia-caps/nvidia-cap1": "", "/dev/nvidia0": "a file"})) == {}


def test_the_paravirtual_gpu_of_wsl() -> None:
    assert errnos(FakeHost(nodes={"/dev/dxg": (0o666, 0, 0, 0)})) == {"/dev/dxg": 0}


def test_none_is_an_answer() -> None:
    assert nodes.probe(FakeHost(), Request(), Clock(60)).value == ()


def test_a_directory_that_cannot_be_listed_is_a_gap() -> None:
    found = nodes.probe(FakeHost(refusing={"/dev/nvidia*": Denied("/dev")}), Request(), Clock(60))
    assert (found.value, [gap.fact for gap in found.gaps]) == (None, ["nodes"])


def test_an_open_that_is_refused_is_not_known() -> None:
    class Stubborn(FakeHost):
        def opens(self, path: str, *, write: bool) -> object:  # type: ignore[override]
            raise Refusal(path)

    assert errnos(Stubborn(nodes={"/dev/nvidiactl": (0o666, 0, 0, 0)})) == {"/dev/nvidiactl": None}
