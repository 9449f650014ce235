"""The managed lines in each family of shells.

All forms do the same: nothing where the directory is not there; an entry only where it is not in the variable yet, so
that sourcing twice changes nothing; in front of PATH, but behind the bin of an active conda environment. They hold
under `set -eu`. LD_LIBRARY_PATH only on request; empty entries that it had are taken out, and `;`, which the loader
takes for `:`, becomes that.
"""

from __future__ import annotations

from typing import Literal, get_args

from cudadoctor.errors import CudaDoctorError
from cudadoctor.shells import quoting
from cudadoctor.shells.paths import Wanted

Shell = Literal["bash", "zsh", "sh", "fish", "tcsh"]
SHELLS: tuple[Shell, ...] = get_args(Shell)
Family = Literal["posix", "fish", "csh"]
_ALSO: dict[str, Shell] = {"dash": "sh", "ash": "sh", "busybox": "sh", "ksh": "sh", "ksh93": "sh", "mksh": "sh"}
_ALSO |= {"csh": "tcsh", "rbash": "bash"}
_FAMILIES: dict[Shell, Family] = {"bash": "posix", "zsh": "posix", "sh": "posix", "fish": "fish", "tcsh": "csh"}

NO_CWD = "# An empty entry would be the current directory: those that were there are taken out."
_POSIX_BEHIND_CONDA = (
    '      PATH="${PATH%%":${CONDA_PREFIX}/bin:"*}:${CONDA_PREFIX}/bin'
    ':${CUDA_HOME}/bin:${PATH#*":${CONDA_PREFIX}/bin:"}"'
)


def shell_named(name: str) -> Shell:
    """The dialect of a shell's name, as in `--shell` or the last part of $SHELL. Raises CudaDoctorError."""
    word = name.rpartition("/")[2].lstrip("-").lower()
    for shell in SHELLS:
        if word == shell or _ALSO.get(word) == shell:
            return shell
    raise CudaDoctorError(f"shell `{name}` is not known: there are {', '.join(SHELLS)}")


def family_of(shell: Shell) -> Family:
    """The language that the shell reads."""
    return _FAMILIES[shell]


def lines(shell: Shell, want: Wanted) -> tuple[str, ...]:
    """What the shell is to read, without markers."""
    family = family_of(shell)
    return posix(want) if family == "posix" else fish(want) if family == "fish" else csh(want)


def posix(want: Wanted) -> tuple[str, ...]:
    """For bash, zsh, dash, ksh, mksh and busybox."""
    odd = any(letter in want.root for letter in "'\"`$\\")
    written = [
        # They hold for odd names: that the quotes are meant is what shellcheck asks to be told.
        *(["# shellcheck disable=SC1003,SC2016,SC2089,SC2090"] if odd else []),
        f"if [ -d {quoting.posix(want.bin)} ]; then",
        f"  CUDA_HOME={quoting.posix(want.root)}",
        "  export CUDA_HOME",
        '  case ":${PATH-}:" in',
        '    *:"${CUDA_HOME}/bin":*) ;;',
        '    *:"${CONDA_PREFIX:-${CUDA_HOME}}/bin":*) # an active conda environment stays in front',
        '      PATH=":${PATH}:"',
        _POSIX_BEHIND_CONDA,
        '      PATH="${PATH#:}"',
        '      PATH="${PATH%:}"',
        "      ;;",
        '    *) PATH="${CUDA_HOME}/bin${PATH:+:${PATH}}" ;;',
        "  esac",
        "  export PATH",
    ]
    if want.ld_library_path:
        written += [
            '  if [ -d "${CUDA_HOME}/lib64" ]; then',
            f"    {NO_CWD}",
            '    LD_LIBRARY_PATH=":${LD_LIBRARY_PATH-}:"',
            "    while :; do",
            '      case "${LD_LIBRARY_PATH}" in',
            '        *";"*) LD_LIBRARY_PATH="${LD_LIBRARY_PATH%%";"*}:${LD_LIBRARY_PATH#*";"}" ;;',
            '        *::*) LD_LIBRARY_PATH="${LD_LIBRARY_PATH%%::*}:${LD_LIBRARY_PATH#*::}" ;;',
            "        *) break ;;",
            "      esac",
            "    done",
            '    case "${LD_LIBRARY_PATH}" in',
            '      *:"${CUDA_HOME}/lib64":*) ;;',
            '      *) LD_LIBRARY_PATH=":${CUDA_HOME}/lib64${LD_LIBRARY_PATH}" ;;',
            "    esac",
            '    LD_LIBRARY_PATH="${LD_LIBRARY_PATH#:}"',
            '    LD_LIBRARY_PATH="${LD_LIBRARY_PATH%:}"',
            "    export LD_LIBRARY_PATH",
            "  fi",
        ]
    return (*written, "fi")


