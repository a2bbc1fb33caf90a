"""A load from this process on a server on this machine: keep-alive connections, latencies, the server's CPU time."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """What a run measured: requests, wall seconds, the server's CPU seconds, and latencies in ms."""

    requests: int
    wall_seconds: float
    server_cpu_seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def per_cpu_second(self) -> float:
        return self.requests / self.server_cpu_seconds

    @property
    def per_wall_second(self) -> float:
        return self.requests / self.wall_seconds


def request_bytes(method: str, path: str, *, headers: dict[str, str], body: bytes) -> bytes:
    """Write one HTTP/1.1 request."""
    head = {"Host": "localhost", "Content-Length": str(len(body)), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and all its descendants, user and system."""
    total = 0.0
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(") ")[2].split()
            waiting += [int(child) for child in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
        except FileNotFoundError:
            continue
        total += (int(fields[11]) + int(fields[12])) / _TICKS
    return total


def run(port: int, pid: int, requests: Sequence[bytes], *, connections: int = 32) -> Load:
    """Send every request once, spread over `connections`; each has to be answered 200."""
    return asyncio.run(_run(port, pid, requests, connections))


async def _run(port: int, pid: int, requests: Sequence[bytes], connections: int) -> Load:
    queue = iter(requests)
    latencies: list[float] = []
    before, start = cpu_seconds(pid), time.perf_counter()
    await asyncio.gather(*(_connection(port, queue, latencies) for _ in range(connections)))
    wall = time.perf_counter() - start
    used = cpu_seconds(pid) - before
    latencies.sort()
    count = len(latencies)
    return Load(
        requests=count,
        wall_seconds=wall,
        server_cpu_seconds=used,
        p50_ms=latencies[count // 2] * 1000,
        p99_ms=latencies[min(count - 1, count * 99 // 100)] * 1000,
    )


async def _connection(port: int, queue: object, latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("localhost", port)
    try:
        for request in queue:  # type: ignore[attr-defined]  # one iterator that all connections share
            start = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), None
            )
            body = await (reader.readexactly(length) if length is not None else _chunks(reader))
            latencies.append(time.perf_counter() - start)
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"{head[:60]!r} {body[:300]!r}")
    finally:
        writer.close()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body
