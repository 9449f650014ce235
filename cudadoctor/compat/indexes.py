"""Where pip and uv find upstream's builds: index addresses, the flags of each era, uv's backends."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cudadoctor.compat._tables import numbers, source, table
from cudadoctor.compat.source import Source
from cudadoctor.compat.torch import base_version
from cudadoctor.versions import DriverVersion

_SUFFIX_ALWAYS = (1, 8, 1)
"""From here on upstream's index has a suffixed file of the default build too."""

How = Literal["download", "find-links", "extra-index", "index"]
_HOW: dict[str, How] = {"1.0.0": "download", "1.2.0": "find-links", "1.11.0": "extra-index", "2.0.0": "index"}


class PipEra(Struct, frozen=True, kw_only=True):
    """How pip was pointed to upstream's files."""

    how: How
    """`download` a file by hand; `find-links` (-f); `extra-index` (--extra-index-url); `index` (--index-url)."""
    first: str
    last: str | None
    source: Source


class PublishedEra(Struct, frozen=True, kw_only=True):
    """How the page of previous versions writes its pip lines."""

    how: str
    """As in `PipEra`, and `find-links-platform`: -f with the page of one platform."""
    suffix: bool
    """Its lines carry +cuXXX, except for the default build of their time."""
    audio: bool
    """Its lines name torchaudio."""
    plain_default: bool
    """The line for the default build of its time is `pip install torch==…` and nothing more."""
    first: str
    last: str | None
    """None: until now."""


class UvBackend(Struct, frozen=True, kw_only=True):
    """A value of uv's --torch-backend and the oldest driver for which `auto` takes it."""

    tag: str
    driver: DriverVersion | None
    source: Source


def index_url(tag: str) -> str:
    """The index of one platform: https://download.pytorch.org/whl/cu126."""
    return str(table("torch")["index"]["base"]).replace("<platform>", tag)


def flat_page(tag: str | None = None) -> str:
    """torch_stable.html, of all platforms or of one."""
    page = str(table("torch")["index"]["flat_page"])
    return page if tag is None else page.replace("/whl/", f"/whl/{tag}/")


def lts_url(tag: str) -> str:
    """The index of the LTS release 1.8.2."""
    return f"https://download.pytorch.org/whl/lts/1.8/{tag}"


def pip_era(torch: str) -> PipEra | None:
    """How a release is reached; None for one before 1.0.0, or whose version cannot be read."""
    wanted = numbers(base_version(torch))
    found = None
    for row in table("torch")["flag_eras"]:
        if wanted >= numbers(row["first"]):
            found = row
    if found is None or not wanted:
        return None
    return PipEra(
        how=_HOW[found["first"]],
        first=found["first"],
        last=None if found["last"] == "now" else found["last"],
        source=source("torch", "torch_published"),
    )


def published_era(torch: str) -> PublishedEra | None:
    """How the page writes the lines of a release; None where it has none or they were not seen."""
    wanted = numbers(base_version(torch))
    for row in table("torch")["published_eras"]:
        last = None if row["last"] == "now" else row["last"]
        if numbers(row["first"]) <= wanted and (last is None or wanted <= numbers(last)):
            return PublishedEra(
                how=row["how"],
                suffix=row["suffix"],
                audio=row["audio"],
                plain_default=row.get("plain_default", (1, 2) <= wanted < _SUFFIX_ALWAYS),
                first=row["first"],
                last=last,
            )
    return None


def uv_backends(*, windows: bool = False) -> tuple[UvBackend, ...]:
    """The CUDA backends of uv, newest first."""
    return tuple(
        UvBackend(tag=tag, driver=DriverVersion.parse(driver) or DriverVersion.parse(f"{driver}.00"), source=_uv())
        for tag, driver in table("uv")["windows" if windows else "linux"]
    )


def uv_auto(driver: DriverVersion, *, windows: bool = False) -> str:
    """The first index that uv's `auto` tries with this driver: it looks at no GPU, so it can be one that cannot run."""
    for one in uv_backends(windows=windows):
        if one.driver is not None and driver >= one.driver:
            return one.tag
    return "cpu"


def uv_packages() -> tuple[str, ...]:
    """The packages that uv takes from upstream's index."""
    return tuple(table("uv")["packages"])


def _uv() -> Source:
    return source("uv", "uv")
