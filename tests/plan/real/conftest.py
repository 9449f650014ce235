"""The parts, made once for a session."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.plan.real import cache as caches
from tests.plan.real import debian, repository
from tests.plan.real.cache import Cache
from tests.plan.real.machine import Machine


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
def bare(cache: Cache, bookworm: Path) -> Path:
    """The layer that takes gnupg away again: a minimal installation has none."""
    purge = "dpkg --purge gnupg gnupg-l10n gnupg-utils gpg gpg-agent gpg-wks-client gpg-wks-server gpgsm gpgconf dirmngr pinentry-curses"
    return debian.layer(cache, "bare", str(bookworm), (bookworm,), purge)


@pytest.fixture(scope="session")
def bionic(cache: Cache, bare: Path, bookworm: Path) -> Path:
    """The layer that makes it say that it is Ubuntu 18.04, for which NVIDIA made the package."""
    says = f"cat > /usr/lib/os-release <<'END'\n{debian.UBUNTU_1804}END"
    return debian.layer(cache, "bionic", str(bare), (bare, bookworm), says)


@pytest.fixture(scope="session")
def cuda_repo(cache: Cache) -> Path:
    """The stand-in of NVIDIA's local repository package."""
    debian.need_root_and_programs("dpkg-deb", "dpkg-scanpackages", "gpg")
    recipe = Path(repository.__file__).read_text(encoding="utf-8")

    def make(folder: Path) -> None:
        repository.local_repository(folder)

    return cache.get("cuda-repo", recipe, make) / repository.FILE


@pytest.fixture
def machine(
    tmp_path_factory: pytest.TempPathFactory, cache: Cache, bookworm: Path, bare: Path, cuda_repo: Path
) -> Iterator[Callable[..., Machine]]:
    """Makes a fresh machine of the given layers over Debian 12."""
    made: list[Path] = []

    def fresh(*layers: Path, debian_tree: Path = bookworm, **binds: Path) -> Machine:
        folder = tmp_path_factory.mktemp("machine")
        made.append(folder)
        site = debian.site(cache, debian.python_of(debian_tree))
        return Machine(
            folder=folder,
            layers=(*layers, debian_tree),
            binds={**debian.package_binds(site), "/mnt": str(cuda_repo.parent), **{k: str(v) for k, v in binds.items()}},
        )

    yield fresh
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)
