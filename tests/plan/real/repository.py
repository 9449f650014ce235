"""The stand-in of `cuda-repo-ubuntu1804-10-1-local-10.1.105-418.39_1.0-1_amd64.deb`, built by dpkg-deb and signed.

As NVIDIA's: a flat repository in /var, its key beside the packages, a sources list that names it and no key. The
packages are tiny; their names, versions and dependencies are those that decide what apt does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import textwrap
from collections.abc import Mapping
from pathlib import Path

VERSION = "10.1.105"
DRIVER = "418.39"
NAME = f"cuda-repo-ubuntu1804-10-1-local-{VERSION}-{DRIVER}"
FILE = f"{NAME}_1.0-1_amd64.deb"
FOLDER = f"/var/cuda-repo-10-1-local-{VERSION}-{DRIVER}"
KEY = f"{FOLDER}/7fa2af80.pub"
LIST = f"/etc/apt/sources.list.d/cuda-10-1-local-{VERSION}-{DRIVER}.list"

_NVCC = f"""#!/bin/sh
echo 'nvcc: NVIDIA (R) Cuda compiler driver'
echo 'Copyright (c) 2005-2019 NVIDIA Corporation'
echo 'Built on Fri_Feb__8_19:08:17_PST_2019'
echo 'Cuda compilation tools, release 10.1, V{VERSION}'
"""
_PAUSE = "#!/bin/sh\nsleep 0.4\n"
_ROOT = "usr/local/cuda-10.1"


def package(
    folder: Path,
    name: str,
    version: str,
    *,
    depends: str = "",
    fields: str = "",
    files: Mapping[str, str] | None = None,
    scripts: Mapping[str, str] | None = None,
) -> Path:
    """Build one package into a folder. `files`: path without the first slash → text; what starts with `#!` can run."""
    tree = folder / f".{name}"
    (tree / "DEBIAN").mkdir(parents=True)
    lines = [f"Package: {name}", f"Version: {version}", "Architecture: amd64", "Maintainer: nobody <nobody@invalid>"]
    lines += [f"Depends: {depends}"] if depends else []
    lines += [fields] if fields else []
    (tree / "DEBIAN/control").write_text("\n".join([*lines, f"Description: stand-in of {name} for a test", ""]))
    for inside, text in {**(files or {}), **{f"DEBIAN/{key}": text for key, text in (scripts or {}).items()}}.items():
        target = tree / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(0o755 if text.startswith("#!") else 0o644)
    result = folder / f"{name}_{version}_amd64.deb"
    _run("dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(tree), str(result))
    shutil.rmtree(tree)
    return result


def index(folder: Path, *, gnupg_home: Path | None = None, key_name: str = "7fa2af80.pub") -> None:
    """Make a folder of packages a flat repository; signed by a new throw-away key where a gnupg home is given."""
    packages = _run("dpkg-scanpackages", "--multiversion", ".", cwd=folder)
    (folder / "Packages").write_text(packages)
    digest = _run("sha256sum", "Packages", cwd=folder).split()[0]
    release = "Origin: NVIDIA\nLabel: NVIDIA CUDA\nArchitecture: amd64\nDate: Fri, 08 Feb 2019 23:00:00 UTC\n"
    release += f"SHA256:\n {digest} {len(packages.encode())} Packages\n"
    (folder / "Release").write_text(release)
    if gnupg_home is None:
        return
    gnupg_home.mkdir(mode=0o700, parents=True, exist_ok=True)
    gpg = ("gpg", "--homedir", str(gnupg_home), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")
    try:
        _run(*gpg, "--quick-generate-key", "cudatools (throw-away) <nobody@invalid>", "rsa3072", "sign", "0")
        _run(*gpg, "--armor", "--output", str(folder / key_name), "--export")
        _run(*gpg, "--clearsign", "--output", str(folder / "InRelease"), str(folder / "Release"))
        _run(*gpg, "--armor", "--detach-sign", "--output", str(folder / "Release.gpg"), str(folder / "Release"))
    finally:
        subprocess.run(["gpgconf", "--homedir", str(gnupg_home), "--kill", "all"], check=False, capture_output=True)


def local_repository(folder: Path, *, slow: bool = False) -> Path:
    """Build the repository package into a folder: its path. `slow`: scripts of its packages take their time."""
    pause = {"preinst": _PAUSE, "postinst": _PAUSE} if slow else {}
    repo = folder / "repo"
    repo.mkdir(parents=True)
    toolkit = {f"{_ROOT}/bin/nvcc": _NVCC, f"{_ROOT}/version.txt": f"CUDA Version {VERSION}\n"}
    toolkit |= {f"{_ROOT}/include/cuda.h": "#define CUDA_VERSION 10010\n", f"{_ROOT}/lib64/libcudart.so.10.1": ""}
    link = {"postinst": "#!/bin/sh\nln -sfn cuda-10.1 /usr/local/cuda\n"}
    link |= {"prerm": '#!/bin/sh\n[ "$(readlink /usr/local/cuda)" != cuda-10.1 ] || rm /usr/local/cuda\n'}
    full = f"{VERSION}-1"
    package(repo, "cuda-toolkit-10-1", full, depends="cuda-nvcc-10-1", scripts=link)
    package(repo, "cuda-nvcc-10-1", full, files=toolkit, scripts=pause)
    package(repo, "cuda-drivers", f"{DRIVER}-1", files={"usr/share/cuda-drivers": f"{DRIVER}\n"})
    package(repo, "cuda-runtime-10-1", full, depends=f"cuda-drivers (>= {DRIVER})")
    package(repo, "cuda-10-1", full, depends=f"cuda-runtime-10-1 (= {full}), cuda-toolkit-10-1 (= {full})")
    package(repo, "cuda", full, depends=f"cuda-10-1 (= {full})")
    index(repo, gnupg_home=folder / "gnupg")
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / FOLDER.lstrip("/")).parent.mkdir(parents=True)
    shutil.move(repo, tree / FOLDER.lstrip("/"))
    sources = tree / LIST.lstrip("/")
    sources.parent.mkdir(parents=True)
    sources.write_text(f"deb file://{FOLDER} /\n")
    for name, text in pause.items():
        (tree / "DEBIAN" / name).write_text(text)
        (tree / "DEBIAN" / name).chmod(0o755)
    (tree / "DEBIAN/conffiles").write_text(f"{LIST}\n")
    control = f"""\
        Package: {NAME}
        Version: 1.0-1
        Architecture: amd64
        Maintainer: cudatools <nobody@invalid>
        Description: cuda repository configuration files (stand-in for a test)
    """
    (tree / "DEBIAN/control").write_text(textwrap.dedent(control))
    result = folder / FILE
    _run("dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(tree), str(result))
    shutil.rmtree(tree)
    shutil.rmtree(folder / "gnupg")
    return result


def _run(*argv: str, cwd: Path | None = None) -> str:
    done = subprocess.run(
        argv, cwd=cwd, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}, timeout=120
    )
    assert done.returncode == 0, f"{argv}: {done.stderr}"
    return done.stdout