def fish(want: Wanted) -> tuple[str, ...]:
    """For fish 3.0 and later. Global variables only: `fish_add_path` and universal ones would outlive the lines."""
    written = [
        f"if test -d {quoting.fish(want.bin)}",
        f"    set -gx CUDA_HOME {quoting.fish(want.root)}",
        "    if not contains -- $CUDA_HOME/bin $PATH",
        "        set -l entries",
        "        for entry in $PATH",
        "            set -a entries $entry",
        "            # an active conda environment stays in front",
        '            if test -n "$CONDA_PREFIX" -a "$entry" = "$CONDA_PREFIX/bin"',
        "                contains -- $CUDA_HOME/bin $entries; or set -a entries $CUDA_HOME/bin",
        "            end",
        "        end",
        "        contains -- $CUDA_HOME/bin $entries; or set -p entries $CUDA_HOME/bin",
        "        set -gx --path PATH $entries",
        "    end",
    ]
    if want.ld_library_path:
        written += [
            "    if test -d $CUDA_HOME/lib64",
            f"        {NO_CWD}",
            "        set -l entries",
            "        for entry in $LD_LIBRARY_PATH",
            '            set -a entries (string split -n ";" -- "$entry")',
            "        end",
            "        contains -- $CUDA_HOME/lib64 $entries; or set -p entries $CUDA_HOME/lib64",
            "        set -gx --path LD_LIBRARY_PATH $entries",
            "    end",
        ]
    return (*written, "end")


def csh(want: Wanted) -> tuple[str, ...]:
    """For tcsh (and csh that is tcsh). A pattern cannot come from a variable there, so the directories stand twice."""
    here = quoting.tcsh(f"*:{quoting.tcsh_pattern(want.bin)}:*")
    written = [
        f"if ( -d {quoting.tcsh(want.bin)} ) then",
        f"  setenv CUDA_HOME {quoting.tcsh(want.root)}",
        "  if ( ! $?PATH ) set path = ( $path:q )",
        f'  if ( ":${{PATH}}:" !~ {here} ) then',
        "    set _cudadoctor = ( )",
        "    set _cudadoctor_done = 0",
        "    if ( $?CONDA_PREFIX ) then # an active conda environment stays in front",
        "      foreach _cudadoctor_entry ( $path:q )",
        "        set _cudadoctor = ( $_cudadoctor:q $_cudadoctor_entry:q )",
        '        if ( "${CONDA_PREFIX}" == "" ) continue',
        '        if ( ! $_cudadoctor_done && "${_cudadoctor_entry}" == "${CONDA_PREFIX}/bin" ) then',
        '          set _cudadoctor = ( $_cudadoctor:q "${CUDA_HOME}/bin" )',
        "          set _cudadoctor_done = 1",
        "        endif",
        "      end",
        "      unset _cudadoctor_entry",
        "    endif",
        '    if ( "${PATH}" == "" ) then',
        '      setenv PATH "${CUDA_HOME}/bin"',
        "    else if ( $_cudadoctor_done ) then",
        "      set path = ( $_cudadoctor:q )",
        "    else",
        '      setenv PATH "${CUDA_HOME}/bin:${PATH}"',
        "    endif",
        "    unset _cudadoctor _cudadoctor_done",
        "  endif",
    ]
    if want.ld_library_path:
        there = quoting.tcsh(f"*:{quoting.tcsh_pattern(want.lib)}:*")
        written += [
            '  if ( -d "${CUDA_HOME}/lib64" ) then',
            '    if ( ! $?LD_LIBRARY_PATH ) setenv LD_LIBRARY_PATH ""',
            f"    {NO_CWD}",
            '    setenv LD_LIBRARY_PATH ":${LD_LIBRARY_PATH}:"',
            '    while ( "${LD_LIBRARY_PATH}" =~ "*;*" )',
            '      setenv LD_LIBRARY_PATH "${LD_LIBRARY_PATH:s/;/:/}"',
            "    end",
            '    while ( "${LD_LIBRARY_PATH}" =~ "*::*" )',
            '      setenv LD_LIBRARY_PATH "${LD_LIBRARY_PATH:s/::/:/}"',
            "    end",
            f'    if ( "${{LD_LIBRARY_PATH}}" !~ {there} ) then',
            '      setenv LD_LIBRARY_PATH ":${CUDA_HOME}/lib64${LD_LIBRARY_PATH}"',
            "    endif",
            '    setenv LD_LIBRARY_PATH "${LD_LIBRARY_PATH:s/://};"',
            '    setenv LD_LIBRARY_PATH "${LD_LIBRARY_PATH:s/:;//}"',
            "  endif",
        ]
    return (*written, "endif")
