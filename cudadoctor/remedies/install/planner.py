"""From facts and a request to the plan: driver, toolkit, shell lines, conda, environment with torch, smoke test."""

from __future__ import annotations

import posixpath

from msgspec.structs import replace

from cudadoctor.errors import CudaDoctorError
from cudadoctor.facts.base import Facts
from cudadoctor.recommend.detect import from_facts
from cudadoctor.recommend.model import CONDA_FAMILY, Request, Value
from cudadoctor.recommend.request import build as words_request
from cudadoctor.remedies import machine, shell_plan
from cudadoctor.remedies.driver import choice
from cudadoctor.remedies.driver import need as needs
from cudadoctor.remedies.install import build, conda, driver, environment, libc, names, published, toolkit, venv
from cudadoctor.remedies.install.build import Chosen
from cudadoctor.remedies.install.conda import Conda
from cudadoctor.remedies.install.environment import Place
from cudadoctor.remedies.install.image import image
from cudadoctor.remedies.install.request import Asked, Ground, RcFile, Scene
from cudadoctor.remedies.plan import For, Plan, PlanStep, Prints
from cudadoctor.remedies.step_parts import Part, lists_once, mine, tell
from cudadoctor.shells import dialects
from cudadoctor.shells.paths import wanted
from cudadoctor.versions import CudaVersion, DriverVersion

_NOTHING = Ground()


def plan(facts: Facts, asked: Asked, *, home: str, block: RcFile | None = None, ground: Ground = _NOTHING) -> Plan:
    """What to do on this machine for this user. Pure: the same facts and request give the same plan.

    `block` is the start-up file that shell lines go into, `ground` what was looked at beyond the facts. Raises
    CudaDoctorError for what is malformed.
    """
    home = names.home_path(home)
    _check(asked, home)
    without = libc.impossible(facts)
    if without is not None:
        return Plan(
            purpose=For(command="install", request=asked.pairs), title="nothing that can be installed",
            impossible=without, home=home, uid=facts.os.uid if facts.os is not None else None,
        )  # fmt: skip
    cache = names.plain_path(ground.cache, "XDG_CACHE_HOME") if ground.cache else f"{home}/.cache/cudadoctor/downloads"
    scene = Scene(facts=facts, asked=asked, ground=ground, home=home, cache=cache, block=block)
    first = words_request(replace(asked.words, manager=None), from_facts(facts))
    coming = driver.coming(facts, first) if asked.driver is not False else ()
    found: Plan | None = None
    newest = max(coming, default=None)
    for one in coming or (None,):
        made = _with(scene, first, one, newest)
        if made.impossible is None:
            return made
        found = found or made
    assert found is not None
    return found


def _with(scene: Scene, first: Request, coming: DriverVersion | None, newest: DriverVersion | None) -> Plan:
    """The plan where a new driver, as far as there is to be one, is `coming` or newer; none is newer than `newest`."""
    facts, asked, ground, home = scene.facts, scene.asked, scene.ground, scene.home
    planned = Value(value=coming, origin="default") if coming is not None else None
    chosen = build.choose(facts, asked, ground, driver_to_be=planned)
    part = Part(notes=[*chosen.notes, *libc.notes(facts)], impossible=list(chosen.impossible))
    lacking = _no_driver_for(scene, first, newest) if chosen.impossible else None
    if lacking is not None:
        part.impossible = [lacking]
    image_cuda: CudaVersion | None = None
    title = "nothing that can be installed"
    enter: tuple[str, ...] = ()
    if chosen.best is None:
        part.steps += _elsewhere(facts)
        title = "NVIDIA's torch for this JetPack" if part.steps else title
        if _wants_toolkit(asked) and not machine.on_jetson(facts):
            image_cuda = _toolkit(scene, chosen, part)
            title = f"CUDA {image_cuda.release}" if image_cuda is not None else title
    else:
        part.add(_driver(scene, chosen))
        if _wants_toolkit(asked):
            image_cuda = _toolkit(scene, chosen, part)
            part.notes += _newer_toolkit(scene, newest, image_cuda)
        elif asked.shell_lines is not False:
            part.add(_lines(scene, None))
        place, enter = _torch(scene, chosen, part)
        title = f"{build.describe(chosen)} in the environment {place.prefix}"
    return Plan(
        purpose=For(command="install", request=asked.pairs),
        title=title,
        steps=lists_once(part.steps),
        notes=tuple(dict.fromkeys(part.notes)),
        impossible="; ".join(dict.fromkeys(part.impossible)) or None,
        home=home,
        uid=facts.os.uid if facts.os is not None else None,
        image=image(facts, image_cuda) if chosen.best is not None else None,
        enter=enter,
        new_shell=any(one.id == "conda-init" and not one.manual for one in part.steps),
    )


