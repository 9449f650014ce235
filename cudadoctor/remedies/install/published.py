"""The flow as NVIDIA and the posts of its time printed it, step by step, and the traps that it has today."""

from __future__ import annotations

from cudadoctor.compat import apt
from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.driver.repository import name_of
from cudadoctor.remedies.install import names
from cudadoctor.remedies.install.build import Chosen
from cudadoctor.remedies.install.conda import Conda
from cudadoctor.remedies.install.environment import Place, any_torch, channels, disk_mib, published_line
from cudadoctor.remedies.install.request import Asked, Ground, LocalRepository
from cudadoctor.remedies.plan import Exists, Fetch, PlanStep
from cudadoctor.remedies.step_parts import Part, apt_family, dpkg_has, for_administrator, mine, rooted
from cudadoctor.versions import CudaVersion

_NO_APT_KEY = {"debian": 13, "ubuntu": 25}
"""apt-key left with apt 3: Debian 13, Ubuntu from 25.04 on."""
_TRAPS = (
    "`apt-key add` trusts the key for every repository, and apt-key is gone with apt 3 (Debian 13, newer Ubuntu)",
    "the package `cuda` brings a driver along, in place of a newer one: `cuda-toolkit-X-Y` is the toolkit alone",
    "the flow has no reboot: a new driver runs only after one",
    "with NVIDIA's network repository beside it `cuda` means the newest CUDA there, not this one",
)
_KEY_FIRST = "`apt-get update` before the key is added says NO_PUBKEY: the order of the steps is what matters"
_RETIRED = (
    "the key 7fa2af80 was retired on 2022-04-27: it is right for a local package of before, for no network repository"
)


def local_of(
    facts: Facts, ground: Ground, cuda: CudaVersion, cache: str
) -> tuple[LocalRepository, Fetch | None] | None:
    """The repository package: the one that was given, or NVIDIA's for this toolkit with its address."""
    if ground.repository is not None:
        return ground.repository, None
    name = name_of(facts)
    rows = [one for one in apt.local_debs(cuda, name) if one.url is not None]
    if not rows or "*" in rows[-1].key:
        return None
    row = rows[0] if cuda.patch == 0 else rows[-1]
    path = f"{cache}/{row.file}"
    assert row.url is not None
    fetch = Fetch(url=row.url, path=path, digest=None, why="as printed, over https; NVIDIA publishes no SHA-256 of it")
    found = LocalRepository(
        path=path, package=row.file.partition("_")[0], folder=row.folder, key=row.key, sources=(),
        toolkit=row.toolkit.cuda, listed=False,
    )  # fmt: skip
    return found, fetch


def toolkit(facts: Facts, ground: Ground, cuda: CudaVersion, cache: str) -> Part:
    """The four commands: dpkg -i, apt-key add, apt-get update, apt-get install cuda."""
    part = Part()
    found = local_of(facts, ground, cuda, cache) if apt_family(facts) else None
    if found is None:
        name = facts.os.pretty_name if facts.os is not None else None
        part.impossible.append(f"NVIDIA printed no local package of CUDA {cuda.release} for {name or 'this system'}")
        return part
    repo, fetch = found
    needs: tuple[str, ...] = ()
    if fetch is not None:
        part.steps.append(
            PlanStep(
                id="toolkit-local-fetch", title="download NVIDIA's local repository package", why=fetch.why,
                action=fetch, network=names.host_of(fetch.url), disk_mib=2500, disk_at=cache,
                done_when=dpkg_has(repo.package),
            )
        )  # fmt: skip
        needs = ("toolkit-local-fetch",)
    part.steps.append(_root("toolkit-local", "unpack the local repository", ("dpkg", "-i", repo.path), needs,
                            done_when=dpkg_has(repo.package)))  # fmt: skip
    key = repo.key or f"{repo.folder}/7fa2af80.pub"
    part.steps.append(_root("toolkit-key", "add the key", ("apt-key", "add", key), ("toolkit-local",)))
    part.steps.append(_root("toolkit-lists", "read apt's package lists", ("apt-get", "update"), ("toolkit-key",),
                            network=("apt",), done_when=dpkg_has("cuda")))  # fmt: skip
    part.steps.append(_root("toolkit-install", "install the package cuda",
                            ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "cuda"),
                            ("toolkit-lists",), network=("apt",), done_when=dpkg_has("cuda"), packages=True,
                            disk_mib=6000, disk_at="/usr/local"))  # fmt: skip
    part.notes += [*_TRAPS, _KEY_FIRST]
    if key.endswith("7fa2af80.pub"):
        part.notes.append(_RETIRED)
    gone = _NO_APT_KEY.get(machine.family(facts))
    release = machine.release(facts)
    if "apt-key" not in ground.programs and gone is not None and release is not None and release >= gone:
        part.notes.append("there is no apt-key on this system: the step that calls it fails")
    elif "gpg" not in ground.programs:
        part.notes.append("apt-key needs gnupg, which was not found here: the step that calls it fails without it")
    return for_administrator(part, facts, "toolkit-ask", "ask for the toolkit")


