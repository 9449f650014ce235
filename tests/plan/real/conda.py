"""A conda for the machine: the real conda 4.3.16 on Python 3.7, laid out by a stand-in of Miniforge's installer.

The installer takes `-b -p PREFIX` as Miniforge's does. What 4.3.16 cannot do yet and today's conda can, its `conda`
does in a few lines of shell: `init` for bash, and the keys `auto_activate` and `auto_activate_base`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.plan.real.cache import Cache
from tests.plan.real.channel import PYTHON

NEEDS = ("conda==4.3.16", "ruamel.yaml<0.17", "cytoolz", "setuptools<60")
SITE = "/media/conda-modules"
"""Where its modules lie in the machine."""
FILE = "Miniforge3-stand-in-Linux-x86_64.sh"

INSTALLER = rf"""#!/bin/sh
# Stands in for Miniforge's installer: -b (do not ask), -p PREFIX (where to), -u (over what is there).
set -eu
prefix=$HOME/miniforge3 update=no
while getopts bfsup: option; do
    case $option in
        p) prefix=$OPTARG ;;
        u) update=yes ;;
        *) ;;
    esac
done
if [ -e "$prefix" ] && [ "$update" = no ]; then
    echo "ERROR: File or directory already exists: '$prefix'" >&2
    echo "If you want to update an existing installation, use the -u option." >&2
    exit 1
fi
echo "PREFIX=$prefix"
mkdir -p "$prefix/bin" "$prefix/lib/python3.7/site-packages" "$prefix/conda-meta" "$prefix/pkgs" "$prefix/envs"
ln -sfn {PYTHON}/bin/python3.7 "$prefix/bin/python3.7"
ln -sfn python3.7 "$prefix/bin/python"
printf 'home = {PYTHON}/bin\ninclude-system-site-packages = false\n' > "$prefix/pyvenv.cfg"
echo {SITE} > "$prefix/lib/python3.7/site-packages/conda.pth"
# 4.3.16 asks the defaults even where --override-channels forbids it: there are none, as Miniforge has none. And it
# tries every package cache that it could use, where today's stop at the first that they can write to.
printf 'default_channels: []\npkgs_dirs: ["%s/pkgs"]\n' "$prefix" > "$prefix/.condarc"
echo '==> 2020-01-01 00:00:00 <==' > "$prefix/conda-meta/history"
echo '{{"name": "conda", "version": "4.3.16", "build": "py37_0", "build_number": 0, "files": [], "depends": []}}' \
    > "$prefix/conda-meta/conda-4.3.16-py37_0.json"
mkdir -p "$prefix/etc/profile.d"
echo "export PATH=\"$prefix/bin:\$PATH\"" > "$prefix/etc/profile.d/conda.sh"
cat > "$prefix/bin/conda" <<'END'
#!/bin/sh
here=$(cd "$(dirname "$0")/.." && pwd -P)
export PYTHONDONTWRITEBYTECODE=1
case ${{1-}} in
    init)
        if ! grep -q '>>> conda initialize >>>' "$HOME/.bashrc" 2>/dev/null; then
            {{
                printf '\n# >>> conda initialize >>>\n'
                printf '. "%s/etc/profile.d/conda.sh"\n# <<< conda initialize <<<\n' "$here"
            }} >> "$HOME/.bashrc"
        fi
        exit 0 ;;
    config)
        case "$*" in
            *--set*auto_activate*)
                key= value=
                for word; do key=$value value=$word; done
                touch "$HOME/.condarc"
                grep -v "^$key:" "$HOME/.condarc" > "$HOME/.condarc.new" || true
                printf '%s: %s\n' "$key" "$value" >> "$HOME/.condarc.new"
                mv "$HOME/.condarc.new" "$HOME/.condarc"
                exit 0 ;;
            *--show*auto_activate*)
                for word; do :; done
                if grep -q "^$word: false" "$HOME/.condarc" 2>/dev/null; then
                    echo "$word: False"
                else
                    echo "$word: True"
                fi
                exit 0 ;;
        esac ;;
esac
exec "$here/bin/python" -m conda "$@"
END
chmod 755 "$prefix/bin/conda"
echo "installation finished."
"""


def python37() -> Path:
    """The prefix of a Python 3.7 with pip on this machine; skips where there is none."""
    found = [path.parent.parent for path in Path.home().glob(".pyenv/versions/3.7.*/bin/python3.7")]
    on_path = shutil.which("python3.7")
    if on_path:
        found.append(Path(os.path.realpath(on_path)).parent.parent)
    for prefix in found:
        program = [
            str(prefix / "bin/python3.7"),
            "-c",
            "import pip, ssl, sqlite3, sys; assert sys.version_info[:2] == (3, 7)",
        ]
        try:
            if subprocess.run(program, capture_output=True, check=False, timeout=60).returncode == 0:
                return prefix
        except OSError:
            continue
    pytest.skip("no Python 3.7 with pip here: no conda of that time")


def modules(cache: Cache, python: Path) -> Path:
    """The modules of conda 4.3.16 in a folder; skips where pip does not get them."""

    def make(folder: Path) -> None:
        command = [str(python / "bin/python3.7"), "-m", "pip", "install", "--quiet", "--target", str(folder), *NEEDS]
        env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=env)
        if done.returncode != 0:
            pytest.skip(f"conda 4.3.16 could not be installed: {done.stderr.strip()[-300:]}")
        subprocess.run(
            [str(python / "bin/python3.7"), "-m", "compileall", "-qq", str(folder)], check=False, timeout=300
        )

    return cache.get("conda-4.3.16", f"{python} {NEEDS}", make)
