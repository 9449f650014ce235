"""One run: a survey, then every GPU in children of its own, side by side, then all of them together."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.smoke import SmokeFacts, SmokeGpu, SmokeLevel, SmokeOutcome, SmokeResult
from cudadoctor.host import child
from cudadoctor.host.scratch import scratch
from cudadoctor.smoke import monitor
from cudadoctor.smoke.ledger import Ledger, Progress
from cudadoctor.smoke.session import Runs, Target, plain, run_tests
from cudadoctor.smoke.suite import BY_NAME, FIRST_TOUCH, IMPORT, TOTAL, Test, chosen

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_WORST: tuple[SmokeOutcome, ...] = ("hang", "crash", "timeout", "fail", "skip", "pass")


class Order(Struct, frozen=True, kw_only=True):
    """What is to be tested."""

    python: str
    """The environment's interpreter."""
    env: str | None = None
    """Its prefix."""
    level: SmokeLevel = "quick"
    device: str = "auto"
    """auto or cuda: every GPU that torch sees; cuda:N; cpu."""
    only: tuple[str, ...] = ()
    expect_gpus: int | None = None
    timeout: float | None = None
    seconds: float = 60.0
    """For `burn`."""
    smi: SmiFacts | None = None
    """What nvidia-smi lists."""

    @property
    def tests(self) -> tuple[Test, ...]:
        """Those that were chosen, import and first touch among them."""
        tests = chosen(self.level, self.only)
        names = {one.name for one in tests} | {IMPORT.name}
        if any(one.where != "survey" for one in tests):
            names.add(FIRST_TOUCH.name)
        if self.expect_gpus is not None and self.device != "cpu":
            names.add("devices")
        return tuple(one for one in BY_NAME.values() if one.name in names)


def run(host: Runs, variables: Mapping[str, str], order: Order, progress: Progress | None = None) -> SmokeFacts:
    """Run the tests; what came of them. An interruption ends the children, and gives what there was until then."""
    seconds = order.timeout or TOTAL[order.level] + (order.seconds if order.level == "burn" else 0.0)
    return _Run(host, variables, order, Ledger(seconds, len(order.tests), progress)).go()