def _no_driver_for(scene: Scene, first: Request, newest: DriverVersion | None) -> str | None:
    """Why the CUDA that was asked for has no driver on this release, where the machine has none yet."""
    if newest is None or driver.runs(scene.facts) or first.cuda is None or first.gpus is None:
        return None
    wanted = needs.of(scene.facts, first.gpus.value, cuda=first.cuda.value)
    if wanted.floor is None or newest >= wanted.floor:
        return None
    return choice.why_none(scene.facts, wanted)


def _newer_toolkit(scene: Scene, newest: DriverVersion | None, cuda: CudaVersion | None) -> list[str]:
    """What to ask for where the driver here allows only a toolkit that this release does not have."""
    here = scene.facts.driver.version if scene.facts.driver is not None else None
    if cuda is not None or scene.asked.driver is not None or scene.asked.words.cuda is not None:
        return []
    if here is None or newest is None or newest <= here or not driver.runs(scene.facts):
        return []
    return [f"driver {here} allows no newer CUDA: with --driver a newer driver is planned, and a newer toolkit"]


def _check(asked: Asked, home: str) -> None:
    """Everything that may be malformed, before anything is chosen."""
    words_request(asked.words)
    if asked.conda is not None:
        names.conda_word(asked.conda)
    if asked.env is not None:
        names.env_word(asked.env, home, asked.words.manager or "pip")
    for channel in asked.channels:
        names.channel_word(channel)
    if asked.index_url is not None:
        names.address(asked.index_url, "--index-url")
    if asked.find_links is not None:
        names.folder_or_page(asked.find_links)
    if asked.local_repo is not None:
        names.file_of(asked.local_repo, "--local-repo", ".deb")
        if asked.toolkit is False:
            raise CudaDoctorError("--local-repo is for a toolkit: it does not go with --no-toolkit")
    if asked.conda_installer is not None:
        names.file_of(asked.conda_installer, "--conda-installer", ".sh")
    if asked.words.platform is not None or asked.words.glibc is not None:
        raise CudaDoctorError(
            "--platform and --glibc are for `recommend`: `install` is for the machine that it runs on"
        )


def _wants_toolkit(asked: Asked) -> bool:
    if asked.toolkit is not None:
        return asked.toolkit
    return asked.local_repo is not None or asked.as_published


def _driver(scene: Scene, chosen: Chosen) -> Part:
    facts, asked, cache = scene.facts, scene.asked, scene.cache
    assert chosen.best is not None
    if asked.as_published and asked.driver is None:
        return Part()  # it comes with the package `cuda`, as printed
    cuda = chosen.best.cuda is not None
    how = driver.state(facts, chosen.request, newer=chosen.newer_driver, asked=asked.driver, cuda=cuda)
    if asked.driver is False:
        missing = how in ("missing", "old", "broken")
        return Part(notes=["no driver that would do runs here, and --no-driver leaves it so: torch computes on the CPU"]
                    if missing else [])  # fmt: skip
    part = driver.steps(facts, chosen.request, how, chosen.best.cuda, cache)
    if how == "no-gpu":
        more = ": --driver installs nothing" if asked.driver else ""
        part.notes.append(f"no NVIDIA GPU is in this machine{more}")
    elif how == "unknown" and cuda:
        part.notes.append("whether there is an NVIDIA GPU is not known here, so no driver is planned")
    return part


