"""ldconfig is started once in a run, whoever asks for its cache."""

from __future__ import annotations

import threading

from cudadoctor.probes import driver, loader
from cudadoctor.probes.base import Clock, Request
from cudadoctor.probes.linker_cache import linker_cache
from tests.machines.tree import prints
from tests.probes.disk import machine


def test_probes_share_one_answer() -> None:
    host = machine(programs={"/sbin/ldconfig": prints("0 libs found in cache\n")})
    clock = Clock(60)
    driver.probe(host, Request(), clock)
    loader.probe(host, Request(), clock)
    assert linker_cache(machine(), clock) == ((), ""), "asked again, of a machine without ldconfig"


def test_those_who_ask_at_once_wait_for_the_first() -> None:
    clock, asked = Clock(60), []
    enough = threading.Barrier(4)

    def ask() -> int:
        asked.append(1)
        return 7

    def worker() -> None:
        enough.wait(20)
        assert clock.once("it", ask) == 7

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert asked == [1]
