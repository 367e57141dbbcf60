"""One response under one lease, from the claim to its end, to a hand-over, or to the lease's loss.

Three tasks: the work (the steps), the writer (commits) and the watch (renews the lease; sees
cancels, lost readers and the deadline). The first that ends decides, or being asked to hand over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import Any, Literal

import msgspec

from heliograph import errors, journal, models, providers
from heliograph.engine._admission import waited_too_long
from heliograph.engine._calls import Calls, Failure
from heliograph.engine._context import fetched_texts, read_context
from heliograph.engine._conversation import converse
from heliograph.engine._echo import Echo
from heliograph.engine._emitter import Emitter
from heliograph.engine._ending import COMPLETED, Ending
from heliograph.engine._items import Items
from heliograph.engine._jobs import PictureJobs
from heliograph.engine._limits import Limits
from heliograph.engine._notes import CallNote, StartNote, Usages, read_note, write_note
from heliograph.engine._observer import RESPONSE_ID, UNSEEN, Observer
from heliograph.engine._opening import read_body
from heliograph.engine._pictures import Pictures
from heliograph.engine._relay import Relay
from heliograph.engine._relay_ask import read_either
from heliograph.engine._remote import inlined
from heliograph.engine._seal import Seal
from heliograph.engine._splice import wire_size
from heliograph.engine._steps import Steps
from heliograph.engine._thoughts import INCLUDED
from heliograph.engine._tiers import as_granted

__all__ = ["Run"]

log = logging.getLogger("heliograph.engine")

CANCELLED = Ending(status="cancelled", message="cancelled by request")
HANDED_OVER: Literal["handed over"] = "handed over"


class Run:
    """Owns one response. ``run`` returns when there is nothing left to do for this owner.

    ``able`` are this worker's capabilities: pictures of other models are ordered.
    """

    def __init__(
        self,
        lease: journal.Lease,
        store: journal.Journal,
        catalog: providers.Catalog,
        limits: Limits,
        clock: journal.Clock,
        seal: Seal,
        *,
        able: Collection[str],
        echo_hosted_tools: bool,
        observer: Observer = UNSEEN,
    ) -> None:
        self._lease = lease
        self._journal = store
        self._catalog = catalog
        self._limits = limits
        self._clock = clock
        self._seal = seal
        self._body = body = as_granted(read_body(lease.request, limits), lease.priority)
        self._echo = Echo(
            lease.response_id,
            lease.created_at,
            body,
            hosted_tools=echo_hosted_tools,
            priority=lease.priority,
        )
        self._observer = observer
        pictures = Pictures(store.blobs, observer)
        self._context = read_context(lease.context, pictures)
        self._emitter = Emitter(store, lease, pictures, limits, observer)
        included = INCLUDED in (body.get("include") or ())
        self._items = Items(self._emitter, seal if included else None)
        self._usages = Usages()
        self._jobs = PictureJobs(store, lease, catalog, limits, able)
        self._calls = Calls(self._emitter, self._items, self._usages, self._jobs, limits)
        self._claimed_at = self._started_at = clock()
        self._begun = False
        self._relay = Relay(
            self._emitter,
            self._items,
            self._echo,
            limits,
            clock,
            self._start_note,
            background=lease.background,
        )
        self._watched = providers.UNSEEN.watch("response")
        loop = asyncio.get_running_loop()
        self._leave: asyncio.Future[None] = loop.create_future()
        self._caught_up: asyncio.Future[None] = loop.create_future()
        self._cancelled: asyncio.Task[None] | None = None

    def hand_over(self) -> None:
        """Ask it to stop where it is and give the lease back."""
        _settle(self._leave)

    async def run(self) -> None:
        """Do it. A lost lease ends it in silence: the response has another owner."""
        RESPONSE_ID.set(self._lease.response_id)
        providers.OBSERVER.set(self._observer)
        lease = self._lease
        watching = self._observer.watch("response", id=lease.response_id, takeovers=lease.takeovers)
        with watching as self._watched:
            await self._run()

    async def _run(self) -> None:
        writer = asyncio.create_task(self._emitter.write())
        work = asyncio.create_task(self._work())
        watch = asyncio.create_task(self._watch())
        tasks: list[asyncio.Task[Any]] = [work, watch]
        try:
            await self._decided(writer, work, watch)
            outcome = self._outcome(writer, work, watch)
            await _cancel(tasks)
            self._emitter.settle()
            await writer
            if outcome == HANDED_OVER:
                await self._emitter.release()
            else:
                await self._end(outcome)
        except errors.Fenced:
            self._observer.fenced()
            self._watched.tell(status="lost")
            log.info("%s: another worker owns it now", self._lease.response_id)
        except errors.JournalError as error:
            self._watched.tell(status="lost")
            log.error("%s: left to be taken over: %s", self._lease.response_id, error)
        finally:
            await _cancel([*tasks, writer])

    async def _decided(
        self,
        writer: asyncio.Task[None],
        work: asyncio.Task[Ending],
        watch: asyncio.Task[Ending],
    ) -> None:
        """Wait until one of the tasks decides.

        The work settles the emitter in the same breath as it shows a last step's end; from then on
        it must come to its ending, and neither the writer's rest nor a hand-over decides anything.
        """
        leave, loop = self._leave, asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()

        def wake(_: object) -> None:
            _settle(woken)

        for one in (writer, work, watch, leave):
            one.add_done_callback(wake)
        while True:
            await woken
            if work.done() or watch.done() or (writer.done() and writer.exception() is not None):
                return
            if leave.done() and not self._emitter.settled:
                return
            woken = loop.create_future()

    def _outcome(
        self,
        writer: asyncio.Task[None],
        work: asyncio.Task[Ending],
        watch: asyncio.Task[Ending],
    ) -> Ending | Literal["handed over"]:
        """What the first of the tasks to end has decided."""
        for task in (writer, watch, work):
            failure = task.exception() if task.done() else None
            if isinstance(failure, errors.JournalError):
                raise failure
        if watch.done():
            return watch.result() if watch.exception() is None else self._broken(watch)
        if work.done():
            return work.result() if work.exception() is None else self._broken(work)
        if writer.done() and writer.exception() is not None:
            return self._broken(writer)
        return HANDED_OVER

    def _broken(self, task: asyncio.Task[Any]) -> Ending:
        failure = task.exception()
        if isinstance(failure, errors.ProviderError):
            if failure.kind == "auth":
                log.error("%s: %s", self._lease.response_id, failure.message)
            code = {
                "bad_request": "invalid_prompt",
                "content_policy": "invalid_prompt",
                "rate_limit": "rate_limit_exceeded",
            }.get(failure.kind, "server_error")
            return Ending(status="failed", code=code, message=failure.message)
        if isinstance(failure, errors.APIError):
            return Ending(status="failed", message=failure.message)
        log.error("%s: a bug ended it", self._lease.response_id, exc_info=failure)
        return Ending(status="failed", message=f"internal error: {type(failure).__name__}")

    async def _work(self) -> Ending:
        lease = self._lease
        if lease.last_seq >= 0:
            await self._replay()
        _settle(self._caught_up)
        if self._emitter.machine.ended:
            return COMPLETED
        if lease.takeovers > self._limits.max_takeovers:
            return Ending(
                status="failed",
                message=f"{lease.takeovers} workers in turn were lost while this ran; the "
                f"limit max_takeovers is {self._limits.max_takeovers}",
            )
        if self._relay.relayed:
            return Ending(
                status="failed",
                message="the worker was lost while it passed on a response that its upstream "
                "serves; what was shown stands, and it cannot be gone on with",
            )
        half_out = [i for i in self._items.open if i not in self._calls.open]
        if half_out:
            kinds = ", ".join(sorted({self._items.open[i].type for i in half_out}))
            return Ending(
                status="failed",
                message=f"the worker was lost while an item was half out ({kinds}); "
                "what was shown stands, and it cannot be gone on with",
            )
        if await self._cancelled_before():
            return CANCELLED
        overdue = None if self._begun else waited_too_long(lease, self._clock())
        if overdue is not None:
            self._observer.expired()
            return overdue
        body, request = await self._asked()
        if self._limits.max_output_tokens:
            request.max_output_tokens = body["max_output_tokens"]
        ask = read_either(body, request, self._catalog, self._limits, self._context, self._seal)
        self._watched.tell(model=ask.model)
        del body
        if ask.relay == "no":
            await self._begin()
        return await Steps(
            ask,
            request,
            await converse(self._context, request, self._emitter.pictures, self._seal),
            self._emitter,
            self._items,
            self._calls,
            self._usages,
            self._catalog,
            self._limits,
            self._relay,
        ).run()

    async def _asked(self) -> tuple[dict[str, Any], models.ResponsesRequest]:
        """The request with the pictures that were fetched for it, as JSON and decoded."""
        body, self._body = self._body, {}  # it can be large, and the answer take long
        if not self._context.fetched:
            request = models.decode(models.ResponsesRequest, self._lease.request)
            tier = body.get("service_tier")
            if tier is not None and request.service_tier != tier:
                request.service_tier = tier
            return body, request
        texts = await fetched_texts(self._context, self._emitter.pictures)
        body = inlined(body, texts)
        return body, models.decode(models.ResponsesRequest, msgspec.json.encode(body))

    async def _cancelled_before(self) -> bool:
        """Whether a cancel came before this claim: no provider is to be asked then.

        Not looked up for a response that was claimed as soon as it was made.
        """
        lease = self._lease
        if lease.epoch == 1 and self._clock() - lease.created_at < 1 and not lease.background:
            return False
        return (await self._journal.get(lease.tenant, lease.response_id)).cancel_requested

    async def _replay(self) -> None:
        lease = self._lease
        left = lease.last_seq + 1
        frames = self._journal.read(lease.tenant, lease.response_id)
        async for frame in frames:
            for entry in frame.entries[:left]:
                event = self._emitter.replay(entry)
                note = read_note(entry.note)
                self._items.replay(event, wire_size(entry))
                self._calls.replay(event, note)
                if isinstance(note, StartNote):
                    self._begun, self._started_at = True, note.started_at
                    self._watched.follows(note.trace)
                elif isinstance(note, CallNote):
                    self._usages.add(note.usage)
                self._relay.replay(event, note)
            left -= len(frame.entries)
            if left <= 0:
                break
        await frames.aclose()

    async def _begin(self) -> None:
        """Show that there is a response, and that it runs."""
        emit = self._emitter.emit
        state = self._emitter.machine.state
        queued = self._lease.background
        if state == "none":
            first = self._echo.response("queued" if queued else "in_progress")
            self._items.done_bytes += emit(models.CreatedEvent(response=first))
            await self._emitter.room()
        if queued and state in ("none", "created"):
            emit(models.QueuedEvent(response=self._echo.response("queued")))
            await self._emitter.room()
        if state != "in_progress":
            emit(
                models.InProgressEvent(response=self._echo.response("in_progress")),
                write_note(self._start_note()),
            )

    def _start_note(self) -> StartNote:
        return StartNote(self._started_at, dict(self._watched.headers))

    async def _watch(self) -> Ending:
        """Keep the lease, and say when to end; but never before the log was read to its end.

        A lease that was just taken on a new response needs no renewal yet, and a commit for it
        would keep the first event waiting.
        """
        pause = min(self._limits.renew_seconds, self._limits.wall_seconds)
        try:
            if self._lease.epoch == 1:
                await self._rest(pause)
            while True:
                state = await self._journal.renew(self._lease, seconds=self._limits.lease_seconds)
                pause = self._limits.renew_seconds
                if self._caught_up.done():
                    verdict = self._judge(state)
                    if isinstance(verdict, Ending):
                        return verdict
                    pause = min(pause, verdict)
                await self._rest(pause)
        finally:
            if self._cancelled is not None:
                self._cancelled.cancel()
                await asyncio.gather(self._cancelled, return_exceptions=True)

    async def _rest(self, seconds: float) -> None:
        """Until something has to be looked at: a cancel, or that the log was read to its end.

        To ask the journal for a cancel costs it some looks, so that is asked once, not each time.
        """
        if not self._caught_up.done():
            await _wait(self._caught_up, seconds)
            return
        if self._cancelled is None:
            self._cancelled = asyncio.create_task(self._journal.cancelled(self._lease))
        await _wait(self._cancelled, seconds)
        if self._cancelled.done():
            asked, self._cancelled = self._cancelled, None
            asked.result()

    def _judge(self, state: journal.LeaseState) -> Ending | float:
        """How it must end, or in how many seconds to ask again."""
        limits, now = self._limits, self._clock()
        if state.cancel_requested:
            return CANCELLED
        left = self._started_at + limits.wall_seconds - now
        if left <= 0:
            return Ending(
                status="failed",
                message=f"ran for {limits.wall_seconds:g} s, the limit wall_seconds",
            )
        if state.unread_since is None or self._lease.background:
            return left
        # Whoever made it, or came back to it, has until the next renewal to say that it reads.
        since = max(state.unread_since, self._claimed_at + limits.renew_seconds)
        grace = since + limits.foreground_grace_seconds - now
        if grace <= 0:
            return Ending(
                status="cancelled",
                message=f"nobody read it for {limits.foreground_grace_seconds:g} s, "
                "the limit foreground_grace_seconds",
            )
        return min(left, grace)

    async def _end(self, ending: Ending) -> None:
        """Close what is open, show the terminal event, and end the job: one frame."""
        unmade = [(call.item_id, call.note.model) for call in self._calls.open.values()]
        if self._emitter.machine.ended:
            response = self._emitter.snapshot.response or self._final(ending)
        else:
            self._close_all(ending)
            response = self._final(ending)
            event = {
                "completed": models.CompletedEvent,
                "failed": models.FailedEvent,
            }.get(ending.status, models.IncompleteEvent)(response=response)
            self._emitter.emit(event)
        await self._emitter.finish(self._emitter.pictures.cut(models.encode(response)))
        self._watched.tell(status=str(response.status), events=self._emitter.next)
        await self._jobs.cancel(unmade)

    def _close_all(self, ending: Ending) -> None:
        if self._emitter.machine.state == "none":
            first = self._echo.response("queued" if self._lease.background else "in_progress")
            self._emitter.emit(models.CreatedEvent(response=first))
        self._relay.silence()
        for index in sorted(self._items.open):
            call = self._calls.open.get(index)
            if self._relay.relayed:
                self._relay.close(index, ending.message or "the response ended")
            elif call is not None:
                code = "cancelled" if ending.status == "cancelled" else ending.code
                self._calls.fail(call, Failure(code, ending.message or "the response ended"))
            else:
                self._items.close(index, "incomplete")

    def _final(self, ending: Ending) -> models.OpenResponsesResult:
        response = self._echo.response(ending.status)
        response.model = self._relay.model or response.model
        so_far = self._emitter.snapshot.response
        response.output = [] if so_far is None else list(so_far.output)
        response.usage, response.tool_usage = self._usages.total()
        if ending.status == "completed":
            response.completed_at = int(self._clock())
        elif ending.status == "failed":
            response.error = models.ResponsesErrorField(code=ending.code, message=ending.message)
        elif ending.reason is not None:
            response.incomplete_details = models.IncompleteDetails(reason=ending.reason)
        return response


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def _wait(awaited: asyncio.Future[Any], seconds: float) -> None:
    """Until it is done, at most ``seconds``. ``asyncio.wait`` would take 1.5 kB more meanwhile."""
    loop = asyncio.get_running_loop()
    woken: asyncio.Future[None] = loop.create_future()

    def wake(_: object = None) -> None:
        _settle(woken)

    awaited.add_done_callback(wake)
    timer = loop.call_later(seconds, wake)
    try:
        await woken
    finally:
        timer.cancel()
        awaited.remove_done_callback(wake)


async def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
