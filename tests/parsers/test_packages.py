"""Lists of packages, repositories, apt's history, keys, and how containers are started."""

from __future__ import annotations

import base64
import time

import pytest

from cudadoctor.parsers import apt_conf, apt_history, apt_sources, docker_config, docker_words, openpgp, packages

# The sample Ed25519 key of the OpenPGP drafts.
ED25519 = base64.b64decode("mDMEU/NfCxYJKwYBBAHaRw8BAQdAPwmJlL3ZFu1AUxl5NOSofIBzOhKA1i+AEJkuQ+47JAY=")
ED25519_FINGERPRINT = "C959BDBAFA32A2F89A153B678CFDE12197965A9A"


def test_dpkg_query_keeps_what_is_there_and_how() -> None:
    text = (
        "nvidia-dkms-580\t580.95.05-0ubuntu1\tamd64\tiF \n"
        "libnvidia-compute-580\t580.95.05-0ubuntu1\tamd64\thi \n"
        "nvidia-driver-470\t470.256.02-0ubuntu1\tamd64\trc \n"
        "cuda\t\tamd64\tun \n"
    )
    found = packages.dpkg_query(text)
    assert [(one.name, one.state, one.held) for one in found] == [
        ("nvidia-dkms-580", "half-configured", False),
        ("libnvidia-compute-580", "installed", True),
    ]


def test_dpkg_list_in_any_text() -> None:
    text = (
        "$ dpkg -l | grep nvidia\n"
        "ii  libnvidia-compute-510:amd64      510.108.03-0ubuntu1     amd64        NVIDIA libcompute package\n"
        "rc  nvidia-kernel-source-470         470.161.03-0ubuntu1     amd64        NVIDIA kernel source package\n"
        "un  nvidia-kernel-source             <none>                  <none>       (no description available)\n"
        "ii I had a look at it\n"
    )
    assert [(one.name, one.version, one.arch) for one in packages.dpkg_list(text)] == [
        ("libnvidia-compute-510", "510.108.03-0ubuntu1", "amd64")
    ]


def test_rpm_in_both_forms() -> None:
    assert packages.rpm_query("nvidia-driver\t3:580.95.05-1.el9\tx86_64\n")[0].version == "3:580.95.05-1.el9"
    one = packages.rpm_query("nvidia-driver-cuda-libs-580.95.05-1.el9.x86_64\n")[0]
    assert (one.name, one.version, one.arch) == ("nvidia-driver-cuda-libs", "580.95.05-1.el9", "x86_64")


def test_pacman_folders() -> None:
    found = packages.pacman_folders(("/var/lib/pacman/local/lib32-nvidia-utils-580.95.05-1", "/x/docker-1:29.0.1-1"))
    assert [(one.name, one.version) for one in found] == [
        ("lib32-nvidia-utils", "580.95.05-1"),
        ("docker", "1:29.0.1-1"),
    ]


def test_one_line_sources() -> None:
    text = (
        "# deb https://x.example/a /\n"
        "deb [arch=amd64 signed-by=/usr/share/keyrings/k.gpg] https://joe:secret@x.example/cuda/ / # mine\n"
        "deb-src https://x.example/a stable main\n"
        "deb [ trusted=yes ] file:///var/cuda-repo /\n"
        "deb http://x.example/ubuntu jammy main universe\n"
    )
    found = apt_sources.one_line(text, "x.list")
    assert [(one.line, one.uri, one.suite, one.signed_by, one.arch, one.trusted) for one in found] == [
        (2, "https://x.example/cuda/", "/", "/usr/share/keyrings/k.gpg", "amd64", False),
        (4, "file:///var/cuda-repo", "/", None, None, True),
        (5, "http://x.example/ubuntu", "jammy", None, None, False),
    ]


