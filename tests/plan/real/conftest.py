"""The parts, made once for a session."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.plan.real import cache as caches
from tests.plan.real import channel, conda, debian, repository
from tests.plan.real.cache import Cache
from tests.plan.real.machine import Machine

Fresh = Callable[[], Machine]
_GNUPG = (
    "gnupg gnupg-l10n gnupg-utils gpg gpg-agent gpg-wks-client gpg-wks-server gpgsm gpgconf dirmngr pinentry-curses"
)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cache]:
    """Where the parts lie; taken away at the end where no place was named for them."""
    fallback = tmp_path_factory.getbasetemp() / "real-parts"
    folder = caches.folder(fallback)
    yield Cache(folder)
    if folder == fallback:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def bookworm(cache: Cache, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Debian 12 with python3 and gnupg."""
    tree = debian.debootstrap(cache, "bookworm", "python3,gnupg")
    debian.overlay_works(tmp_path_factory.mktemp("probe"), tree)
    return tree


@pytest.fixture(scope="session")
def bare(cache: Cache, bookworm: Path) -> tuple[Path, ...]:
    """The layers of Debian 12 without gnupg: a minimal installation has none."""
    return debian.layer(cache, "bare", str(bookworm), (bookworm,), f"dpkg --purge {_GNUPG}"), bookworm


@pytest.fixture(scope="session")
def trixie(cache: Cache, bookworm: Path) -> tuple[Path, ...]:
    """The layers of Debian 13: apt 3, no gnupg, no apt-key."""
    return (debian.debootstrap(cache, "trixie", "ca-certificates"),)


@pytest.fixture(scope="session")
def cuda_repo(cache: Cache) -> Path:
    """The stand-in of NVIDIA's local repository package."""
    debian.need_root_and_programs("dpkg-deb", "dpkg-scanpackages", "gpg")

    def make(folder: Path) -> None:
        repository.local_repository(folder)

    return cache.get("cuda-repo", caches.text_of(repository), make) / repository.FILE


@pytest.fixture(scope="session")
def conda_channel(cache: Cache) -> Path:
    """The channel of early 2020."""
    return cache.get("channel", caches.text_of(channel), channel.build)


@pytest.fixture
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Machine]]:
    """Makes a machine of layers in a new folder, and takes that away after the test."""
    made: list[Path] = []

    def fresh(layers: tuple[Path, ...], binds: dict[str, str], env: dict[str, str] | None = None) -> Machine:
        made.append(tmp_path_factory.mktemp("machine"))
        return Machine(folder=made[-1], layers=layers, binds=binds, env=env or {})

    yield fresh
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def minimal(machines: Callable[..., Machine], bare: tuple[Path, ...], cuda_repo: Path) -> Fresh:
    """Makes a bare Debian 12 with the repository package in /mnt."""
    return lambda: machines(bare, {"/mnt": str(cuda_repo.parent)})


@pytest.fixture
def newer(machines: Callable[..., Machine], trixie: tuple[Path, ...], cuda_repo: Path) -> Fresh:
    """The same with Debian 13."""
    return lambda: machines(trixie, {"/mnt": str(cuda_repo.parent)})


@pytest.fixture
def with_gnupg(machines: Callable[..., Machine], bookworm: Path, cuda_repo: Path) -> Fresh:
    """The same, with gnupg."""
    return lambda: machines((bookworm,), {"/mnt": str(cuda_repo.parent)})


@pytest.fixture
def reference(
    machines: Callable[..., Machine], cache: Cache, bare: tuple[Path, ...], cuda_repo: Path, conda_channel: Path
) -> Fresh:
    """Makes a bare Ubuntu 18.04 with a GTX 1080 Ti, cudadoctor in it, and the downloads in /media."""
    layers, binds, env = debian.reference_machine(cache, bare)
    python = conda.python37()
    modules = conda.modules(cache, python)
    site = debian.site(cache, debian.python_of(bare[-1]))
    binds |= debian.package_binds(site)
    binds |= {channel.PYTHON: str(python), conda.SITE: str(modules)}
    loader = "echo /opt/python3.7/lib > /etc/ld.so.conf.d/python3.7.conf && ldconfig"
    loader += " && mkdir -p /root/.cache /root/.local/state"
    ready = debian.layer(cache, "ready", str((layers, bare)), (*layers, *bare), loader, binds=binds)
    binds |= {"/media/cuda": str(cuda_repo.parent), "/media/channel": str(conda_channel)}

    def fresh() -> Machine:
        machine = machines((ready, *layers, *bare), binds, env)
        machine.write(f"/media/{conda.FILE}", conda.INSTALLER, 0o755)
        return machine

    return fresh
