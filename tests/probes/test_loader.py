"""The loader's cache, LD_LIBRARY_PATH, preloads and configured directories."""

from __future__ import annotations

import pytest

from cudadoctor.facts.shell import LoaderEntry, LoaderFacts
from cudadoctor.probes import loader
from cudadoctor.probes.base import Clock, Request
from tests.machines.tree import hangs, prints
from tests.machines.virtual import VirtualHost
from tests.probes.disk import ELF, HOME, machine

CACHE = """3 libs found in cache `/etc/ld.so.cache'
\tlibcuda.so.1 (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/libcuda.so.1
\tlibcuda.so.1 (libc6) => /usr/lib/i386-linux-gnu/libcuda.so.1
\tlibcudart.so.12 (libc6,x86-64) => /usr/local/cuda/lib64/libcudart.so.12
\tlibc.so.6 (libc6,x86-64) => /lib/x86_64-linux-gnu/libc.so.6
"""


def look(host: VirtualHost) -> LoaderFacts:
    found = loader.probe(host, Request(), Clock(60))
    assert found.value is not None
    return found.value


@pytest.mark.parametrize("program", ["/usr/bin/ldconfig", "/sbin/ldconfig", "/usr/sbin/ldconfig"])
def test_cache(program: str) -> None:
    host = machine(
        {"/usr/lib/x86_64-linux-gnu/libcuda.so.535.104": ELF},
        links={"/usr/lib/x86_64-linux-gnu/libcuda.so.1": "libcuda.so.535.104"},
        programs={program: prints(CACHE)},
    )
    driver = "/usr/lib/x86_64-linux-gnu/libcuda.so"
    assert look(host).cache == (
        LoaderEntry(soname="libcuda.so.1", path=f"{driver}.1", real_path=f"{driver}.535.104"),
        LoaderEntry(soname="libcudart.so.12", path="/usr/local/cuda/lib64/libcudart.so.12"),
    )


def test_an_empty_cache_is_known_to_be_empty() -> None:
    found = loader.probe(machine(programs={"/sbin/ldconfig": prints("0 libs found in cache\n")}), Request(), Clock(60))
    assert found.value is not None
    assert (found.value.cache, found.gaps) == ((), ())


@pytest.mark.parametrize("program", [None, hangs(), prints(status=1, stderr="ldconfig: unrecognized option: p\n")])
def test_a_cache_that_cannot_be_asked_is_a_gap(program: object) -> None:
    programs = {} if program is None else {"/sbin/ldconfig": program}
    found = loader.probe(machine(programs=programs), Request(), Clock(60))  # type: ignore[arg-type]
    assert [gap.fact for gap in found.gaps] == ["loader.cache"]
    assert found.value is not None


def test_libraries_in_ld_library_path_in_its_order() -> None:
    files = {
        "/b/libcudnn.so.8.9.2": ELF,
        "/b/libz.so.1": ELF,
        "/b/libcudart-1b201d85.so.10.1": ELF,
        "/a/libnvJitLink.so.12": ELF,
        "~/work/libcuda.so.1": ELF,
        "/a/libcuda_helper.so": ELF,
    }
    host = machine(
        files, links={"/b/libcudnn.so.8": "libcudnn.so.8.9.2"}, env={"LD_LIBRARY_PATH": "/b:/a/;/b::/nowhere"}
    )
    found = look(host).path_libraries
    assert [one.path for one in found] == [
        "/b/libcudart-1b201d85.so.10.1",
        "/b/libcudnn.so.8",
        "/b/libcudnn.so.8.9.2",
        "/a/libnvJitLink.so.12",
        f"{HOME}/work/libcuda.so.1",
    ]
    assert found[1].real_path == "/b/libcudnn.so.8.9.2"


def test_no_variable_no_libraries() -> None:
    assert look(machine({"~/work/libcuda.so.1": ELF}, env={"LD_LIBRARY_PATH": ""})).path_libraries == ()


def test_preload() -> None:
    host = machine({"/etc/ld.so.preload": "/x/a.so # why\n/x/b.so\n"}, env={"LD_PRELOAD": "/y/c.so:/y/d.so e.so"})
    assert look(host).preload == ("/y/c.so", "/y/d.so", "e.so", "/x/a.so", "/x/b.so")


def test_configured_directories() -> None:
    files = {
        "/etc/ld.so.conf": "# c\ninclude /etc/ld.so.conf.d/*.conf\n/opt/lib\nhwcap 0 nosegneg\ninclude more/*.conf\n",
        "/etc/ld.so.conf.d/988_cuda-11.conf": "/usr/local/cuda-11/targets/x86_64-linux/lib\n",
        "/etc/ld.so.conf.d/libc.conf": "/usr/local/lib\n",
        "/etc/more/x.conf": "/x\n",
    }
    assert look(machine(files)).conf_dirs == (
        "/usr/local/cuda-11/targets/x86_64-linux/lib",
        "/usr/local/lib",
        "/opt/lib",
        "/x",
    )


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("libcuda.so.1", True),
        ("libnvidia-ml.so.1", True),
        ("libcublasLt.so.12", True),
        ("libcudnn_ops_infer.so.8", True),
        ("libnvrtc-builtins.so.12.1", True),
        ("libcusparseLt.so.0", True),
        ("libcudart.so", True),
        ("libcurl.so.4", False),
        ("libnvidia-glcore.so.535.1", False),
        ("libcuda.so.txt", False),
    ],
)
def test_names(name: str, wanted: bool) -> None:
    assert loader.is_cuda_library(name) is wanted
