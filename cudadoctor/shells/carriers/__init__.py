"""The same variables for what is no rc file: CI, images, services, modules, conda environments, other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from cudadoctor.shells import dialects
from cudadoctor.shells.carriers import conda, containers, services
from cudadoctor.shells.dialects import Shell
from cudadoctor.shells.paths import Wanted

Carrier = Literal["rc", "github", "gitlab", "docker", "systemd", "lmod", "conda", "env0"]
CARRIERS: tuple[Carrier, ...] = get_args(Carrier)


def text(carrier: Carrier, shell: Shell, want: Wanted, env: Mapping[str, str]) -> str:
    """What the carrier takes, whole. `env` is read by `env0` alone: it gives values, not a program."""
    if carrier == "env0":
        return services.env0(want, env)
    if carrier == "rc":
        from cudadoctor.shells import block

        written = block.rendered(dialects.lines(shell, want))
    elif carrier == "github":
        written = services.github(want)
    elif carrier == "gitlab":
        written = services.gitlab(want)
    elif carrier == "docker":
        written = containers.dockerfile(want)
    elif carrier == "systemd":
        written = services.systemd(want)
    elif carrier == "lmod":
        written = containers.lmod(want)
    else:
        written = conda.pair(shell, want)
    return "".join(f"{line}\n" for line in written)
