"""Runs every recogniser over a paste. One that raises is a bug of ours, noted as a gap; the others go on."""

from __future__ import annotations

import importlib

from cudadoctor.intake.draft import Draft

RECOGNISERS: tuple[tuple[str, str], ...] = (
    # module here, and the words of which at least one must be in the text (lower case)
    (
        "smi",
        "nvidia-smi|nvidia_smi|driver version|gpu uuid|(uuid:|product name|nvml|kmd |mib|(s/n:|pci.bus_id|rows",
    ),
    ("collect_env", "pytorch version|cuda used to build"),
    (
        "system",
        "/users/|osx-|homebrew|tegra|centos|fedora|red hat|rhel|suse|manjaro|nixos|gentoo|void|secure boot|"  # noqa: ISC004
        "uname|linux|ubuntu|debian|release|windows|mac|darwin|wsl|os:|glibc|ldd |secureboot|jetson|apple|pop!|@|kernel",
    ),
    ("kernel", "nvrm|xid|nvidia|nouveau|lsmod|module"),
    ("packages", "torch|nvidia-|numpy|cuda"),
    ("transcript", "torch|python|site-packages"),
    ("toolkit", "nvcc|cuda compilation tools|gcc|g++"),
    ("shell", "cuda|ld_library_path|path|/dev/nvidia|ulimit|shm|nccl|nvidia"),
    ("docker", "docker run|docker create|docker container|podman|nerdctl|nvidia-docker|runtime:|driver: |nvidia_"),
    ("bus", "vga|3d controller|display controller|10de|kernel driver in use|radeon|amd|intel|rx|gfx|rocm"),
    ("names", "nvidia|geforce|gt|rtx|tesla|quadro|titan|gpu|capability|driver|100|l4|a40|a10|t4|h20|50|60|70|80|90"),
    ("codes", "cuda|cuinit"),
    ("values", "torch|available|driver"),
)


def recognise(draft: Draft) -> None:
    """Fill the draft from everything that is known in its text."""
    lowered = draft.paste.lowered
    for name, words in RECOGNISERS:
        if not any(word in lowered for word in words.split("|")):
            continue
        try:
            importlib.import_module(f"cudadoctor.intake.reports.{name}").recognise(draft)
        except Exception as error:  # noqa: BLE001
            draft.gap("paste", f"reading it failed, a bug in cudadoctor ({name}: {type(error).__name__}: {error})")
