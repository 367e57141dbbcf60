"""What an observer is told, and that a response runs in the context it was asked for in."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from types import TracebackType
from typing import Any

import pytest
from tests.engine.kit import TOOL, Chat, Clock, House, ask, draws

from heliograph import errors, journal, providers
from heliograph.engine import RESPONSE_ID, Engine, _engine
from heliograph.providers import Finish, Text

ASKED: ContextVar[str] = ContextVar("asked", default="nobody")


class Watching:
    """One piece of work, as it was told of."""

    def __init__(self, seen: Recorder, work: str, facts: dict[str, Any]) -> None:
        self.seen = seen
        self.work = work
        self.facts = facts
        self.followed: list[dict[str, str]] = []
        self.headers = {"traceparent": f"{work}-{len(seen.work)}"}
        self.error: BaseException | None = None
        self.open = False

    def tell(self, **facts: Any) -> None:
        assert self.open
        self.facts |= facts

    def first(self) -> None:
        assert self.open

    def follows(self, headers: Any) -> None:
        self.followed.append(dict(headers))

    def __enter__(self) -> Watching:
        self.open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.open = False
        self.error = error


class Recorder:
    """Keeps all that an observer is told."""

    def __init__(self) -> None:
        self.work: list[Watching] = []
        self.claims: list[int] = []
        self.frames: list[tuple[int, int, float]] = []
        self.pictures: list[int] = []
        self.lost = 0
        self.refusals: list[str] = []
        self.expiries = 0

    def watch(self, work: str, **facts: Any) -> Watching:
        watching = Watching(self, work, facts)
        self.work.append(watching)
        return watching

    def claimed(self, takeovers: int) -> None:
        self.claims.append(takeovers)

    def fenced(self) -> None:
        self.lost += 1

    def refused(self, limit: str) -> None:
        self.refusals.append(limit)

    def expired(self) -> None:
        self.expiries += 1

    def appended(self, events: int, size: int, seconds: float) -> None:
        self.frames.append((events, size, seconds))

    def stored(self, size: int) -> None:
        self.pictures.append(size)

    def of(self, work: str) -> list[Watching]:
        return [one for one in self.work if one.work == work]


class Watched(House):
    """A house whose engines are seen by ``recorder``."""

    recorder: Recorder

    def new_engine(self, store: journal.Journal | None = None) -> Engine:
        if not hasattr(self, "recorder"):
            self.recorder = Recorder()
        return Engine(
            store or self.store,
            self.catalog,
            self.limits,
            clock=self.clock,
            observer=self.recorder,  # type: ignore[arg-type]
        )


async def opened(chat: Any, **limits: Any) -> Watched:
    clock = Clock()
    store = journal.MemoryJournal(clock)
    await store.start()
    return Watched(store, chat, clock=clock, **limits)


async def closed(home: Watched) -> None:
    await home.engine.stop(0)
    await home.store.stop()


async def test_it_sees_each_piece_of_work_begin_and_end() -> None:
    home = await opened(draws("a fox"))
    events = await home.draw(ask(tools=[TOOL]))
    await home.check_all()
    await closed(home)
    seen = home.recorder
    assert [one.work for one in seen.work] == ["response", "chat", "image", "chat"]
    assert not any(one.open for one in seen.work)
    assert all(one.error is None for one in seen.work)
    response = seen.of("response")[0].facts
    assert response["id"] == home.ids[0][1]
    assert (response["model"], response["status"]) == (events[-1].response.model, "completed")  # type: ignore[union-attr]
    assert response["events"] == len(events)
    assert [one.facts["step"] for one in seen.of("chat")] == [0, 1]
    assert seen.of("image")[0].facts["model"] == home.catalog.default_image
    assert sum(count for count, _, _ in seen.frames) == len(events)
    assert all(size > 0 and seconds >= 0 for _, size, seconds in seen.frames)
    assert len(seen.pictures) == 1
    assert seen.claims == [0]


async def test_a_failed_step_leaves_its_error() -> None:
    class Failing(Chat):
        async def answer(self, turn: Any) -> Any:
            yield Text("so far")
            raise errors.ProviderError("no more", kind="timeout")

    home = await opened(Failing([Finish()]))
    await home.draw(ask())
    await closed(home)
    (chat,) = home.recorder.of("chat")
    assert isinstance(chat.error, errors.ProviderError)
    assert home.recorder.of("response")[0].facts["status"] == "failed"


async def test_a_takeover_is_counted_and_goes_on_with_the_first_owners_work() -> None:
    gate = asyncio.Event()

    class Waiting(Chat):
        async def answer(self, turn: Any) -> Any:
            await gate.wait()
            yield Finish()

    home = await opened(Waiting([Finish()]), renew_seconds=60.0)
    response_id = await home.submit(ask(background=True))
    await home.engine.start()
    await home.seen(response_id, "in_progress")
    await asyncio.sleep(0.02)  # past its last renewal for a minute
    home.clock.now += home.limits.lease_seconds + 1
    other = Watched(home.store, Chat([Finish()]), clock=home.clock)
    await other.engine.start()
    await other.events(response_id)
    gate.set()
    async with asyncio.timeout(10):
        while home.engine.running:  # noqa: ASYNC110 -- an engine tells nobody when it is idle
            await asyncio.sleep(0.001)
    await other.engine.stop(1)
    await closed(home)
    first, second = home.recorder, other.recorder
    assert max(second.claims) == 1
    assert (first.lost, second.lost) == (1, 0)
    assert first.of("response")[0].facts["status"] == "lost"
    assert second.of("response")[0].followed == [first.of("response")[0].headers]
    assert second.of("response")[0].facts["status"] == "completed"


async def test_a_run_has_the_context_it_was_asked_for_in() -> None:
    found: list[tuple[str, str]] = []

    class Looking(Chat):
        async def answer(self, turn: Any) -> Any:
            found.append((ASKED.get(), RESPONSE_ID.get()))
            yield Finish()

    home = await opened(Looking([Finish()]))
    await home.engine.start()
    ids = []
    for name in ("ada", "ben"):
        token = ASKED.set(name)
        ids.append(await home.submit(ask()))
        ASKED.reset(token)
        await home.events(ids[-1])
    await closed(home)
    assert found == [("ada", ids[0]), ("ben", ids[1])]
    assert not home.engine._asked


async def test_contexts_of_what_others_run_are_not_kept_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_engine, "_CONTEXTS", 3)
    home = await opened(Chat([Finish()]))
    for _ in range(5):
        await home.submit(ask())
    assert len(home.engine._asked) == 3
    await closed(home)


def test_without_an_observer_nothing_is_told() -> None:
    with providers.OBSERVER.get().watch("chat", model="m") as watched:
        watched.tell(finish="stop")
        watched.first()
        watched.follows({})
        assert watched.headers == {}