def test_deb822_sources() -> None:
    text = (
        "Types: deb deb-src\nURIs: https://x.example/a https://y.example/b\nSuites: noble\n noble-updates\n"
        "Components: main\nSigned-By: /k.gpg\n\n"
        "Enabled: no\nTypes: deb\nURIs: https://off.example/\nSuites: /\n\n"
        "# a comment\nTypes: deb\nURIs: https://z.example/\nSuites: /\nSigned-By:\n -----BEGIN PGP PUBLIC KEY "
        "BLOCK-----\n .\n mDMEU\n"
    )
    found = apt_sources.deb822(text, "x.sources")
    assert [(one.line, one.uri, one.suite, one.signed_by) for one in found] == [
        (1, "https://x.example/a", "noble", "/k.gpg"),
        (1, "https://x.example/a", "noble-updates", "/k.gpg"),
        (1, "https://y.example/b", "noble", "/k.gpg"),
        (1, "https://y.example/b", "noble-updates", "/k.gpg"),
        (14, "https://z.example/", "/", "inline"),
    ]


def test_preferences() -> None:
    found = apt_sources.preferences("Package: *nvidia*\nPin: version 580.*\nPin-Priority: 1001\n\nPackage: x\n", "x")
    assert [(one.package, one.pin, one.priority) for one in found] == [("*nvidia*", "version 580.*", 1001)]


def test_history_tells_who_and_what() -> None:
    text = (
        "\nStart-Date: 2026-11-20  06:12:40\nCommandline: /usr/bin/unattended-upgrade\n"
        "Upgrade: libnvidia-compute-535:amd64 (535.1-0ubuntu1, 535.2-0ubuntu1), bash:amd64 (5.1, 5.2)\n"
        "End-Date: 2026-11-20  06:13:02\n\n"
        "Start-Date: 2026-11-21  10:00:00\nCommandline: apt install nvidia-driver-580\nRequested-By: ada (1000)\n"
        "Install: nvidia-driver-580:amd64 (580.95.05-0ubuntu1), nvidia-dkms-580:amd64 (580.95.05-0ubuntu1, automatic)\n"
        "Remove: nvidia-driver-535:amd64 (535.2-0ubuntu1)\n"
    )
    found = apt_history.parse(text, ("nvidia-", "libnvidia-"))
    assert [(one.date, one.unattended, one.action, one.package, one.before, one.after) for one in found] == [
        ("2026-11-20 06:12:40", True, "upgrade", "libnvidia-compute-535", "535.1-0ubuntu1", "535.2-0ubuntu1"),
        ("2026-11-21 10:00:00", False, "install", "nvidia-driver-580", None, "580.95.05-0ubuntu1"),
        ("2026-11-21 10:00:00", False, "install", "nvidia-dkms-580", None, "580.95.05-0ubuntu1"),
        ("2026-11-21 10:00:00", False, "remove", "nvidia-driver-535", "535.2-0ubuntu1", None),
    ]


def test_unattended_upgrades() -> None:
    assert apt_conf.unattended('APT::Periodic::Unattended-Upgrade "1";\n') is True
    assert apt_conf.unattended('APT::Periodic::Unattended-Upgrade "0";\n') is False
    assert apt_conf.unattended('// APT::Periodic::Unattended-Upgrade "1";\n') is None
    text = (
        'Unattended-Upgrade::Package-Blacklist {\n//  "linux-";\n    "nvidia-";\n    "libnvidia-";\n};\nX { "no"; };\n'
    )
    assert apt_conf.blacklist(text) == ("nvidia-", "libnvidia-")


def test_fingerprints_of_binary_and_armoured_keys() -> None:
    assert openpgp.fingerprints(ED25519) == (ED25519_FINGERPRINT,)
    assert openpgp.fingerprints(ED25519 + ED25519) == (ED25519_FINGERPRINT,) * 2
    body = base64.encodebytes(ED25519).decode()
    armoured = f"-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: x\n\n{body}=njUN\n-----END PGP PUBLIC KEY BLOCK-----\n"
    assert openpgp.fingerprints(armoured.encode()) == (ED25519_FINGERPRINT,)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x98", b"\xff\xff", b"-----BEGIN PGP", bytes(range(256)) * 8])
def test_what_is_no_keyring_gives_no_keys(data: bytes) -> None:
    assert isinstance(openpgp.fingerprints(data), tuple)


