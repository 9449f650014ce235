"""Images, and modulefiles of clusters."""

from __future__ import annotations

import re

from cudadoctor.shells.paths import Wanted


def dockerfile(want: Wanted) -> tuple[str, ...]:
    """`ENV` instructions. One each: inside one instruction a variable still has its old value."""
    written = [f'ENV CUDA_HOME="{_docker(want.root)}"', f'ENV PATH="{_docker(want.bin)}${{PATH:+:$PATH}}"']
    if want.ld_library_path:
        written.append(f'ENV LD_LIBRARY_PATH="{_docker(want.lib)}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"')
    return tuple(written)


def _docker(text: str) -> str:
    r"""Inside double quotes of a Dockerfile: `\` quotes `"`, `$` and itself."""
    return "".join(f"\\{letter}" if letter in '\\"$' else letter for letter in text)


def lmod(want: Wanted) -> tuple[str, ...]:
    """A modulefile in Lua. `prepend_path` never names a directory twice, and `module unload` takes it back."""
    written = [
        f"-- modulefiles/cuda/{_version(want.root)}.lua",
        f'whatis("CUDA toolkit in " .. {_lua(want.root)})',
        'conflict("cuda")',
        f"if isDir({_lua(want.bin)}) then",
        f'  setenv("CUDA_HOME", {_lua(want.root)})',
        f'  prepend_path("PATH", {_lua(want.bin)})',
    ]
    if want.ld_library_path:
        written.append(f'  prepend_path("LD_LIBRARY_PATH", {_lua(want.lib)})')
    return (*written, "end")


def _version(root: str) -> str:
    match = re.search(r"(\d{1,2}\.\d{1,2}(?:\.\d{1,4})?)/?\Z", root)
    return match.group(1) if match else "default"


def _lua(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
