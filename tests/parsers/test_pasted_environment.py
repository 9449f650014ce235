"""Variables and limits in the forms in which people paste them."""

# ruff: noqa: E501  the texts of tools are long lines
from __future__ import annotations

import time

import pytest

from cudadoctor.parsers import pasted_environment, pasted_limits
from cudadoctor.probes.variables import matters


def values(text: str) -> list[tuple[str, str | None, str]]:
    return [(one.name, one.value, one.kind) for one in pasted_environment.parse(text, matters)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("export CUDA_HOME=/usr/local/cuda-11.8", [("CUDA_HOME", "/usr/local/cuda-11.8", "exported")]),
        ('$ export CUDA_HOME="/usr/local/cuda"', [("CUDA_HOME", "/usr/local/cuda", "exported")]),
        ("> export PATH=/usr/local/cuda/bin:$PATH", [("PATH", "/usr/local/cuda/bin:$PATH", "exported")]),
        ("CUDA_VISIBLE_DEVICES=1", [("CUDA_VISIBLE_DEVICES", "1", "printed")]),
        ("CUDA_VISIBLE_DEVICES=", [("CUDA_VISIBLE_DEVICES", "", "printed")]),
        ("CUDA_VISIBLE_DEVICES=0,3 python train.py", [("CUDA_VISIBLE_DEVICES", "0,3", "inline")]),
        ("os.environ['CUDA_VISIBLE_DEVICES'] = '1'", [("CUDA_VISIBLE_DEVICES", "1", "python")]),
        ('    os.environ["CUDA_VISIBLE_DEVICES"]="-1"', [("CUDA_VISIBLE_DEVICES", "-1", "python")]),
        ("os.environ.setdefault('CUDA_HOME', '/opt/cuda')", [("CUDA_HOME", "/opt/cuda", "python")]),
        ("os.putenv('CUDA_VISIBLE_DEVICES', '2')", [("CUDA_VISIBLE_DEVICES", "2", "python")]),
        ("os.environ['CUDA_VISIBLE_DEVICES'] = str(args.gpu)", []),
        ("# os.environ['CUDA_VISIBLE_DEVICES'] = '1'", []),
        ("if CUDA_HOME == None:", []),
        ("docker run -e NVIDIA_VISIBLE_DEVICES=all -it image", [("NVIDIA_VISIBLE_DEVICES", "all", "container")]),
        ("ENV NVIDIA_DRIVER_CAPABILITIES compute,utility", [("NVIDIA_DRIVER_CAPABILITIES", "compute,utility", "container")]),
        ("set -gx CUDA_HOME /opt/cuda", [("CUDA_HOME", "/opt/cuda", "exported")]),
        ("setenv CUDA_HOME /opt/cuda", [("CUDA_HOME", "/opt/cuda", "exported")]),
        ('$env:CUDA_VISIBLE_DEVICES = "0"', [("CUDA_VISIBLE_DEVICES", "0", "inline")]),
        ("unset CUDA_VISIBLE_DEVICES", [("CUDA_VISIBLE_DEVICES", None, "removed")]),
        ("$ echo $CUDA_HOME\n/usr/local/cuda:/usr/local/cuda", [("CUDA_HOME", "/usr/local/cuda:/usr/local/cuda", "echoed")]),
        ("$ echo $CUDA_HOME\n\n$ ls", []),
        ("export CUDA_HOME=/path/to/cuda", []),
        ("For debugging consider passing CUDA_LAUNCH_BLOCKING=1.", []),
        ("try setting PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True to avoid fragmentation.", []),
        ("export CUDA_HOME=<your cuda>", []),
        ("export AWS_SECRET=x HOME=/home/x", []),
        ("NCCL_DEBUG=INFO NCCL_P2P_DISABLE=1 torchrun x.py", [("NCCL_DEBUG", "INFO", "inline"), ("NCCL_P2P_DISABLE", "1", "inline")]),
    ],
)  # fmt: skip
def test_variables(text: str, expected: list[tuple[str, str | None, str]]) -> None:
    assert values(text) == expected


def test_a_value_that_names_others_says_so() -> None:
    first, second = pasted_environment.parse("export CUDA_HOME=$CUDA_HOME:/x\nexport CUDA_PATH=/x", matters)
    assert first.unexpanded
    assert not second.unexpanded
    assert (first.line, second.line) == (1, 2)


