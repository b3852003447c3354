"""Workers of a dask.distributed cluster."""

from __future__ import annotations

import logging
import secrets
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from trendcore.errors import BackendError, StorageError, TrendcoreError, UsageError, WorkerError
from trendcore.pools.addresses import Tls, check_address
from trendcore.pools.base import LOOK, TRIES, Done, Order, Result, Task, nothing

if TYPE_CHECKING:
    from distributed import Client, Future, Security

#: seconds in which a scheduler has to answer, and in which a cluster without any worker has to get one
PATIENCE: Final = 30.0
#: orders that a cluster is given for each of its threads: the next one is there when one is done
_AHEAD: Final = 2
#: what a worker offers that has a GPU, see ``dask worker --resources``
GPU: Final = "GPU"


class Cluster:
    """A cluster at an address.

    dask itself pickles what it sends between its processes, so whoever reaches one of them can make it do
    anything: see `trendcore.pools.addresses.check_address`.

    Parameters
    ----------
    address
        Of the scheduler.
    tls
        Certificates; None: those of dask's own configuration.
    patience
        Seconds to wait for the scheduler and for a first worker.

    Raises
    ------
    UsageError
        The extra is not installed, the address may be listened to, or certificates lack.
    WorkerError
        The scheduler does not answer, or there is no worker.
    """

    remote = True

    def __init__(self, address: str, tls: Tls | None = None, *, patience: float = PATIENCE) -> None:
        check_address(address)
        self._address, self._patience = address, patience
        self._client = _connect(address, tls, patience)
        try:
            self._check_addresses()
            self.size = self._wait_for_workers()
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # what is still running is forgotten by the scheduler when the one who asked for it has gone
        self._client.close()

    def map(
        self, task: Task, orders: Sequence[Order], *, gpu: bool = False, done: Done = nothing
    ) -> list[Result]:
        """Work on orders; see `trendcore.pools.base.Pool`."""
        if gpu:
            self._check_gpus()
        run = secrets.token_hex(4)
        results: dict[int, Result] = {}
        running: dict[int, Future[Any]] = {}
        ended: SimpleQueue[int] = SimpleQueue()
        alive = _Alive(self._patience)
        try:
            while len(results) < len(orders):
                first = len(results) + len(running)
                for number in range(first, min(len(results) + _AHEAD * self.size, len(orders))):
                    running[number] = self._submit(task, orders[number], f"{run}-{number}", gpu=gpu)
                    running[number].add_done_callback(lambda _future, number=number: ended.put(number))
                try:
                    number = ended.get(timeout=LOOK)
                except Empty:
                    if alive.due():
                        self.size = alive.seen(_threads(self._workers()), self._address) or self.size
                    continue
                results[number] = self._result(running.pop(number))
                done(orders[number], results[number])
        finally:
            if running:
                self._client.cancel(list(running.values()))
        return [results[number] for number in range(len(orders))]

    def _submit(self, task: Task, order: Order, key: str, *, gpu: bool) -> Future[Any]:
        return self._client.submit(
            called,
            task,
            order,
            key=f"trendcore-{task.__name__}-{key}",
            retries=TRIES,
            resources={GPU: 1} if gpu else None,
        )

    def _workers(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = dict(self._info()["workers"])
        return found

    def _info(self) -> dict[str, Any]:
        with _cluster_errors(self._address):
            return dict(self._client.scheduler_info(n_workers=-1))

    def _check_addresses(self) -> None:
        """Refuse a cluster whose processes talk to one another for all to hear, whatever we talk to it by."""
        check_address(self._info()["address"], f"the scheduler at {self._address}")
        for address in self._workers():
            check_address(address, f"a worker of {self._address}")

    def _wait_for_workers(self) -> int:
        end = time.monotonic() + self._patience
        while not (workers := self._workers()):
            if time.monotonic() > end:
                raise WorkerError(
                    f"{self._address} has no worker: start some with `dask worker {self._address}`"
                )
            time.sleep(LOOK)
        self._check_addresses()
        return _threads(workers)

    def _result(self, future: Future[Any]) -> Result:
        from distributed import CancelledError
        from distributed.comm import CommClosedError
        from distributed.scheduler import KilledWorker

        try:
            result, error = future.result()
        except KilledWorker as killed:
            raise WorkerError(
                f"workers of {self._address} have died again and again in the same task: have they enough "
                "memory?"
            ) from killed
        except (CancelledError, CommClosedError) as lost:
            raise WorkerError(f"{self._address} has lost the tasks it was given: {_line(lost)}") from lost
        except ImportError as lacking:
            raise WorkerError(
                f"a worker of {self._address} cannot do the task ({lacking}): it needs the same trendcore"
            ) from lacking
        if error is not None:
            raise error
        found: Result = result
        return found

    def _check_gpus(self) -> None:
        if not any(worker.get("resources", {}).get(GPU) for worker in self._workers().values()):
            raise BackendError(
                f"no worker of {self._address} offers a GPU: start those that have one with "
                f'`dask worker {self._address} --nthreads 1 --resources "{GPU}=1"`'
            )


class _Alive:
    """Knows for how long a cluster has had no worker."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._seen = self._looked = time.monotonic()

    def due(self) -> bool:
        """Whether it is time to look for workers again."""
        return time.monotonic() > self._looked + 1

    def seen(self, threads: int, address: str) -> int:
        """Note how many threads there are, and give up where there have been none for long."""
        self._looked = time.monotonic()
        if threads:
            self._seen = self._looked
        elif self._looked > self._seen + self._patience:
            raise WorkerError(f"{address} has lost its workers")
        return threads


def called(task: Task, order: Order) -> tuple[Result | None, TrendcoreError | None]:
    """Call a task in a worker; an error that would come again is a result, so that it is not tried again."""
    try:
        return task(order), None
    except StorageError:
        raise
    except TrendcoreError as error:
        return None, error


def _threads(workers: dict[str, dict[str, Any]]) -> int:
    return sum(worker["nthreads"] for worker in workers.values())


def _connect(address: str, tls: Tls | None, patience: float) -> Client:
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError('--cluster needs dask.distributed: pip install "trendcore[dist]"') from error

    _be_quiet()
    security = _security(address, tls)
    with _cluster_errors(address):
        return Client(address, security=security, set_as_default=False, timeout=patience)


def _be_quiet() -> None:
    """Leave it to our own errors to say what is wrong with a connection."""
    logger = logging.getLogger("distributed")
    logger.handlers = [logging.NullHandler()]
    logger.propagate = False


def _security(address: str, tls: Tls | None) -> Security | None:
    """Return the certificates to show and to ask for; None: nothing is encrypted."""
    from distributed import Security

    if not address.startswith("tls:"):
        if tls is not None:
            raise UsageError(f"certificates are given and {address} is not encrypted: write tls://")
        return None
    if tls is not None:
        tls.check()
        return Security(
            require_encryption=True,
            tls_ca_file=str(tls.ca),
            tls_client_cert=str(tls.cert),
            tls_client_key=str(tls.key),
        )
    security = Security(require_encryption=True)
    if not (security.tls_ca_file and security.tls_client_cert):
        raise UsageError(
            f"{address}: give --tls-ca, --tls-cert and --tls-key, or set them in dask's configuration"
        )
    return security


@contextmanager
def _cluster_errors(address: str) -> Iterator[None]:
    """Say of a connection that cannot be made, or breaks, which it is."""
    try:
        yield
    except TrendcoreError:
        raise
    except ssl.SSLError as error:
        raise WorkerError(f"{address}: the certificates are not accepted: {error}") from error
    except (OSError, TimeoutError) as error:
        raise WorkerError(f"{address} cannot be reached: {_line(error)}") from error


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
