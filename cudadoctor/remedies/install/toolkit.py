"""The CUDA toolkit, without the driver that the package `cuda` would drag in; and a compiler that its nvcc takes."""

from __future__ import annotations

from msgspec.structs import replace

from cudadoctor.compat import apt, toolkits
from cudadoctor.compat.distributions import Manager, OwnToolkit
from cudadoctor.errors import CudaDoctorError
from cudadoctor.facts.base import Facts
from cudadoctor.facts.toolkit import ToolkitFacts
from cudadoctor.remedies import machine
from cudadoctor.remedies.driver import choice
from cudadoctor.remedies.driver import repository as nvidia
from cudadoctor.remedies.install import repository
from cudadoctor.remedies.install.request import Asked, Ground
from cudadoctor.remedies.plan import AllOf, Condition, Exists, PlanStep, Prints
from cudadoctor.remedies.step_parts import (
    CUDA_GUIDE,
    Part,
    apt_family,
    apt_install,
    apt_update,
    dpkg_has,
    for_administrator,
    may_be_root,
    rooted,
    rpm_has,
    tell,
)
from cudadoctor.versions import CudaVersion

_DISK_MIB = {10: 4000, 11: 6000, 12: 8000, 13: 9000}
"""MiB of a toolkit by its major, rounded up; estimates."""
_FIRST_ON_ARM = CudaVersion(11, 0)
"""The first toolkit of the repositories for ARM servers (sbsa): from memory."""
_FIRST_IMAGES = 11
"""The first CUDA major whose images can still be pulled (see `image.REMOVED`)."""
_RPM_INSTALL: dict[Manager, tuple[str, ...]] = {
    "dnf": ("dnf", "install", "-y"),
    "yum": ("yum", "install", "-y"),
    "zypper": ("zypper", "--non-interactive", "install", "--auto-agree-with-licenses"),
}
_TOOLSETS = {8: (9, 10, 11, 12, 13, 14), 9: (12, 13, 14)}
"""gcc-toolset-N of each RHEL: from memory. RHEL 10 has none that is older than its own gcc."""
_GCC_OF_RELEASE = {
    "ubuntu16.04": (5, (4, 5)), "ubuntu18.04": (7, (5, 6, 7, 8)), "ubuntu20.04": (9, (7, 8, 9, 10)),
    "ubuntu22.04": (11, (9, 10, 11, 12)), "ubuntu24.04": (13, (9, 10, 11, 12, 13, 14)),
    "debian11": (10, (9, 10)), "debian12": (12, (11, 12)), "debian13": (14, (12, 13, 14)),
}  # fmt: skip
"""The compiler of a release, and the gcc-N packages that it has: from memory. gcc-8 is not in 22.04 and newer."""


def release_of(asked: Asked, ground: Ground, wanted: CudaVersion | None, built: CudaVersion | None) -> CudaVersion:
    """The toolkit's release: of the package that was given, as asked for, or that of the build.

    Raises CudaDoctorError where none of them says, or two say different things.
    """
    repo = ground.repository
    if repo is not None and repo.toolkit is not None:
        if wanted is not None and wanted.cuda != repo.toolkit.cuda:
            raise CudaDoctorError(
                f"--local-repo {repo.path} is for CUDA {repo.toolkit.release}, and --cuda asks for {wanted.release}"
            )
        return repo.toolkit
    found = wanted or built
    if found is None:
        option = "--as-published" if asked.as_published else "--toolkit"
        raise CudaDoctorError(f"{option}: which CUDA is not known, as torch's build has none: name it with --cuda 12.6")
    return found


def present(facts: Facts, cuda: CudaVersion) -> ToolkitFacts | None:
    """A whole toolkit of this release that is here already."""
    found = facts.toolkit.toolkits if facts.toolkit is not None else ()
    return next(
        (
            one
            for one in found
            if one.nvcc and one.headers is not False and one.origin == "nvidia" and one.version is not None
            and one.version.cuda == cuda.cuda
        ),
        None,
    )  # fmt: skip


