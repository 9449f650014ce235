"""What the published conda line gives under a solver of today, and that `check` sees it."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.plan.real.channel import GPU_BUILD
from tests.plan.real.machine import Machine

rattler = pytest.importorskip("rattler", reason="py-rattler is not installed: no solver of today")

PUBLISHED = ("pytorch", "torchvision", "cudatoolkit=10.1")
PINNED = ("pytorch=1.4.0=*cuda10.1*", "torchvision=0.5.0=*cu101*", "cudatoolkit=10.1", "mkl<2024.1", "numpy<2")


async def _made(channel: str, specs: list[str], prefix: Path) -> dict[str, str]:
    platforms: Any = ["linux-64", "noarch"]
    wanted: Any = [rattler.MatchSpec(one) for one in specs]
    solving: Any = rattler.solve([channel], wanted, platforms=platforms, virtual_packages=[])
    records: Any = await solving if inspect.isawaitable(solving) else solving
    installing: Any = rattler.install(
        records, target_prefix=prefix, cache_dir=prefix.parent / ".rattler-cache", show_progress=False
    )
    if inspect.isawaitable(installing):
        await installing
    return {one.name.normalized: str(one.build) for one in records}


@pytest.mark.parametrize(
    ("specs", "builds", "named"),
    [(PUBLISHED, ("py3.8_cpu_0", "py38_cpu"), True), (PINNED, (GPU_BUILD, "py37_cu101"), False)],
    ids=["published", "pinned"],
)
def test_a_solver_of_today(
    reference: Callable[[], Machine], conda_channel: Path, specs: tuple[str, ...], builds: tuple[str, str], named: bool
) -> None:
    box = reference()
    python = [] if named else ["python=3.7"]
    prefix = box.upper / "root/torch"
    prefix.parent.mkdir(parents=True)
    made = asyncio.run(_made(conda_channel.as_uri(), [*specs, *python], prefix))
    assert (made["pytorch"], made["torchvision"]) == builds
    done = box.cudadoctor("check", "--fast", "--json", "--env", "/root/torch")
    found = {one["name"] for one in json.loads(done.out)["findings"]}
    assert ("cpu-only-build" in found) is named, found
