"""Two files of a conda environment: what `conda activate` sets, `conda deactivate` takes back."""

from __future__ import annotations

from cudadoctor.shells import dialects, quoting
from cudadoctor.shells.dialects import Shell
from cudadoctor.shells.paths import Wanted

_ADDED = "_CUDADOCTOR_ADDED_PATH"
_SUFFIX = {"posix": "sh", "fish": "fish", "csh": "csh"}


def pair(shell: Shell, want: Wanted) -> tuple[str, ...]:
    """A program for `sh` that writes both files into the active environment.

    conda sources the files of the shell's own language: .sh for POSIX shells, .fish, .csh.
    """
    family = dialects.family_of(shell)
    names = ("CUDA_HOME", "LD_LIBRARY_PATH") if want.ld_library_path else ("CUDA_HOME",)
    activate = (*_notes(family, want), *_saves(family, names), *dialects.lines(shell, want))
    deactivate = (*_removes(family, want), *_restores(family, names))
    written = [
        "# Writes two files into the active conda environment: `cudadoctor shell --for conda | sh`.",
        'etc="${CONDA_PREFIX:?activate the environment first}/etc/conda"',
        'mkdir -p "$etc/activate.d" "$etc/deactivate.d"',
    ]
    for folder, lines in (("activate.d", activate), ("deactivate.d", deactivate)):
        written += [f"cat > \"$etc/{folder}/cudadoctor.{_SUFFIX[family]}\" <<'CUDADOCTOR'", *lines, "CUDADOCTOR"]
    return tuple(written)


def _saves(family: dialects.Family, names: tuple[str, ...]) -> tuple[str, ...]:
    written: list[str] = []
    for name in names:
        old = f"_CUDADOCTOR_OLD_{name}"
        if family == "posix":
            written += [f'if [ "${{{name}+set}}" = set ]; then', f'  export {old}="${{{name}}}"', "else"]
            written += [f"  unset {old}", "fi"]
        elif family == "fish":
            written += [f"if set -q {name}", f'    set -gx {old} "${name}"', "else", f"    set -e {old}", "end"]
        else:
            written += [f"if ( $?{name} ) then", f'  setenv {old} "${{{name}}}"', "else", f"  unsetenv {old}", "endif"]
    return tuple(written)


def _restores(family: dialects.Family, names: tuple[str, ...]) -> tuple[str, ...]:
    written: list[str] = []
    for name in names:
        old = f"_CUDADOCTOR_OLD_{name}"
        if family == "posix":
            written += [f'if [ "${{{old}+set}}" = set ]; then', f'  export {name}="${{{old}}}"', "else"]
            written += [f"  unset {name}", "fi", f"unset {old}"]
        elif family == "fish":
            written += [f"if set -q {old}", f'    set -gx {name} "${old}"', "else", f"    set -e {name}", "end"]
            written += [f"set -e {old}"]
        else:
            written += [f"if ( $?{old} ) then", f'  setenv {name} "${{{old}}}"', "else", f"  unsetenv {name}", "endif"]
            written += [f"unsetenv {old}"]
    return tuple(written)


def _notes(family: dialects.Family, want: Wanted) -> tuple[str, ...]:
    """Whether PATH had the directory before: then it stays when the environment is left."""
    if family == "posix":
        return (
            'case ":${PATH}:" in',
            f"  *:{quoting.posix(want.bin)}:*) unset {_ADDED} ;;",
            f"  *) export {_ADDED}=1 ;;",
            "esac",
        )
    if family == "fish":
        return (
            f"if contains -- {quoting.fish(want.bin)} $PATH",
            f"    set -e {_ADDED}",
            "else",
            f"    set -gx {_ADDED} 1",
            "end",
        )
    pattern = quoting.tcsh(f"*:{quoting.tcsh_pattern(want.bin)}:*")
    return (f'if ( ":${{PATH}}:" =~ {pattern} ) then', f"  unsetenv {_ADDED}", "else", f"  setenv {_ADDED} 1", "endif")


def _removes(family: dialects.Family, want: Wanted) -> tuple[str, ...]:
    """Take the directory out of PATH again. conda itself takes out only what it put there."""
    if family == "posix":
        directory = quoting.posix(want.bin)
        return (
            f'if [ "${{{_ADDED}+set}}" = set ]; then',
            '  PATH=":${PATH}:"',
            '  case "${PATH}" in',
            f'    *:{directory}:*) PATH="${{PATH%%:{directory}:*}}:${{PATH#*:{directory}:}}" ;;',
            "    *) ;;",
            "  esac",
            '  PATH="${PATH#:}"',
            '  PATH="${PATH%:}"',
            f"  unset {_ADDED}",
            "fi",
        )
    if family == "fish":
        return (
            f"if set -q {_ADDED}",
            "    set -l entries",
            "    for entry in $PATH",
            f'        test "$entry" = {quoting.fish(want.bin)}; or set -a entries $entry',
            "    end",
            "    set -gx --path PATH $entries",
            f"    set -e {_ADDED}",
            "end",
        )
    return (
        f"if ( $?{_ADDED} ) then",
        "  set _cudadoctor = ( )",
        "  foreach _cudadoctor_entry ( $path:q )",
        f'    if ( "${{_cudadoctor_entry}}" != {quoting.tcsh(want.bin)} ) then',
        "      set _cudadoctor = ( $_cudadoctor:q $_cudadoctor_entry:q )",
        "    endif",
        "  end",
        "  set path = ( $_cudadoctor:q )",
        "  unset _cudadoctor _cudadoctor_entry",
        f"  unsetenv {_ADDED}",
        "endif",
    )