def root_of(facts: Facts, cuda: CudaVersion) -> str:
    """Where the packages put a toolkit: NVIDIA's below /usr/local, a distribution's own where it likes."""
    own = _own(facts)
    return own.root if own is not None else f"/usr/local/cuda-{cuda.release}"


def _own(facts: Facts) -> OwnToolkit | None:
    release = choice.release_of(facts)
    return release.toolkit if release is not None else None


def _base(facts: Facts) -> str:
    """The release as the tables name it: `ubuntu24.04`, also for what is made from that."""
    release = choice.release_of(facts)
    if release is not None:
        return release.base
    return f"{facts.os.id}{facts.os.version_id}" if facts.os is not None else ""


def no_packages(facts: Facts, cuda: CudaVersion) -> str | None:
    """Why this release of the distribution has no packages of this toolkit; None where it has, or no table says."""
    if facts.os is None:
        return None
    own = _own(facts)
    name = facts.os.pretty_name or facts.os.id or "this distribution"
    if own is not None and cuda.major != own.major:
        return f"{name} packages the newest CUDA {own.major} only, and NVIDIA has no repository for it"
    base = _base(facts)
    if own is not None or not facts.os.version_id:
        return None
    if not base.startswith("ubuntu"):
        return _older_than(base, name, cuda)
    if facts.os.arch == "aarch64" and cuda.cuda < _FIRST_ON_ARM:
        return f"NVIDIA has no packages of CUDA {cuda.release} for ARM servers: they begin with {_FIRST_ON_ARM.release}"
    releases, here = apt.ubuntu_releases(cuda), base.removeprefix("ubuntu")
    if releases is None or here in releases or (here == "26.04" and cuda.major >= 13):
        return None
    return f"NVIDIA has no packages of CUDA {cuda.release} for Ubuntu {here}: they are for {' and '.join(releases)}"


def _older_than(base: str, name: str, cuda: CudaVersion) -> str | None:
    """NVIDIA makes packages for releases whose own compiler its nvcc takes. Inferred: no table of theirs says it."""
    usual, _ = _GCC_OF_RELEASE.get(base, (None, ()))
    limit = toolkits.host_compiler_limit(cuda)
    if usual is None or limit is None or usual <= limit.gcc:
        return None
    return (
        f"NVIDIA has no packages of CUDA {cuda.release} for {name}: its nvcc takes gcc up to "
        f"{limit.gcc}, and this release's own is {usual}"
    )


def steps(facts: Facts, ground: Ground, cuda: CudaVersion, cache: str) -> Part:
    """The toolkit's steps, or why there are none."""
    part = Part()
    here = present(facts, cuda)
    if here is not None:
        part.notes.append(f"CUDA {cuda.release} is installed already in {here.root}")
        part.steps += _compiler(facts, cuda, part, ())
        return for_administrator(part, facts, "compiler-ask", "ask for a compiler")
    lacking = no_packages(facts, cuda) if ground.repository is None else None
    if lacking is not None:
        part.impossible.append(lacking)
        part.notes.append(
            f"torch needs no toolkit: it brings its own CUDA. To compile with this one, use {_container(cuda)}"
        )
        return part
    installed = _install(facts, ground, cuda, cache)
    if installed is None:
        name = facts.os.pretty_name if facts.os is not None else None
        part.impossible.append(
            f"NVIDIA's repository for {name or 'this distribution'} is in no table here, so no toolkit is planned"
        )
        return part
    part.steps += installed
    own = _own(facts)
    if own is not None:
        part.notes.append(f"the package is the newest CUDA {own.major}, which may be newer than {cuda.release}")
    in_table = own is not None or (_base(facts).startswith("ubuntu") and apt.ubuntu_releases(cuda) is not None)
    if facts.os is not None and not in_table and ground.repository is None:
        name = nvidia.name_of(facts) or "this distribution"
        part.notes.append(
            f"which CUDA NVIDIA's repository for {name} has is in no table here: the step that installs it says so "
            f"where it has no {cuda.release}"
        )
    if cuda.cuda == CudaVersion(10, 1):
        part.notes.append(
            "CUDA 10.1 keeps cuBLAS elsewhere: /usr/lib/x86_64-linux-gnu and /usr/local/cuda-10.2 hold libcublas"
        )
    _of_glibc(facts, cuda, part)
    part.steps += _compiler(facts, cuda, part, part.last)
    if not may_be_root(facts):
        part.notes.append(
            f"without root: `conda install -c conda-forge cuda-toolkit cuda-version={cuda.release}` puts one into an "
            "environment (CUDA 12 and newer)"
        )
    return for_administrator(part, facts, "toolkit-ask", "ask for the toolkit")


