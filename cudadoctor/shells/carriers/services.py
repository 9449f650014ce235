"""CI jobs, systemd's user environment, and NUL-separated values."""

from __future__ import annotations

from collections.abc import Mapping

from cudadoctor.shells import dialects, quoting
from cudadoctor.shells.paths import Wanted
from cudadoctor.shells.values import values


def github(want: Wanted) -> tuple[str, ...]:
    """Commands for a step: later steps of the job get the variables. GITHUB_ENV expands nothing, so the shell does."""
    written = [
        f"if [ -d {quoting.posix(want.bin)} ]; then",
        f"  printf 'CUDA_HOME=%s\\n' {quoting.posix(want.root)} >> \"$GITHUB_ENV\"",
        f"  printf '%s\\n' {quoting.posix(want.bin)} >> \"$GITHUB_PATH\"",
    ]
    if want.ld_library_path:
        written += ["  (", *(f"    {line}" for line in dialects.posix(want))]
        written += [
            '    if [ -n "${LD_LIBRARY_PATH-}" ]; then',
            '      printf \'LD_LIBRARY_PATH=%s\\n\' "${LD_LIBRARY_PATH}" >> "$GITHUB_ENV"',
            "    fi",
            "  )",
        ]
    return (*written, "fi")


def gitlab(want: Wanted) -> tuple[str, ...]:
    """One entry of `before_script`: `variables:` cannot build on the PATH that the image brings."""
    return ("before_script:", "  - |", *(f"    {line}" for line in dialects.posix(want)))


def systemd(want: Wanted) -> tuple[str, ...]:
    """For ~/.config/environment.d/60-cudadoctor.conf, see environment.d(5): services of the user get it."""
    written = [
        "# ~/.config/environment.d/60-cudadoctor.conf",
        f"CUDA_HOME={_unit(want.root)}",
        f'PATH={_unit(want.bin)}"${{PATH:+:$PATH}}"',
    ]
    if want.ld_library_path:
        written.append(f'LD_LIBRARY_PATH={_unit(want.lib)}"${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"')
    return tuple(written)


def _unit(text: str) -> str:
    r"""In double quotes, where `\` quotes itself, `"` and a backquote; `$$` is what stays a `$` when it is expanded."""
    escaped = "".join(f"\\{letter}" if letter in '\\"`' else letter for letter in text)
    return f'"{escaped.replace("$", "$$")}"'


def env0(want: Wanted, env: Mapping[str, str]) -> str:
    """`NAME=value` with a NUL behind each, as `env -0` prints them: for `xargs -0 env` and other programs."""
    return "".join(f"{name}={value}\0" for name, value in values(want, env).items())
