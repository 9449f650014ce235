"""More facts in the JSON report: packages, repositories, container engines."""

from __future__ import annotations

from typing import Any

from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.runtime import RuntimeFacts


def distro(one: DistroFacts) -> dict[str, Any]:
    """Packages that matter, and where they come from."""
    return {
        "manager": one.manager,
        "packages": None
        if one.packages is None
        else [
            {"name": each.name, "version": each.version, "arch": each.arch, "state": each.state, "held": each.held}
            for each in one.packages
        ],
        "sources": None
        if one.sources is None
        else [
            {
                "file": each.file,
                "line": each.line,
                "uri": each.uri,
                "suite": each.suite,
                "signed_by": each.signed_by,
                "trusted": each.trusted,
            }
            for each in one.sources
        ],
        "keyrings": [{"file": each.file, "fingerprints": list(each.fingerprints)} for each in one.keyrings],
        "pins": [
            {"file": each.file, "package": each.package, "pin": each.pin, "priority": each.priority}
            for each in one.pins
        ],
        "unattended_upgrades": one.unattended,
        "unattended_blacklist": list(one.blacklist),
        "driver_changes": [
            {
                "date": each.date,
                "action": each.action,
                "package": each.package,
                "before": each.before,
                "after": each.after,
                "unattended": each.unattended,
            }
            for each in one.changes
        ],
        "runfile": one.runfile,
    }


def runtime(one: RuntimeFacts) -> dict[str, Any]:
    """Container engines, and what this container was given."""
    return {
        "engines": [{"name": each.name, "path": each.path, "snap": each.snap} for each in one.engines],
        "rootless": one.rootless,
        "toolkit": one.toolkit,
        "runtimes": list(one.runtimes),
        "default_runtime": one.default_runtime,
        "no_cgroups": one.no_cgroups,
        "mode": one.mode,
        "cdi_specs": list(one.cdi_specs),
        "require_cuda": one.require_cuda,
        "driver_files": list(one.driver_files),
        "starts": [
            {
                "engine": each.engine,
                "image": each.image,
                "gpus": each.gpus,
                "runtime": each.runtime,
                "env": dict(each.env),
                "privileged": each.privileged,
                "devices": list(each.devices),
            }
            for each in one.starts
        ],
    }