def _container(cuda: CudaVersion) -> str:
    """Where a toolkit is to be had that this release does not have."""
    if cuda.major < _FIRST_IMAGES:
        return "a container of ubuntu:18.04 with NVIDIA's package repository: the images of CUDA 10 were taken away"
    return f"a container of a release that has it (an image of nvidia/cuda:{cuda.release} with -devel-)"


def _install(facts: Facts, ground: Ground, cuda: CudaVersion, cache: str) -> list[PlanStep] | None:
    package = f"cuda-toolkit-{cuda.major}-{cuda.minor}"
    nvcc = Exists(path=f"{root_of(facts, cuda)}/bin/nvcc", what="executable")
    disk = _DISK_MIB.get(cuda.major, max(_DISK_MIB.values()))
    why = (
        f"compilers, headers and libraries of CUDA {cuda.release} alone; the packages `cuda` and `cuda-{cuda.major}-"
        f"{cuda.minor}` would replace the driver as well"
    )
    own, release = _own(facts), choice.release_of(facts)
    if own is not None:
        return [_pacman(own, cuda, nvcc, disk)]
    if release is not None and release.manager in _RPM_INSTALL:
        found = nvidia.rpm_steps(facts, prefix="toolkit")
        if found is None:
            return None
        found.append(
            PlanStep(
                id="toolkit-install", title=f"install CUDA {cuda.release}", why=why,
                action=rooted((*_RPM_INSTALL[release.manager], package), why), needs=(found[-1].id,),
                network=(release.manager, nvidia.HOST), disk_mib=disk, disk_at="/usr/local", packages=True,
                done_when=AllOf(conditions=(rpm_has(package), nvcc)), source=CUDA_GUIDE,
            )
        )  # fmt: skip
        return found
    if not apt_family(facts):
        return None
    installed: Condition = AllOf(
        conditions=(
            Prints(argv=("dpkg-query", "-W", "-f", "${db:Status-Status}", package), text="installed"),
            nvcc,
        )
    )
    before: list[PlanStep] = []
    if ground.repository is not None:
        before = repository.local_steps(ground.repository, installed)
    else:
        before = repository.old_sources(facts, ground)
        found_here = nvidia.keyring_steps(facts, cache, installed, prefix="toolkit")
        if found_here is None:
            return None
        lists = found_here[-1]
        # The old entries are off before apt reads its lists.
        found_here[-1] = replace(lists, needs=(*lists.needs, *(one.id for one in before)))
        before += found_here
    return [
        *before,
        apt_install(
            "toolkit-install", f"install CUDA {cuda.release}", (package,), why, recommends=False,
            needs=(before[-1].id,), disk_mib=disk,
            disk_at="/usr/local", done_when=installed, source=CUDA_GUIDE,
        ),
    ]  # fmt: skip


def _pacman(own: OwnToolkit, cuda: CudaVersion, nvcc: Exists, disk: int) -> PlanStep:
    why = f"compilers, headers and libraries of the newest CUDA {cuda.major}, in {own.root}; Arch upgrades all with it"
    return PlanStep(
        id="toolkit-install", title=f"install CUDA {cuda.major}", why=why,
        action=rooted(("pacman", "-Syu", "--noconfirm", "--needed", *own.packages), why), network=("pacman",),
        disk_mib=disk, disk_at="/opt", done_when=nvcc, lasting="the system stays upgraded",
        undo=(rooted(("pacman", "-Rns", "--noconfirm", *own.packages), "takes the toolkit out"),),
    )  # fmt: skip


