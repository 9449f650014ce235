"""NVIDIA's package repositories as the plan finds them: older entries to switch off, and one that was downloaded."""

from __future__ import annotations

import posixpath
from hashlib import sha256

from cudadoctor.facts.base import Facts
from cudadoctor.facts.distro import AptSource
from cudadoctor.remedies.driver.repository import HOST, KEYRING, name_of
from cudadoctor.remedies.install.request import Ground, LocalRepository
from cudadoctor.remedies.plan import AllOf, Condition, PlanStep, Prints, WriteFile
from cudadoctor.remedies.step_parts import CUDA_GUIDE, dpkg_has, rooted, tell


def old_sources(facts: Facts, ground: Ground, *, keep: str = "") -> list[PlanStep]:
    """Older entries of the same repository, which apt refuses beside the keyring package's: switched off, and kept."""
    name = name_of(facts)
    rows = (facts.distro.sources if facts.distro is not None else None) or ()
    clashing = [one for one in rows if _clashes(one, name, keep)]
    found: list[PlanStep] = []
    for number, file in enumerate(dict.fromkeys(one.file for one in clashing), 1):
        lines = {one.line for one in clashing if one.file == file}
        found.append(_switched_off(file, lines, ground.apt_files.get(file), number))
    return found


def _clashes(one: AptSource, name: str | None, keep: str) -> bool:
    """It names this release's CUDA repository with another key than the keyring package's list does."""
    inside = f"{HOST}/compute/cuda/repos/" in one.uri and (name is None or f"/{name}/" in f"{one.uri}/")
    return inside and one.signed_by != KEYRING and one.file != keep


def _switched_off(file: str, lines: set[int], data: bytes | None, number: int) -> PlanStep:
    title = f"switch the old entry in {file} off"
    why = "apt refuses one repository with two keys (Conflicting values set for option Signed-By)"
    step = f"toolkit-old-source-{number}"
    if data is None or not file.endswith(".list"):
        return tell(step, title, f"In {file}: take the entry of {HOST} out, as root.", why=why)
    rows = data.decode("utf-8", "surrogateescape").split("\n")
    text = "\n".join(f"# {row}" if at in lines else row for at, row in enumerate(rows, 1))
    action = WriteFile(path=file, text=text, why=why, safety="system", needs_root=True, before=sha256(data).hexdigest())
    return PlanStep(id=step, title=title, why=why, action=action)


def local_steps(repo: LocalRepository, until: Condition) -> list[PlanStep]:
    """A repository package: its files, its own key for it alone, and the list that says so."""
    installed = dpkg_has(repo.package)
    why = "puts the repository's files and its key on this machine; nothing is read from the network"
    steps = [
        PlanStep(
            id="toolkit-local", title="unpack the local repository", why=why,
            action=rooted(("dpkg", "-i", repo.path), why), disk_mib=2500, disk_at="/var", done_when=installed,
            undo=(rooted(("dpkg", "--purge", repo.package), "takes the repository away"),), source=CUDA_GUIDE,
        )
    ]  # fmt: skip
    if repo.key is None:
        text = f"Find the key in {repo.folder}, and copy it to /usr/share/keyrings as root."
        return [*steps, tell("toolkit-key", "copy the repository's key", text, needs=("toolkit-local",))]
    armoured = repo.key.endswith((".pub", ".asc"))
    ring = f"/usr/share/keyrings/{posixpath.basename(repo.folder)}.{'asc' if armoured else 'gpg'}"
    same = Prints(argv=("cmp", "-s", repo.key, ring))
    key_why = "apt must trust this key for this repository, and for no other as `apt-key add` would have it"
    steps.append(
        PlanStep(
            id="toolkit-key", title="give apt the repository's key", why=key_why,
            action=rooted(("install", "-m", "0644", repo.key, ring), key_why), needs=("toolkit-local",),
            done_when=AllOf(conditions=(installed, same)), makes=(ring,), source=CUDA_GUIDE,
        )
    )  # fmt: skip
    listed = repo.sources[0] if repo.sources else f"/etc/apt/sources.list.d/{repo.package}.list"
    list_why = "the list that the package brings names no key: with signed-by apt checks it by the one above"
    steps.append(
        PlanStep(
            id="toolkit-source", title="tie the repository to its key", why=list_why,
            action=WriteFile(
                path=listed, text=f"deb [signed-by={ring}] file://{repo.folder} /\n", why=list_why, safety="system",
                needs_root=True,
            ),
            needs=("toolkit-key",), source=CUDA_GUIDE,
        )
    )  # fmt: skip
    lists = "so that apt knows what is in the repository: after its key, or it says NO_PUBKEY"
    steps.append(
        PlanStep(
            id="toolkit-lists", title="read apt's package lists", why=lists,
            action=rooted(("apt-get", "update"), lists), needs=("toolkit-source",), network=("apt",), done_when=until,
            lasting="apt's package lists stay as they were read",
        )
    )  # fmt: skip
    return steps
