"""The files that tell a toolkit's version."""

from __future__ import annotations

import json

import pytest

from cudadoctor.parsers import toolkit_version as tv
from cudadoctor.versions import ToolkitVersion


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps({"cuda": {"name": "CUDA SDK", "version": "11.4.1"}}), ToolkitVersion(11, 4, 1)),
        (json.dumps({"cuda": {"version": "11.8.20220929"}}), ToolkitVersion(11, 8)),
        (json.dumps({"cuda_nvcc": {"version": "12.4.131"}}), ToolkitVersion(12, 4, 131)),
        (json.dumps({"cuda": {}, "cuda_nvcc": {"version": 3}}), None),
        ("[]", None),
        ("{", None),
        ("[" * 100_000, None),
        ("", None),
    ],
)
def test_version_json(text: str, expected: ToolkitVersion | None) -> None:
    assert tv.version_json(text) == expected


def test_version_txt() -> None:
    assert tv.version_txt("CUDA Version 10.1.243\n") == ToolkitVersion(10, 1, 243)
    assert tv.version_txt("CUDA Version 10.1.105\nCUDA Patch Version 10.1.105.1\n") == ToolkitVersion(10, 1, 105)
    assert tv.version_txt("nothing") is None


def test_cuda_h() -> None:
    assert tv.cuda_h("/* x */\n#define CUDA_VERSION 10010\n") == ToolkitVersion(10, 1)
    assert tv.cuda_h("  # define  CUDA_VERSION\t13000 /* x */") == ToolkitVersion(13, 0)
    assert tv.cuda_h("#define __CUDA_API_VERSION 3020\n//define CUDA_VERSION 9000") is None


def test_cudart_name() -> None:
    assert tv.cudart_name("/x/libcudart.so.12.1.105") == ToolkitVersion(12, 1, 105)
    assert tv.cudart_name("/x/libcudart.so.10.1") == ToolkitVersion(10, 1)
    assert tv.cudart_name("/x/libcudart.so.12") is None
