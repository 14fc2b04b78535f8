"""The load of package workload in Python, with the official neo4j driver.

It takes the flags and writes the lines of the Go client (package workload says
what they mean): operations begin at fixed rates, whether or not those before have
ended, and each is told on stdout as it ends. SIGTERM or SIGINT ends it: what is
under way has 15 s to end, the rest is told as an error.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import math
import random
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timezone

import neo4j
from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction, AsyncSession

CREATE_INDEX = "CREATE INDEX ON :W(id)"
CREATE_ONE = "CREATE (:W {id: $id})"
FIND_ONE = "MATCH (n:W {id: $id}) RETURN n.id"
COUNT_ALL = "MATCH (n:Scanned) WHERE n.id > 0 RETURN count(n)"
COUNT_UP = "UNWIND range(1, $n) AS i RETURN i"

# A stream has so many records, pulled in fetches of so many, with a pause after
# each as of an application that works on what it gets.
STREAM_RECORDS, STREAM_FETCH, STREAM_PAUSE = 2000, 100, 0.005

# The index is tried for so many seconds: the database refuses it while others
# write.
INDEX_TIME, INDEX_PAUSE = 30.0, 0.2

# What a main answers to a commit whose voter did not vote for it: it did not happen.
ABORTED = "aborted on all instances"

LAST_WORD = 15.0  # seconds that operations may go on after the end was asked for
LONGEST_ERROR = 240


@dataclass
class Operation:
    """What its line will say. Whoever does the operation changes it on the way."""

    kind: str
    due: float  # by the monotonic clock, in seconds
    number: int = 0
    if_it_fails: str = "failed"


class Lines:
    """The history on stdout."""

    def __init__(self, write: str, read: str) -> None:
        self.begin, self.operations = time.monotonic(), 0
        begin = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
        self._line({"history": 1, "client": f"python {neo4j.__version__}", "write": write, "read": read, "begin": begin})

    def tell(self, operation: Operation, error: BaseException | None) -> None:
        now = time.monotonic()
        self.operations += 1
        line: list[object] = [
            self.operations, operation.kind, operation.number,
            round((now - self.begin) * 1000), round((now - operation.due) * 1000, 1),
        ]
        if error is not None:
            outcome = "failed" if ABORTED in str(error) else operation.if_it_fails
            line += [outcome, f"{type(error).__name__}: {error}"[:LONGEST_ERROR]]
        self._line(line)

    def end(self) -> None:
        self._line({"end": self.operations})

    @staticmethod
    def _line(value: object) -> None:
        try:
            print(json.dumps(value, separators=(",", ":")), flush=True)
        except BrokenPipeError:
            raise SystemExit("nobody reads the history any more") from None


class Load:
    """Clients at work."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.writer, self.reader = open_driver(args.write), open_driver(args.read)
        self.scanners = [open_driver(args.read) for _ in range(args.scanners)]
        self.next_id: int = args.first_id
        self.written = 0  # newest acknowledged id, for readers
        self.under_way: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        async with contextlib.AsyncExitStack() as open_drivers:
            for driver in [self.writer, self.reader, *self.scanners]:
                await open_drivers.enter_async_context(driver)
            await create_index(self.writer)
            self.lines = Lines(self.args.write, self.args.read)
            rates = [
                asyncio.create_task(self.at_rate(self.args.writes, self.write)),
                asyncio.create_task(self.at_rate(self.args.reads, self.read)),
                asyncio.create_task(self.at_rate(self.args.streams, self.stream)),
                asyncio.create_task(self.at_rate(self.args.connects, self.connect)),
                *self.begin_scans(),
            ]
            await stop.wait()
            for rate in rates:
                rate.cancel()
            await self.last_word()
            self.lines.end()

    async def at_rate(self, per_second: float, begin: Callable[[int, float], Coroutine[None, None, None]]) -> None:
        """Begins operations, each with its number and when it was due."""
        if per_second <= 0:
            return
        start, n = time.monotonic(), 0
        while True:
            due = start + n / per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.set_off(begin(n, due))
            n += 1

    def set_off(self, operation: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Begins an operation, whose end is awaited whatever becomes of who began it."""
        task = asyncio.create_task(operation)
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        return task

    def begin_scans(self) -> list[asyncio.Task[None]]:
        """Has the scanners work in turns at their rate, or each as fast as it is answered."""
        if self.scanners and self.args.scans > 0:
            return [asyncio.create_task(self.scan_by_chance())]
        return [asyncio.create_task(self.scan_again(driver)) for driver in self.scanners]

    async def scan_by_chance(self) -> None:
        """Has gaps between scans that are the same every time, as loads that are compared need."""
        chance, due, n = random.Random(1), time.monotonic(), 0
        while True:
            due += chance.expovariate(self.args.scans)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.set_off(self.scan(self.scanners[n % len(self.scanners)], due))
            n += 1

    async def scan_again(self, driver: AsyncDriver) -> None:
        while True:
            await asyncio.shield(self.set_off(self.scan(driver, time.monotonic())))

    async def last_word(self) -> None:
        """Awaits what is under way; what is not done in time ends with an error."""
        if self.under_way:
            await asyncio.wait(self.under_way, timeout=LAST_WORD)
        for task in self.under_way:
            task.cancel()
        await asyncio.gather(*self.under_way)

    async def told(self, operation: Operation, work: Awaitable[None]) -> None:
        """Does the work and tells how it ended."""
        error: BaseException | None = None
        try:
            await work
        except (Exception, asyncio.CancelledError) as e:
            error = e
        self.lines.tell(operation, error)

    async def write(self, n: int, due: float) -> None:
        explicit = math.floor((n + 1) * self.args.explicit) > math.floor(n * self.args.explicit)
        operation = Operation("x" if explicit else "w", due, self.next_id)
        self.next_id += 1
        await self.told(operation, self.transact(operation, explicit_write if explicit else managed_write))

    async def transact(self, operation: Operation, way: Callable[[AsyncSession, Operation], Awaitable[None]]) -> None:
        async with self.writer.session() as session:
            await way(session, operation)
        self.written = operation.number

    async def read(self, _: int, due: float) -> None:
        operation = Operation("r", due)
        await self.told(operation, look_up(self.reader, self.written, operation))

    async def scan(self, driver: AsyncDriver, due: float) -> None:
        operation = Operation("r", due)
        await self.told(operation, count(driver, operation))

    async def stream(self, _: int, due: float) -> None:
        operation = Operation("s", due)
        await self.told(operation, stream(self.reader, operation))

    async def connect(self, n: int, due: float) -> None:
        kind, address = ("cw", self.args.write) if n % 2 == 0 else ("cr", self.args.read)
        operation = Operation(kind, due)
        await self.told(operation, connect(address, operation))


def open_driver(address: str) -> AsyncDriver:
    """Opens a driver as an application would: with its defaults, but for the telemetry."""
    return AsyncGraphDatabase.driver(f"bolt://{address}", telemetry_disabled=True)


async def create_index(driver: AsyncDriver) -> None:
    """Creates the index that the reads use. One that is there is no error."""
    deadline = time.monotonic() + INDEX_TIME
    while True:
        try:
            async with driver.session() as session:
                await (await session.run(CREATE_INDEX)).consume()
            return
        except (neo4j.exceptions.Neo4jError, neo4j.exceptions.DriverError) as e:
            if not e.is_retryable() or time.monotonic() > deadline:
                raise
        await asyncio.sleep(INDEX_PAUSE)


async def managed_write(session: AsyncSession, operation: Operation) -> None:
    """Leaves it to the driver to try again."""

    async def work(tx: AsyncManagedTransaction) -> None:
        operation.if_it_fails = "failed"
        await (await tx.run(CREATE_ONE, id=operation.number)).consume()
        operation.if_it_fails = "unknown"

    await session.execute_write(work)


async def explicit_write(session: AsyncSession, operation: Operation) -> None:
    """Tries once."""
    async with await session.begin_transaction() as tx:
        await (await tx.run(CREATE_ONE, id=operation.number)).consume()
        operation.if_it_fails = "unknown"
        await tx.commit()


async def look_up(driver: AsyncDriver, id: int, operation: Operation) -> None:
    """Reads one record."""

    async def work(tx: AsyncManagedTransaction) -> None:
        operation.number = len([record async for record in await tx.run(FIND_ONE, id=id)])

    async with driver.session() as session:
        await session.execute_read(work)


async def count(driver: AsyncDriver, operation: Operation) -> None:
    """Counts the nodes that were made to be scanned."""

    async def work(tx: AsyncManagedTransaction) -> None:
        operation.number = (await (await tx.run(COUNT_ALL)).single(strict=True))[0]

    async with driver.session() as session:
        await session.execute_read(work)


async def stream(driver: AsyncDriver, operation: Operation) -> None:
    """Reads many records and checks that all of them come, in their order."""

    async def work(tx: AsyncManagedTransaction) -> None:
        operation.number = 0
        async for record in await tx.run(COUNT_UP, n=STREAM_RECORDS):
            operation.number += 1
            if record[0] != operation.number:
                raise ValueError(f"record {operation.number} of the stream is {record[0]}")
            if operation.number % STREAM_FETCH == 0:
                await asyncio.sleep(STREAM_PAUSE)
        if operation.number != STREAM_RECORDS:
            raise ValueError(f"the stream ended after {operation.number} of {STREAM_RECORDS} records")

    async with driver.session(fetch_size=STREAM_FETCH) as session:
        await session.execute_read(work)


async def connect(address: str, operation: Operation) -> None:
    """Opens a client with a driver of its own and closes it again."""

    async def work(tx: AsyncManagedTransaction) -> None:
        await (await tx.run(FIND_ONE, id=0)).consume()
        operation.number = 1  # answered, whatever becomes of the transaction

    async with open_driver(address) as driver, driver.session() as session:
        await session.execute_read(work)


async def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--write", required=True, help="address of the write gateway, host:port")
    flags.add_argument("--read", required=True, help="address of the read gateway, host:port")
    flags.add_argument("--first-id", type=int, default=1, help="id of the first write")
    flags.add_argument("--writes", type=float, default=0, help="writes per second")
    flags.add_argument("--reads", type=float, default=0, help="reads of one record per second")
    flags.add_argument("--streams", type=float, default=0, help="reads of many records per second")
    flags.add_argument("--connects", type=float, default=0, help="new clients per second")
    flags.add_argument("--explicit", type=float, default=0, help="share of writes in explicit transactions, 0 to 1")
    flags.add_argument("--scanners", type=int, default=0, help="clients that count the nodes of a label")
    flags.add_argument("--scans", type=float, default=0, help="counts per second of all scanners, at random times; 0: each again once it is answered")
    args = flags.parse_args()

    # What the driver says of every connection that breaks has no place among the
    # lines: they tell the error.
    logging.getLogger("neo4j").addHandler(logging.NullHandler())
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Load(args).run(stop)


if __name__ == "__main__":
    asyncio.run(main())