def _of_glibc(facts: Facts, cuda: CudaVersion, part: Part) -> None:
    glibc = facts.os.glibc if facts.os is not None else None
    for trap in toolkits.glibc_traps(cuda, glibc) if glibc else ():
        part.notes.append(f"the headers of CUDA {cuda.release} break on this glibc ({glibc}): {trap.symptom}")


def _compiler(facts: Facts, cuda: CudaVersion, part: Part, needs: tuple[str, ...]) -> list[PlanStep]:
    """A host compiler that nvcc takes, beside the system's own."""
    limit = toolkits.host_compiler_limit(cuda)
    if limit is None:
        return []
    usual, packaged = _GCC_OF_RELEASE.get(_base(facts), (None, ()))
    here = facts.compiler
    if here is not None and here.kind != "gcc":
        return []
    major = here.major if here is not None else usual
    if major is not None and major <= limit.gcc:
        return _any_compiler(facts, needs) if here is None else []
    if major is None:
        return _any_compiler(facts, needs) if here is None else []
    best = max((one for one in packaged if one <= limit.gcc), default=None)
    why = f"nvcc of CUDA {cuda.release} takes gcc up to {limit.gcc}, and this system's is {major}"
    if best is not None and apt_family(facts):
        part.notes.append(
            f"to compile: `export NVCC_CCBIN=/usr/bin/g++-{best}`; the system's own gcc stays as it is (DKMS needs it)"
        )
        return _gcc(f"install gcc {best} beside the system's", (f"gcc-{best}", f"g++-{best}"), why, needs)
    sets = _TOOLSETS.get(machine.release(facts) or 0, ()) if machine.family(facts) == "rhel" else ()
    toolset = max((one for one in sets if one <= limit.gcc), default=None)
    if toolset is not None:
        package = f"gcc-toolset-{toolset}"
        action = rooted(("dnf", "install", "-y", package), why)
        part.notes.append(f"to compile: `scl enable {package} bash`")
        return [
            PlanStep(
                id="compiler", title=f"install {package}", why=why, action=action, needs=needs, network=("dnf",),
                packages=True, done_when=rpm_has(package), source=limit.source,
            )
        ]  # fmt: skip
    text = (
        f"Get gcc {limit.gcc} or older, and name its g++ in NVCC_CCBIN to compile: this release has no package of it. "
        f"`conda install -c conda-forge gxx_linux-64={limit.gcc}` brings one into an environment."
    )
    return [tell("compiler", f"get gcc {limit.gcc} for nvcc", text, why=why, needs=needs, source=limit.source)]


def _any_compiler(facts: Facts, needs: tuple[str, ...]) -> list[PlanStep]:
    """The release's own C++ compiler, where there is none yet."""
    why = "nvcc compiles nothing without a C++ compiler, and there is none here"
    if apt_family(facts):
        return _gcc("install a C++ compiler", ("g++",), why, needs)
    release = choice.release_of(facts)
    if release is None or release.manager not in _RPM_INSTALL:
        return []
    return [
        PlanStep(
            id="compiler", title="install a C++ compiler", why=why,
            action=rooted((*_RPM_INSTALL[release.manager], "gcc-c++"), why), needs=needs, network=(release.manager,),
            packages=True, disk_mib=200, disk_at="/usr", done_when=rpm_has("gcc-c++"),
        )
    ]  # fmt: skip


def _gcc(title: str, packages: tuple[str, ...], why: str, needs: tuple[str, ...]) -> list[PlanStep]:
    """Packages of the distribution; its lists are read first where nothing before has done so."""
    lists = [] if needs else [apt_update("compiler-lists", (), dpkg_has(*packages), "so that apt knows the packages")]
    after = needs or ("compiler-lists",)
    return [*lists, apt_install("compiler", title, packages, why, needs=after, disk_mib=200)]