def _toolkit(scene: Scene, chosen: Chosen, part: Part) -> CudaVersion | None:
    """Adds the toolkit's steps and the shell lines for it; its release where it will be there."""
    facts, asked, ground, cache = scene.facts, scene.asked, scene.ground, scene.cache
    if machine.on_jetson(facts):
        part.impossible.append("a Jetson's CUDA is a part of JetPack: no toolkit is planned beside it")
        return None
    words = words_request(asked.words).cuda
    # Where what was asked for cannot be had, the toolkit follows the build that is planned instead.
    built = chosen.best.cuda if chosen.best is not None else None
    given = words.value if words is not None and (built is None or not chosen.impossible) else None
    if words is not None and words.value is None and asked.toolkit:
        raise CudaDoctorError("--toolkit with --cuda cpu: name the CUDA of the toolkit, or leave one of them out")
    if chosen.impossible and words is not None and words.value is not None:
        lacking = toolkit.no_packages(facts, words.value)
        if lacking is not None and ground.repository is None:
            part.impossible.append(lacking)
    cuda = toolkit.release_of(asked, ground, given, built)
    make = (published.toolkit if asked.as_published else toolkit.steps)(facts, ground, cuda, cache)
    after = tuple(one.id for one in make.steps if one.id == "toolkit-install")
    part.add(make)
    if not make.impossible and asked.shell_lines is not False:
        part.add(_lines(scene, cuda, needs=after))
    return None if make.impossible else cuda.cuda


def _lines(scene: Scene, cuda: CudaVersion | None, *, needs: tuple[str, ...] = ()) -> Part:
    """The block for the shell: of the planned toolkit; else of one that is here and not on PATH."""
    facts, asked, ground, block = scene.facts, scene.asked, scene.ground, scene.block
    part = Part()
    inventory = facts.toolkit
    try:
        if cuda is not None:
            here = toolkit.present(facts, cuda)
            on_path_root = inventory.nvcc_on_path_root if inventory is not None else None
            if here is not None and asked.shell_lines is None and on_path_root == here.real_root:
                return part  # it is on PATH already, by lines of the user's own
            root = here.root if here is not None else toolkit.root_of(facts, cuda)
        else:
            on_path = inventory is not None and inventory.nvcc_on_path is not None
            if asked.shell_lines is None and (inventory is None or on_path):
                return part
            root = shell_plan.chosen_root(inventory, None)
        want = wanted(root)
    except CudaDoctorError as error:
        if asked.shell_lines:
            part.notes.append(str(error))
        return part
    if block is None:
        if cuda is not None or asked.shell_lines:
            unknown = "which shell you use is not known: `cudadoctor shell` prints the lines for the toolkit"
            part.notes.append(ground.no_block or unknown)
        return part
    try:
        change = shell_plan.put(block.path, block.shown, block.data, block.shell, want)
    except CudaDoctorError as error:
        text = f"{error}. Then `cudadoctor shell --apply` puts the lines in."
        part.steps.append(tell("shell-lines", f"put {want.bin} on PATH", text, needs=needs))
        return part
    if not change.diff:
        return part
    # The line that names the toolkit tells that the block is in, also after conda has written into the same file.
    line = next(one for one in dialects.lines(block.shell, want) if "CUDA_HOME" in one and want.root in one)
    part.steps.append(
        PlanStep(
            id="shell-lines", title=f"put {want.bin} on PATH in {block.path}",
            why="so that new shells find nvcc, and builds find the toolkit by CUDA_HOME; LD_LIBRARY_PATH is left alone",
            action=change.step, needs=needs,
            done_when=Prints(argv=("grep", "-q", "-x", "-F", "-e", line, block.path)),
        )
    )  # fmt: skip
    return part