class _Run:
    def __init__(self, host: Runs, variables: Mapping[str, str], order: Order, ledger: Ledger) -> None:
        self._host, self._variables, self._order, self._ledger = host, variables, order, ledger
        self._cpu = order.device == "cpu"
        self._gpus: tuple[SmokeGpu, ...] | None = () if self._cpu else None
        self._seen = 0
        """GPUs that torch sees, whether asked for or not."""
        self._uuids: dict[int, str] = {}
        self._import: Mapping[str, Any] = {}
        self._build: Mapping[str, Any] = {}

    def go(self) -> SmokeFacts:
        interrupted = False
        try:
            with scratch() as folder:
                self._all(folder)
        except (KeyboardInterrupt, SystemExit):  # SIGTERM comes as the latter
            interrupted = True
            self._ledger.closed.set()
            child.end_all()
        finally:
            self._ledger.closed.set()
        return SmokeFacts(
            device=self._order.device,
            level=self._order.level,
            env=self._order.env,
            torch=plain(self._import.get("torch")),
            python=plain(self._import.get("python")),
            cuda=plain(self._build.get("cuda")),
            gpus=self._gpus,
            expected=self._order.expect_gpus,
            results=tuple(sorted(self._ledger.results, key=_place)),
            complete=not interrupted and not self._ledger.out_of_time,
            interrupted=interrupted,
        )

    def _all(self, folder: str) -> None:
        survey = [one for one in self._order.tests if one.where == "survey"]
        if self._cpu:
            survey = [one for one in survey if one.name != "devices"]
        elif any(one.where != "survey" for one in self._order.tests) and BY_NAME["devices"] not in survey:
            survey.append(BY_NAME["devices"])  # without it nobody knows which GPUs there are
        figures = run_tests(self._target(None, {}, {"scratch": folder}), survey, self._ledger)
        self._import, self._build = figures.get("import", {}), figures.get("build", {})
        self._look(figures.get("devices"))
        rest = [one for one in self._order.tests if one.where != "survey"]
        works = any(one.name == IMPORT.name and one.outcome == "pass" for one in self._ledger.results)
        if not works or (not self._cpu and not self._gpus):
            why = "there is no GPU to test" if works else "torch could not be imported"
            for test in rest:
                self._ledger.put(test, "skip", gpu=None, on_gpu=not self._cpu, message=f"not reached: {why}")
            return
        self._devices([one for one in rest if one.where == "device"], folder)
        self._together(rest, folder)

    def _look(self, said: Mapping[str, Any] | None) -> None:
        """The GPUs that torch sees, of those that were asked for."""
        if self._cpu or said is None:
            return
        count = said.get("count")
        self._seen = count if isinstance(count, int) and 0 <= count <= 4096 else 0
        listed = said.get("gpus") if isinstance(said.get("gpus"), list) else []
        details = {at: one for at, one in enumerate(listed or []) if isinstance(one, dict)}
        if len(details) != self._seen:
            details = {}
        wanted = range(self._seen)
        if self._order.device.startswith("cuda:"):
            number = int(self._order.device[5:])
            wanted = range(number, number + 1) if number < self._seen else range(0)
        self._uuids = {at: str(one["uuid"]) for at, one in details.items() if isinstance(one.get("uuid"), str)}
        self._gpus = tuple(
            SmokeGpu(
                index=at,
                name=plain(details.get(at, {}).get("name")),
                capability=plain(details.get(at, {}).get("capability")),
                bus_id=_bus(details.get(at, {}).get("bus")),
            )
            for at in wanted
        )
        self._count_against_smi()

    def _count_against_smi(self) -> None:
        """nvidia-smi's number of GPUs: it does not look at CUDA_VISIBLE_DEVICES, and a MIG instance is none of its."""
        smi = self._order.smi
        if smi is None or smi.outcome != "ok" or self._variables.get(_VISIBLE) is not None or not self._seen:
            return
        if any((one.mig_mode or "").lower() == "enabled" for one in smi.gpus) or len(smi.gpus) == self._seen:
            return
        message = f"nvidia-smi lists {len(smi.gpus)} GPUs, torch sees {self._seen}"
        self._ledger.put(BY_NAME["devices"], "fail", gpu=None, on_gpu=True, message=message, wrong=True)

    def _target(self, gpu: int | None, env: Mapping[str, str | None], job: dict[str, Any]) -> Target:
        device = "cpu" if self._cpu else "cuda:0"
        return Target(self._host, self._order.python, device, gpu=gpu, env=env, job=job)

    def _choice(self, gpu: int) -> dict[str, str | None]:
        """Variables that leave one GPU to a child. By its UUID: numbers mean other GPUs elsewhere."""
        if self._seen == 1:
            return {}
        uuid = self._uuids.get(gpu)
        given = [one.strip() for one in (self._variables.get(_VISIBLE) or "").split(",") if one.strip()]
        if any(one.startswith("MIG-") for one in given):
            return {_VISIBLE: given[gpu]} if gpu < len(given) else {}
        if uuid is not None:
            return {_VISIBLE: f"GPU-{uuid}"}
        return {_VISIBLE: given[gpu] if gpu < len(given) else str(gpu)}

    def _devices(self, tests: Sequence[Test], folder: str) -> None:
        """Each device in a thread of its own."""
        places: list[int | None] = [None] if self._cpu else [gpu.index for gpu in self._gpus or ()]
        self._ledger.expect(len(tests) * len(places) + 5)
        jobs = []
        for place in places:
            known = next((one for one in self._gpus or () if one.index == place), None)
            job: dict[str, Any] = {"scratch": folder, "seconds": self._order.seconds}
            if known is not None:
                job["known"] = {"name": known.name, "capability": known.capability}
            env = {} if place is None else self._choice(place)
            jobs.append((self._target(place, env, job), tests))
        burning = any(one.name == "burn" for one in tests)
        before = monitor.look(self._host) if burning and not self._cpu else None
        _side_by_side([(target, some, self._ledger) for target, some in jobs])
        if before is not None and not self._ledger.closed.is_set():
            monitor.compare(self._host, before, self._ledger)

    def _together(self, rest: Sequence[Test], folder: str) -> None:
        for test in rest:
            if test.where == "devices" and self._cpu:
                self._ledger.put(test, "skip", gpu=None, on_gpu=False, message="it is about the GPU")
            elif test.where == "devices" and len(self._gpus or ()) < 2:
                self._ledger.put(test, "skip", gpu=None, on_gpu=True, message="there is one GPU")
            elif test.where == "devices":
                run_tests(self._target(None, {}, {"scratch": folder}), [test], self._ledger, known=(IMPORT,))
            elif test.where == "ranks":
                self._ranks(test, folder)

    def _ranks(self, test: Test, folder: str) -> None:
        """One child for each GPU, or two on the CPU; the worst of them is the result."""
        alone = len(self._gpus or ()) == 1
        world = 2 if self._cpu else len(self._gpus or ())
        env = self._choice((self._gpus or ())[0].index) if alone else {}
        ledgers = [Ledger(self._ledger.left(), 1) for _ in range(world)]
        self._ledger.begin(test, "together")
        work = []
        for rank, ledger in enumerate(ledgers):
            ledger.closed = self._ledger.closed
            job = {"scratch": folder, "rank": rank, "world": world}
            work.append((self._target(None, env, job), [test], ledger))
        _side_by_side(work)
        found = [one for ledger in ledgers for one in ledger.results if one.name == test.name]
        lost = [one for ledger in ledgers for one in ledger.results if one.name != test.name]
        worst = min(found + lost, key=lambda one: _WORST.index(one.outcome), default=None)
        if worst is not None:
            self._ledger.put(
                test, worst.outcome, gpu=None, on_gpu=not self._cpu, seconds=worst.seconds, message=worst.message,
                figures=worst.figures, wrong=worst.wrong,
            )  # fmt: skip


def _side_by_side(work: Sequence[tuple[Target, Sequence[Test], Ledger]]) -> None:
    """Each in a thread. A daemon: one that hangs in a system call does not keep the process."""

    def one(target: Target, tests: Sequence[Test], ledger: Ledger) -> None:
        run_tests(target, tests, ledger, known=(IMPORT,))

    threads = [threading.Thread(target=one, args=some, daemon=True) for some in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(1.0)  # in pieces, so that Ctrl-C is heard


def _place(result: SmokeResult) -> tuple[int, int, int]:
    """The survey first, then each device, then all together."""
    test = BY_NAME[result.name]
    part = 0 if test.where == "survey" else 1 if test.where == "device" else 2
    return part, -1 if result.gpu is None else result.gpu, tuple(BY_NAME).index(result.name)


def _bus(said: object) -> str | None:
    """`0000:01:00.0`, as everywhere here: CUDA prints it in capitals, nvidia-smi with eight digits of domain."""
    text = plain(said, 20)
    return text.lower() if text else None