def environment(asked: Asked, chosen: Chosen, place: Place, conda: Conda | None, line: str) -> Part:
    """The printed line, in a separate environment."""
    part = Part(notes=[one.text for one in chosen.answer.reasons if one.rule in ("published", "wrong")])
    if not any(line in one for one in part.notes):
        part.notes.insert(0, f"published: `{line}`")
    better = next((one.command for one in chosen.answer.alternatives if one.command is not None), None)
    if conda is not None:
        part.notes.append(
            "the line leaves the channel `defaults` in: conda of Anaconda and Miniconda asks for its terms since July "
            "2025, and stops where it cannot ask"
        )
    option = "--as-published" if asked.as_published else "--style published"
    if better is not None:
        part.notes.append(f"what to run instead: `{better}`; {option} left out, that is planned")
    needs: tuple[str, ...] = conda.needs if conda is not None else ()
    program = conda.program if conda is not None else "python3"
    if chosen.manager == "pip":
        assert chosen.interpreter is not None
        make = (chosen.interpreter.path, "-m", "venv", place.prefix)
    elif chosen.manager == "uv":
        make = ("uv", "venv", *(("--python", chosen.python) if chosen.python else ()), place.prefix)
    else:
        named = (f"python={chosen.python}",) if chosen.python and not asked.as_published else ()
        make = (program, "create", "-y", "-p", place.prefix, *named)
    why = "as printed; `conda create -n torch` without a Python makes an empty environment" if asked.as_published else (
        "the printed line goes into a separate environment")  # fmt: skip
    there = "conda-meta" if conda is not None else "pyvenv.cfg"
    part.steps.append(
        PlanStep(
            id="env-make", title=f"make the environment {place.name}", why=why, action=mine(make, why), needs=needs,
            makes=(place.prefix,),
            done_when=Exists(path=f"{place.prefix}/{there}", what="directory" if conda is not None else "file"),
        )
    )  # fmt: skip
    hosts = tuple(dict.fromkeys(host for one in channels(asked, chosen) for host in names.host_of(one)))
    part.steps.append(
        PlanStep(
            id="torch-install", title="install torch as printed", why="which build lands is the solver's choice",
            action=mine(published_line(line, place, program), "the published line"), needs=("env-make",),
            network=hosts if conda is not None else ("download.pytorch.org",), disk_mib=disk_mib(chosen),
            disk_at=place.prefix.rpartition("/")[0], done_when=any_torch(place),
        )
    )  # fmt: skip
    return part


def _root(step: str, title: str, argv: tuple[str, ...], needs: tuple[str, ...], **more: object) -> PlanStep:
    return PlanStep(id=step, title=title, why="as printed", action=rooted(argv, "as printed"), needs=needs, **more)  # type: ignore[arg-type]
