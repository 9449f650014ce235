"""Builds the cure of one finding: one module for each kind of cure, imported at its first use."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cudadoctor.remedies.cures import (
        boot as boot,
    )
    from cudadoctor.remedies.cures import (
        build_needs as build_needs,
    )
    from cudadoctor.remedies.cures import (
        container as container,
    )
    from cudadoctor.remedies.cures import (
        driver_part as driver_part,
    )
    from cudadoctor.remedies.cures import (
        gpu as gpu,
    )
    from cudadoctor.remedies.cures import (
        gpu_services as gpu_services,
    )
    from cudadoctor.remedies.cures import (
        install_driver as install_driver,
    )
    from cudadoctor.remedies.cures import (
        libraries as libraries,
    )
    from cudadoctor.remedies.cures import (
        module as module,
    )
    from cudadoctor.remedies.cures import (
        packages as packages,
    )
    from cudadoctor.remedies.cures import (
        rc_lines as rc_lines,
    )
    from cudadoctor.remedies.cures import (
        reboot as reboot,
    )
    from cudadoctor.remedies.cures import (
        reinstall_torch as reinstall_torch,
    )
    from cudadoctor.remedies.cures import (
        shell_lines as shell_lines,
    )
    from cudadoctor.remedies.cures import (
        toolkit as toolkit,
    )
    from cudadoctor.remedies.cures import (
        wsl as wsl,
    )
else:

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name.startswith("__"):
            raise AttributeError(name)
        return import_module(f"{__name__}.{name}")
