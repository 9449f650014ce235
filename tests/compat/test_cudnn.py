"""The cuDNN of each build, and the GPUs that it supports."""

from __future__ import annotations

import pytest

from cudadoctor.compat import cudnn
from cudadoctor.compat._tables import table
from cudadoctor.versions import ComputeCapability, CudaVersion


@pytest.mark.parametrize(
    ("torch", "cuda", "channel", "version"),
    [
        ("2.3.1", "11.8", "pip", "8.7.0.84"),
        ("2.4.1+cu118", "11.8", "pip", "9.1.0.70"),
        ("2.5.1", "12.1", "conda", "9.1.0.70"),
        ("2.14.1", "12.6", "pip", "9.10.2.21"),
        ("2.13.0", "12.9", "conda-forge", "9.10.2.21"),
        ("2.13.0", "13.0", "conda-forge", None),  # whatever is the newest
        ("1.4.0", "10.1", "pip", None),
    ],
)
def test_what_a_build_includes(torch: str, cuda: str, channel: str, version: str | None) -> None:
    parsed = CudaVersion.parse(cuda)
    assert parsed is not None
    assert cudnn.bundled(torch, parsed, channel) == version


@pytest.mark.parametrize(
    ("version", "oldest"),
    [
        ("8.7.0.84", None),
        ("8.9.2.26", "5.0"),
        ("9.1.0.70", "5.0"),
        ("9.10.2.21", "5.0"),
        ("9.11.0", "7.5"),
        ("9.24", "7.5"),
    ],
)
def test_the_oldest_gpu_of_a_cudnn(version: str, oldest: str | None) -> None:
    found = cudnn.floor(version)
    assert (str(found.oldest) if found is not None else None) == oldest
    if found is not None:
        assert found.source.url.startswith("https://")
        assert found.source.read_on


def test_a_kepler_has_no_convolutions_from_torch_2_4_on() -> None:
    k80, maxwell, cuda = ComputeCapability(3, 7), ComputeCapability(5, 2), CudaVersion(11, 8)
    assert cudnn.too_old_for_bundled("2.3.1", cuda, k80) is None
    missed = cudnn.too_old_for_bundled("2.4.0", cuda, k80)
    assert missed is not None
    assert missed.oldest == ComputeCapability(5, 0)
    assert cudnn.too_old_for_bundled("2.4.0", cuda, maxwell) is None


def test_no_build_with_code_for_a_gpu_since_maxwell_lacks_a_cudnn_for_it() -> None:
    """PyTorch holds cuDNN back where it still builds for old GPUs: the tables must agree with each other."""
    from cudadoctor.compat import arch, torch_builds

    for release, cuda, _ in table("cudnn")["builds"]:
        parsed = CudaVersion.parse(cuda)
        assert parsed is not None
        built = torch_builds.built_arch_list(release, parsed)
        for text in ("5.0", "6.1", "7.0", "7.5"):
            capability = ComputeCapability.parse(text)
            assert capability is not None
            if built and arch.runs(capability, built) == "binary":
                assert cudnn.too_old_for_bundled(release, parsed, capability) is None, (release, cuda, text)