def test_daemon_and_toolkit_configuration() -> None:
    found = docker_config.daemon('{"runtimes": {"nvidia": {}}, "default-runtime": "nvidia", "features": {"cdi": true}}')
    assert found is not None
    assert (found.runtimes, found.default_runtime, found.cdi) == (("nvidia",), "nvidia", True)
    assert docker_config.daemon("{") is None
    assert docker_config.daemon("[]") is None
    assert docker_config.no_cgroups("[nvidia-container-cli]\n#no-cgroups = true\n") is None
    assert docker_config.no_cgroups('mode = "cdi"\nno-cgroups = true # rootless\n') is True
    assert docker_config.mode('[nvidia-container-runtime]\nmode = "cdi"\n') == "cdi"


@pytest.mark.parametrize(
    ("text", "image", "asks"),
    [
        ("docker run --gpus all --rm -it a/b:1 python", "a/b:1", True),
        ('$ docker run --env="DISPLAY" --volume="/a:/b:rw" --gpus "device=0" x/y ./run', "x/y", True),
        ("sudo docker run -it \\\n  -v $PWD:/w \\\n  --shm-size=8g pytorch/pytorch bash", "pytorch/pytorch", False),
        ("docker run --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=all x/y", "x/y", True),
        ("podman run --device nvidia.com/gpu=all --security-opt=label=disable x/y", "x/y", True),
        ("docker run --device /dev/nvidia0:/dev/nvidia0 x/y", "x/y", True),
        ("nvidia-docker run --rm x/y nvidia-smi", "x/y", True),
        ("docker container run --privileged ubuntu:22.04", "ubuntu:22.04", False),
    ],
)
def test_command_lines(text: str, image: str, asks: bool) -> None:
    (found,) = docker_words.starts(text)
    assert (found.image, found.asks_for_gpu) == (image, asks)


def test_what_is_in_a_command_line() -> None:
    (found,) = docker_words.starts(
        "docker run --ipc host --ulimit memlock=-1 --ulimit stack=67108864 -e TOKEN=abc "
        "-e NVIDIA_DRIVER_CAPABILITIES=utility --shm-size 2g --privileged x/y nvidia-smi -L"
    )
    assert found.env == {"NVIDIA_DRIVER_CAPABILITIES": "utility"}
    assert (found.ipc, found.shm_size, found.ulimits) == ("host", "2g", ("memlock=-1", "stack=67108864"))
    assert found.privileged
    assert found.command == ("nvidia-smi", "-L")


def test_files_that_start_containers() -> None:
    text = (
        "services:\n  trainer:\n    image: x/y:1\n    shm_size: 8gb\n    environment:\n"
        "      - NVIDIA_VISIBLE_DEVICES=all\n    deploy:\n      resources:\n        reservations:\n          devices:\n"
        "            - driver: nvidia\n              count: all\n              capabilities: [gpu]\n\n"
        "FROM ubuntu:22.04\nENV NVIDIA_DRIVER_CAPABILITIES utility\n"
    )
    compose, dockerfile = docker_words.starts(text)
    assert (compose.engine, compose.image, compose.shm_size, compose.asks_for_gpu) == ("compose", "x/y:1", "8gb", True)
    assert compose.env["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert (dockerfile.engine, dockerfile.env) == ("dockerfile", {"NVIDIA_DRIVER_CAPABILITIES": "utility"})


@pytest.mark.parametrize("text", ["use docker run to start it", "docker run", "", "the docker runs", "docker  run --"])
def test_sentences_start_nothing(text: str) -> None:
    assert all(one.image is None for one in docker_words.starts(text))


def test_long_texts_take_no_time() -> None:
    long = "docker run " + "-e " * 50000 + '"' * 50000 + "\\\n" * 5000 + "Types: " * 20000
    start = time.perf_counter()
    docker_words.starts(long)
    apt_sources.deb822(long, "x.sources")
    packages.dpkg_list(long)
    apt_history.parse(long, ("nvidia-",))
    assert time.perf_counter() - start < 2
