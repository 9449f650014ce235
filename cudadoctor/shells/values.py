"""The variables that the lines come to, worked out here: for carriers that take values and no program."""

from __future__ import annotations

from collections.abc import Mapping

from cudadoctor.shells.paths import Wanted


def values(want: Wanted, env: Mapping[str, str]) -> dict[str, str]:
    """CUDA_HOME, PATH and, where it is wanted, LD_LIBRARY_PATH, over the environment `env`."""
    found = {"CUDA_HOME": want.root, "PATH": search_path(env.get("PATH", ""), want.bin, env.get("CONDA_PREFIX"))}
    if want.ld_library_path:
        found["LD_LIBRARY_PATH"] = library_path(env.get("LD_LIBRARY_PATH", ""), want.lib)
    return found


def search_path(old: str, directory: str, conda: str | None = None) -> str:
    """`directory` in front of PATH, or behind the active conda environment's; as it is where it has the entry."""
    if not old:
        return directory
    entries = old.split(":")
    if directory in entries:
        return old
    own = f"{conda}/bin" if conda else None
    place = entries.index(own) + 1 if own in entries else 0
    return ":".join([*entries[:place], directory, *entries[place:]])


def library_path(old: str, directory: str) -> str:
    """`directory` in front of LD_LIBRARY_PATH where it is not there yet, and no empty entries: those mean the cwd."""
    entries = [entry for entry in old.replace(";", ":").split(":") if entry]
    return ":".join(entries if directory in entries else [directory, *entries])