BASH = """core file size          (blocks, -c) 0
max locked memory       (kbytes, -l) 65536
open files                      (-n) 1024
virtual memory          (kbytes, -v) unlimited
"""


def test_ulimits() -> None:
    read = pasted_limits.ulimits(BASH)
    assert read is not None
    assert (read.locked_memory, read.address_space, read.open_files) == (64 << 20, None, 1024)
    assert set(read.named) == {"locked_memory", "address_space", "open_files"}
    short = pasted_limits.ulimits("$ ulimit -l\n64\n")
    assert short is not None
    assert short.locked_memory == 64 << 10
    process = pasted_limits.ulimits("Max locked memory         8388608              8388608              bytes     ")
    assert process is not None
    assert process.locked_memory == 8 << 20
    assert pasted_limits.ulimits("nothing of it") is None


def test_df() -> None:
    text = "Filesystem      Size  Used Avail Use% Mounted on\nshm              64M   64M     0 100% /dev/shm\noverlay         916G  700G  170G  81% /\n"
    assert [(one.at, one.size, one.free) for one in pasted_limits.file_systems(text)] == [("/dev/shm", 64 << 20, 0), ("/", 916 << 30, 170 << 30)]  # fmt: skip
    blocks = "Filesystem 1K-blocks  Used Available Use% Mounted on\ntmpfs          65536     0     65536   0% /dev/shm"
    assert pasted_limits.file_systems(blocks)[0].size == 64 << 20
    assert pasted_limits.file_systems("tmpfs tmpfs 7.8G 12M 7.8G 1% /dev/shm")[0].free == int(7.8 * (1 << 30))


def test_free() -> None:
    text = "               total        used        free      shared  buff/cache   available\nMem:           7,7Gi       2,0Gi       3,4Gi       100Mi       2,3Gi       5,2Gi\nSwap:          2,0Gi          0B       2,0Gi\n"
    read = pasted_limits.memory(text)
    assert read is not None
    assert (read.total >> 20, read.available and read.available >> 20, read.swap) == (7884, 5324, 2 << 30)
    megabytes = pasted_limits.memory("$ free -m\nMem: 7977 2048 3481 100 2355 5324\nSwap: 0 0 0")
    assert megabytes is not None
    assert (megabytes.total, megabytes.swap) == (7977 << 20, 0)


def test_device_nodes() -> None:
    text = "crw-rw-rw- 1 root root 195,   0 Jan  1 10:00 /dev/nvidia0\ncrw-rw---- 1 root video 195, 255 Jan  1 10:00 /dev/nvidiactl\nls: cannot access '/dev/nvidia-uvm': No such file or directory\ndrwxr-xr-x 2 root root 80 Jan  1 10:00 /dev/nvidia-caps"
    found = pasted_limits.device_nodes(text)
    assert [(one.path, oct(one.mode), one.group, one.major, one.minor) for one in found] == [
        ("/dev/nvidia0", "0o666", "root", 195, 0),
        ("/dev/nvidiactl", "0o660", "video", 195, 255),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0", ("gcc", "gcc", 11)),
        ("g++-8 (Debian 8.3.0-6) 8.3.0", ("g++-8", "gcc", 8)),
        ("gcc version 9.4.0 (Ubuntu 9.4.0-1ubuntu1~20.04.1)", ("gcc", "gcc", 9)),
        ("Ubuntu clang version 14.0.0-1ubuntu1", ("clang", "clang", 14)),
    ],
)
def test_compilers(text: str, expected: tuple[str, str, int]) -> None:
    (one,) = pasted_limits.compilers(text)
    assert (one.name, one.kind, one.major) == expected


@pytest.mark.parametrize("piece", ["a=", "export ", "CUDA_HOME='", "echo $", " 1", "crw-rw-rw- ", "( ", "gcc (", "1G "])
def test_linear(piece: str) -> None:
    text = (piece * 200000)[:1000000]
    start = time.monotonic()
    pasted_environment.parse(text, matters)
    for read in (pasted_limits.ulimits, pasted_limits.file_systems, pasted_limits.memory, pasted_limits.device_nodes, pasted_limits.compilers):  # fmt: skip
        read(text)
    assert time.monotonic() - start < 5
