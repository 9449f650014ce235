"""Jetson boards: who publishes torch for each. The software comes with JetPack, and driver numbers are its own."""

from __future__ import annotations

from msgspec import Struct

from cudadoctor.compat.source import Source
from cudadoctor.versions import ComputeCapability, CudaVersion

_READ_ON = "2026-12-01"


class JetsonTorch(Struct, frozen=True, kw_only=True):
    """What a generation of boards installs torch from."""

    board: str
    """The word in the board's name: `orin`."""
    capability: ComputeCapability
    jetpack: str
    """The JetPack that the builds are for."""
    cuda: CudaVersion | None
    index: str | None
    """NVIDIA's index; None: PyTorch's own wheels run on it, or there are only NVIDIA's single files."""
    upstream: bool
    """PyTorch's own wheels for aarch64 have code for it."""
    source: Source


_ROWS = (
    JetsonTorch(
        board="thor",
        capability=ComputeCapability(11, 0),
        jetpack="7",
        cuda=CudaVersion(13, 0),
        index=None,
        upstream=True,
        source=Source(
            title="OpenRAL/openral#167: torch of the cu130 index on a Jetson Thor",
            url="https://github.com/OpenRAL/openral/pull/167",
            read_on=_READ_ON,
        ),
    ),
    JetsonTorch(
        board="orin",
        capability=ComputeCapability(8, 7),
        jetpack="6",
        cuda=CudaVersion(12, 6),
        index="https://pypi.jetson-ai-lab.io/jp6/cu126",
        upstream=False,
        source=Source(
            title="pytorch/TensorRT#3453: NVIDIA's wheels for JetPack 6.2",
            url="https://github.com/pytorch/TensorRT/pull/3453",
            read_on=_READ_ON,
        ),
    ),
    *(
        JetsonTorch(
            board=board,
            capability=capability,
            jetpack=jetpack,
            cuda=None,
            index=None,
            upstream=False,
            source=Source(
                title="NVIDIA: installing PyTorch for the Jetson platform",
                url="https://docs.nvidia.com/deeplearning/frameworks/install-pytorch-jetson-platform/index.html",
                read_on=_READ_ON,
            ),
        )
        for board, capability, jetpack in (
            ("xavier", ComputeCapability(7, 2), "5"),
            ("tx2", ComputeCapability(6, 2), "4"),
            ("nano", ComputeCapability(5, 3), "4"),
            ("tx1", ComputeCapability(5, 3), "4"),
        )
    ),
)


def torch_for(board: str) -> JetsonTorch | None:
    """The row of a board by its name (`NVIDIA Jetson AGX Orin Developer Kit`), or None."""
    words = board.lower().replace("-", " ").split()
    return next((one for one in _ROWS if one.board in words), None)


def board_of(capability: ComputeCapability) -> JetsonTorch | None:
    """The row of a capability that only Jetsons have, or None."""
    return next((one for one in _ROWS if one.capability == capability), None)
