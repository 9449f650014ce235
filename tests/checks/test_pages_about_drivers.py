"""What the pages say of drivers is what the tables say: packages, streams, branches and keys."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from cudadoctor.checks.engine import registry
from cudadoctor.checks.engine.docs import page
from cudadoctor.compat import drivers
from cudadoctor.versions import CudaVersion

TABLES: list[dict[str, Any]] = [
    json.loads(one.read_text("utf-8")) for one in files("cudadoctor.compat").joinpath("distros").iterdir()
]
WAYS = [way for table in TABLES for release in table["releases"].values() for way in release.get("driver", ())]
PACKAGES = {
    name for way in WAYS for key in ("open", "proprietary", "before", "fabric", "nvlink5") for name in way.get(key, ())
} | {way["repository_package"] for way in WAYS if "repository_package" in way}
STREAMS = {way[key] for way in WAYS for key in ("stream_open", "stream_proprietary") if key in way}
KEYS = {table["signing_key"] for table in TABLES}
PAGES = ("driver-not-installed", "gpu-dropped-by-driver", "secure-boot-unsigned-module", "driver-too-old-for-gpu")
_DRIVER = re.compile(
    r"(?<![\w-])(?:nvidia-driver-\d+[a-z-]*|nvidia-driver-pinning-\d+|nvidia-open[\w-]*|akmod-nvidia[\w-]*|cuda-drivers(?:-\d+)?"
    r"|nvidia-(?:open-)?driver-G0\d[\w-]*|nvidia-tesla-\d+-driver|nvidia-\d+xx-\w+|xorg-x11-drv-nvidia[\w-]*|openSUSE-repos-[\w-]+)"
)


def fix_of(name: str) -> str:
    check = registry.find(name)
    assert check is not None
    return page(check.doc).fix


@pytest.mark.parametrize("name", PAGES)
def test_packages_streams_and_keys_are_those_of_the_plans(name: str) -> None:
    text = fix_of(name)
    named = set(_DRIVER.findall(re.sub(r"linux-modules-nvidia-\S+", "", text)))
    assert named - PACKAGES - {"nvidia-open"} == set()
    assert set(re.findall(r"nvidia-driver:[\w-]+", text)) <= STREAMS
    assert set(re.findall(r"mokutil --import (/[\w./-]+)", text)) <= KEYS
    assert name == "secure-boot-unsigned-module" or "580" in text


def test_a_branch_named_for_a_cuda_serves_it() -> None:
    seen = 0
    for check in registry.all_checks():
        for branch, cuda in re.findall(r"branch (\d{3}) for CUDA (\d+\.\d+)", page(check.doc).fix):
            wanted = CudaVersion.parse(cuda)
            assert wanted is not None
            found = next(one for one in drivers.branches() if one.number == int(branch))
            assert found.cuda is not None
            assert (found.cuda.major, found.cuda.minor) == (wanted.major, wanted.minor), check.name
            seen += 1
    assert seen >= 3


def test_each_key_is_named_on_the_page_about_keys() -> None:
    text = fix_of("secure-boot-unsigned-module")
    assert all(key in text for key in KEYS if key is not None)
