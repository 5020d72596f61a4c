"""The service in a process of its own, as its users run it, and load on it by wrk."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from surrogate.errors import MissingExtraError

_LISTENING = re.compile(r"listening at (http://\S+)")
_START_SECONDS, _SETTLE_SECONDS, _GRACE_SECONDS = 60.0, 60.0, 20.0
_LOOK_SECONDS = 0.5
# Of one core, below which a server counts as idle.
_IDLE = 0.05

# wrk corrects for requests that it should have sent while it waited, had none waited.
_SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local bodies = {{
{bodies}
}}
local requests, turn = {{}}, 0
init = function(arguments)
  for i, body in ipairs(bodies) do requests[i] = wrk.format(nil, "{path}", nil, body) end
end
request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
{delay}
done = function(summary, latency, rates)
  local e = summary.errors
  io.write(string.format('\\n{{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, ' ..
    '"worst": %d, "errors": %d}}\\n', summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), latency.max, e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True)
class Server:
    """A service that runs.

    Attributes
    ----------
    url : str
        Where it listens.
    process : psutil.Process
        The server's own process; those for full solves are its children.
    """

    url: str
    process: psutil.Process

    def memory(self) -> float:
        """Resident memory of the server's own process [MB]."""
        return float(self.process.memory_info().rss) / 1e6

    def processor_seconds(self) -> float:
        """Time that the server's own process has had of a processor [s]."""
        spent = self.process.cpu_times()
        return float(spent.user + spent.system)

    def children(self) -> list[psutil.Process]:
        """Return the processes that it started, and those that they did."""
        return list(self.process.children(recursive=True))

    def settle(self) -> None:
        """Wait until neither the server nor a process of its own works any more.

        Raises
        ------
        TimeoutError
            If that takes a minute.
        """
        end = time.monotonic() + _SETTLE_SECONDS
        before = self._seconds()
        while time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)
            after = self._seconds()
            used = sum(spent - before.get(pid, 0.0) for pid, spent in after.items())
            if used < _IDLE * _LOOK_SECONDS:
                return
            before = after
        raise TimeoutError(f"the server still works after {_SETTLE_SECONDS:g} s with no request")

    def _seconds(self) -> dict[int, float]:
        """Processor time of each process [s]."""
        found = {}
        for process in (self.process, *self.children()):
            try:
                spent = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            found[process.pid] = spent.user + spent.system
        return found


@contextmanager
def served(*options: str) -> Iterator[Server]:
    """Run ``surrogate serve`` with an empty database, until it is warm; end it afterwards.

    Parameters
    ----------
    *options : str
        Further options of ``surrogate serve``.

    Raises
    ------
    RuntimeError
        If it does not start; with what it said.
    """
    with tempfile.TemporaryDirectory(prefix="surrogate-bench-") as folder:
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "surrogate", "serve", "--port", "0"]
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*command, "--database", str(Path(folder) / "bench.sqlite"), *options],
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        try:
            server = Server(_address(process, log), psutil.Process(process.pid))
            server.settle()
            yield server
        finally:
            process.terminate()
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until a server answers; return where."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        said = _LISTENING.search(log.read_text(encoding="utf-8"))
        if said is not None:
            try:
                httpx.get(f"{said[1]}/health").raise_for_status()
            except httpx.TransportError:
                pass
            else:
                return said[1]
        time.sleep(0.05)
    raise RuntimeError(f"the server does not start: {log.read_text(encoding='utf-8')}")


@dataclass(frozen=True)
class Load:
    """What wrk measured.

    Attributes
    ----------
    requests : int
        How many were answered.
    rate : float
        Answers a second.
    p50, p99, worst : float
        Latencies: median, 99th percentile, largest [s].
    errors : int
        Requests without an answer, or whose status says that something is wrong.
    """

    requests: int
    rate: float
    p50: float
    p99: float
    worst: float
    errors: int


def wrk(
    url: str,
    bodies: Sequence[Mapping[str, Any]],
    connections: int,
    seconds: int,
    pause: int = 0,
) -> Load:
    """Send bodies in turn over some connections, each as soon as the last one is answered.

    Parameters
    ----------
    url : str
        Whole address of what is asked.
    bodies : sequence of mapping
        Plain values to be sent as JSON.
    connections : int
        How many are kept open.
    seconds : int
        How long [s].
    pause : int
        Time between an answer and the next request of a connection [ms].

    Raises
    ------
    MissingExtraError
        If wrk is not installed.
    """
    program = shutil.which("wrk")
    if program is None:
        raise MissingExtraError("this needs wrk, which is not installed; apt-get install wrk")
    base, slash, path = url.partition("/api/")
    script = _SCRIPT.format(
        bodies=",\n".join(f"[==[{json.dumps(dict(body))}]==]" for body in bodies),
        path=slash + path,
        delay=f"delay = function() return {pause} end" if pause else "",
    )
    with tempfile.TemporaryDirectory(prefix="surrogate-wrk-") as folder:
        file = Path(folder) / "bodies.lua"
        file.write_text(script, encoding="utf-8")
        count = ("-t1", f"-c{connections}", f"-d{seconds}s", "--latency")
        said = subprocess.run(
            [program, *count, "-s", str(file), base], capture_output=True, text=True, check=True
        ).stdout
    found = json.loads(said[said.rindex("{") :])
    p50, p99, worst = (found[name] / 1e6 for name in ("p50", "p99", "worst"))
    rate = 1e6 * found["requests"] / found["microseconds"]
    return Load(found["requests"], rate, p50, p99, worst, found["errors"])