def _torch(scene: Scene, chosen: Chosen, part: Part) -> tuple[Place, tuple[str, ...]]:
    """Adds conda, the environment and the smoke test; where the environment is, and the words that enter it."""
    facts, asked = scene.facts, scene.asked
    tool: Conda | None = None
    bringing = Part()
    if chosen.manager in CONDA_FAMILY:
        tool, bringing = conda.prepared(scene, chosen.manager)
        if asked.as_published and not tool.planned and posixpath.basename(tool.program) == "conda":
            step = conda.no_auto_activation(tool.program, scene.home, tool.version)
            bringing.steps.append(replace(step, needs=()))
    place = environment.wanted_place(scene, chosen, tool)
    place = _free(scene, chosen, place, part)
    here = next((one for one in facts.envs or () if one.prefix == place.prefix), None)
    line = chosen.answer.command if chosen.answer.request.style.value == "published" else None
    printable = line is not None and chosen.answer.published == line and not line.startswith("Download")
    if line is not None and printable and chosen.manager != "pixi":
        made = published.environment(asked, chosen, place, tool, line)
    else:
        made = _environment(scene, chosen, place, tool)
    if here is not None:
        part.notes.append(f"{place.prefix} holds {build.describe(chosen)} already")
    active = next((one for one in facts.envs or () if one.active and one.torch is not None), None)
    if active is not None and active.torch is not None and active.prefix != place.prefix:
        part.notes.append(
            f"the active environment {active.prefix} has torch {active.torch.version}, and stays as it is"
        )
    part.add(bringing)
    part.add(made)
    if asked.smoke:
        part.steps.append(_smoke(chosen, place, part))
    return place, environment.entering(scene, chosen, place, tool)


def _environment(scene: Scene, chosen: Chosen, place: Place, tool: Conda | None) -> Part:
    if chosen.manager == "pip":
        return venv.venv(scene.asked, chosen, place, scene.facts)
    if tool is None:
        return venv.uv(scene.asked, chosen, place)
    if chosen.manager == "pixi":
        return environment.pixi_steps(scene.asked, chosen, place, tool)
    return environment.conda_steps(scene, chosen, place, tool)


def _free(scene: Scene, chosen: Chosen, place: Place, part: Part) -> Place:
    """The place itself where it is free or holds the build already; else the next one, and what is said of it."""
    facts, asked, ground = scene.facts, scene.asked, scene.ground
    found = environment.lies_in_the_way(place, facts, ground.there)
    if found is None or (not isinstance(found, str) and environment.holds(chosen, found)):
        return place
    if isinstance(found, str):
        what = found
    else:
        what = f"torch {found.torch.version}" if found.torch is not None else "no torch"
    taken = set(ground.there) | {one.prefix for one in facts.envs or ()}
    for number in range(2, 1000):
        path = f"{place.made}-{number}"
        inside = f"{path}{place.prefix[len(place.made) :]}"
        env = next((one for one in facts.envs or () if one.prefix == inside), None)
        if path not in taken or (env is not None and environment.holds(chosen, env)):
            break
    other = environment.Place(
        prefix=inside,
        name=posixpath.basename(path),
        workspace=path if place.workspace else None,
    )
    text = f"{place.made} exists already with {what}, and is not changed"
    if asked.env is not None:
        part.impossible.append(f"{text}: --env OTHER names another")
    else:
        part.notes.append(f"{text}: {path} is made; --env OTHER names another")
    return other


def _smoke(chosen: Chosen, place: Place, part: Part) -> PlanStep:
    assert chosen.best is not None
    gpus = chosen.request.gpus
    no_gpu = gpus is not None and (not gpus.value or gpus.origin == "asked")
    cpu = chosen.best.cuda is None or no_gpu
    device = ("--device", "cpu") if cpu else ()
    argv = ("cudadoctor", "smoke", "--env", place.prefix, "--level", "quick", *device)
    why = "torch computes on the CPU, whose results are compared with known ones" if cpu else (
        "that a GPU is seen does not prove that it computes: this does")  # fmt: skip
    reboot = tuple(one.id for one in part.steps if one.reboot and one.manual)
    last = tuple(one.id for one in part.steps if one.id in ("env-make", "torch-install"))[-1:]
    return PlanStep(
        id="smoke", title="prove that torch computes", why=why, action=mine(argv, why), needs=(*last, *reboot)
    )


def _elsewhere(facts: Facts) -> list[PlanStep]:
    """Where torch does not come from upstream."""
    if not machine.on_jetson(facts):
        return []
    text = (
        "Take NVIDIA's wheel or container for this board's JetPack (https://docs.nvidia.com/deeplearning/frameworks/"
        "install-pytorch-jetson-platform/): upstream's wheels have no CUDA for it."
    )
    return [tell("jetson", "install NVIDIA's torch for this JetPack", text)]
