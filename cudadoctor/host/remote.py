"""Another machine, asked through any command that connects a python3's standard input and output.

`ssh gpu01 python3 -`, `docker exec -i box python3 -`, `kubectl exec -i pod -- python3 -`, `srun -w node python3 -`: the
agent and its questions go in, the answers come out, and nothing stays behind there. A round of questions is one start
of the command (see `rounds`).
"""

from __future__ import annotations

import binascii
import json
import os
import re
import shlex
import signal
import subprocess
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from cudadoctor.errors import CudaDoctorError
from cudadoctor.host.recording import Recording
from cudadoctor.host.rounds import Answer, Question

MARK = "--- cudadoctor-agent/1"
ANSWER_LIMIT = 64 << 20
"""Bytes that the far end may print, and that its packed answers may unpack to."""
LINK_SECONDS = 5.0
"""For the connection itself, beyond the time that the questions have."""


def agent_source() -> str:
    """The agent as a program for `python3 -`."""
    from importlib import resources

    return (resources.files("cudadoctor.host") / "agent.py").read_text(encoding="utf-8")


def program(questions: Sequence[Question], seconds: float, *, snapshot: bool = False) -> bytes:
    """What the far python3 reads: the agent, and the call with its questions.

    With `snapshot` it prints a file for `check --from`, which says that it holds one round only.
    """
    wanted: dict[str, Any] = {"questions": list(questions), "seconds": seconds}
    if snapshot:
        wanted["snapshot"] = {**Recording().data(), "partial": True}
    request = json.dumps(wanted, ensure_ascii=True)
    return f"{agent_source()}\n\nmain({request!r})\n".encode("ascii")


class Link:
    """A command that leads to a python3 on another machine. `seconds`: for all rounds together."""

    def __init__(self, command: str, seconds: float) -> None:
        try:
            self._argv = shlex.split(command)
        except ValueError as error:
            raise CudaDoctorError(f"--via {command}: not a command line: {error}") from error
        if not self._argv:
            raise CudaDoctorError("--via: an empty command; give one that starts python3 there: 'ssh gpu01 python3 -'")
        self._command = command
        self._end = time.monotonic() + seconds

    def ask(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """One round. Raises CudaDoctorError where no answer came back, with what the command said."""
        seconds = max(1.0, self._end - time.monotonic())
        patient = [{**one, "timeout": min(one["timeout"], seconds)} if "timeout" in one else one for one in questions]
        out, err, code = self._run(program(patient, seconds), seconds + LINK_SECONDS)
        answers = self._answers(out, err, code)
        if len(answers) != len(questions):
            raise CudaDoctorError(
                f"--via {self._command}: {len(answers)} answers to {len(questions)} questions came back"
            )
        return [{"ask": asked, **given} for asked, given in zip(questions, answers, strict=True)]

    def _run(self, stdin: bytes, seconds: float) -> tuple[bytes, bytes, int]:
        """What the command printed; it and what it started are ended at the deadline, and never waited for."""
        try:
            process = subprocess.Popen(
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise CudaDoctorError(f"--via {self._command}: cannot be started: {error.strerror or error}") from error
        try:
            out, err = process.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            self._end_group(process)
            raise CudaDoctorError(
                f"--via {self._command}: no answer within {seconds:.0f} s; is the machine reachable, and does the "
                "command work without a password?"
            ) from error
        except BaseException:
            self._end_group(process)
            raise
        return out, err, process.returncode

    @staticmethod
    def _end_group(process: subprocess.Popen[bytes]) -> None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        if process.returncode is None:
            process.returncode = -signal.SIGKILL  # abandoned: the interpreter must not wait for it at its exit

    def _answers(self, out: bytes, err: bytes, code: int) -> list[dict[str, Any]]:
        text = out.decode("utf-8", "replace")
        old = re.search(rf"{MARK} too old: (Python [\d.]+)", text)
        if old:
            raise CudaDoctorError(f"--via {self._command}: {old[1]} is too old there; 3.6 or newer is needed")
        found = re.search(rf"{MARK} begin (json|zlib)\s(.*?)\s{MARK} end", text, re.DOTALL)
        if found is None:
            raise CudaDoctorError(f"--via {self._command}: {self._silence(out, err, code)}")
        try:
            data = binascii.a2b_base64("".join(found[2].split()))
            if found[1] == "zlib":  # cut at the limit, it is no JSON
                data = zlib.decompressobj().decompress(data, ANSWER_LIMIT)
            answers = json.loads(data)
        except (ValueError, zlib.error) as error:
            raise CudaDoctorError(f"--via {self._command}: the answer was damaged on its way ({error})") from error
        if not isinstance(answers, list) or not all(isinstance(one, dict) for one in answers):
            raise CudaDoctorError(f"--via {self._command}: the answer is not the agent's")
        return answers

    @staticmethod
    def _silence(out: bytes, err: bytes, code: int) -> str:
        """Why no answer came, in the command's own words where it has any."""
        lines = [line for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
        lines = lines or [line for line in out.decode("utf-8", "replace").splitlines() if line.strip()]
        said = f": {lines[-1].strip()[:200]}" if lines else ""
        if code == 127:
            return f"a program was not found (exit status 127){said}"
        return f"no python3 answered there (exit status {code}){said}"
