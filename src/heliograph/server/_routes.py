"""The API's paths: a handler reads a request, asks engine or journal, and gives an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import msgspec
from starlette.requests import Request
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from heliograph import engine, errors, models
from heliograph.server import _cards
from heliograph.server._answers import Json, Stored, Waiting
from heliograph.server._auth import Caller, caller_of, tenant_of
from heliograph.server._body import read_body
from heliograph.server._compact import Compacting
from heliograph.server._edge import answer_error
from heliograph.server._errors import OPENROUTER_BASE
from heliograph.server._images import Images
from heliograph.server._openapi import openapi_json
from heliograph.server._places import Placed, placed
from heliograph.server._query import Retrieve, idempotency_key, page
from heliograph.server._quota import Place
from heliograph.server._runtime import Lane, Runtime
from heliograph.server._seen import MetricsAnswer
from heliograph.server._socket import Nowhere, Socket
from heliograph.server._stream import EventStream
from heliograph.server._watch import Watch

__all__ = ["BASES", "routes"]

BASES = ("/v1", OPENROUTER_BASE)

Handler = Callable[[Request], Awaitable[ASGIApp]]


class _Posted:
    """The answer to ``POST /responses``: while it is open, its client counts as a reader."""

    def __init__(
        self,
        api: _Api,
        lane: Lane,
        caller: Caller,
        work: Place,
        response_id: str,
        asked: models.ResponsesRequest,
        *,
        fresh: bool,
    ) -> None:
        self._api = api
        self._fresh = fresh
        self._lane = lane
        self._caller = caller
        self._work = work
        self._tenant = caller.tenant
        self._id = response_id
        self._stream = asked.stream is True
        self._store = asked.store is not False
        self._background = asked.background is True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ended = False
        if not self._background:
            self._lane.readers.enter(self._tenant, self._id, fresh=self._fresh)
        try:
            if self._stream:
                answer = self._api.stream(self._lane, self._tenant, self._id, after=-1)
                await answer(scope, receive, send)
                ended = answer.complete
            else:
                ended = await self._wait(scope, receive, send)
        finally:
            if not self._background:
                self._lane.readers.leave(self._tenant, self._id)
            if not self._store:
                self._api.runtime.unstored.leave(self._tenant, self._id, ended=ended)
            if ended:
                self._work.release()
            else:
                self._api.runtime.hold(self._caller, self._work, self._lane, self._id)

    async def _wait(self, scope: Scope, receive: Receive, send: Send) -> bool:
        journal = self._lane.journal
        waiting = Waiting(self._id, send, self._api.keep_alive)
        with Watch(receive, self._api.runtime.closing) as watch:
            async with waiting:
                async for _ in journal.read(self._tenant, self._id):
                    pass
            entry = await self._lane.engine.current(self._tenant, self._id)
            answer = Stored(self._id, entry, journal.blobs, begun=waiting.begun)
            await answer(scope, receive, send)
            return True
        if watch.ended == "closing":
            raise errors.ServerError(
                f"the server is stopping; {self._id} goes on, ask for it later"
                if self._store
                else "the server is stopping",
                status=503,
                code="server_stopping",
                retry_after=1,
            )
        return False


class _Api:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._limits = runtime.settings.limits

    @property
    def keep_alive(self) -> float:
        """Seconds of silence after which something is sent."""
        return self._limits.keep_alive_seconds

    def _tenant(self, request: Request) -> str:
        return tenant_of(request.scope)

    def stream(self, lane: Lane, tenant: str, response_id: str, *, after: int) -> EventStream:
        return EventStream(
            lane.journal,
            self.runtime.closing,
            self.runtime.beat,
            tenant,
            response_id,
            after=after,
        )

    async def create(self, request: Request) -> ASGIApp:
        caller = caller_of(request.scope)
        self.runtime.accept()
        with ExitStack() as places:
            work = places.enter_context(self.runtime.quota.work(caller.key, caller.concurrent))
            answer = places.enter_context(self.runtime.quota.answer())
            made = await self._create(request, caller, work)
            places.pop_all()
            return Placed(made, answer)

    async def _create(self, request: Request, caller: Caller, work: Place) -> ASGIApp:
        tenant = caller.tenant
        body = await read_body(request.scope, request.receive, self._limits.max_body_bytes)
        asked = models.decode(models.ResponsesRequest, body)
        key = idempotency_key(request)
        async with self.runtime.keys.turn(tenant, key):
            response_id = None if key is None else await self._known(tenant, key, body)
            if response_id is None:
                response_id = await self._submit(tenant, asked, body, key)
            if asked.store is False:
                self.runtime.unstored.enter(response_id)
        lane = self.runtime.lane(store=asked.store is not False)
        if asked.background is True and asked.stream is not True:
            answer = await self._current(lane, tenant, response_id)
            self.runtime.hold(caller, work, lane, response_id)
            return answer
        return _Posted(self, lane, caller, work, response_id, asked, fresh=key is None)

    async def _known(self, tenant: str, key: str, body: bytes) -> str | None:
        """The response that the key made, also where the body could not be served any more."""
        digest = engine.body_digest(body)
        stored, passing = self.runtime.stored.journal, self.runtime.passing.journal
        response_id = await stored.keyed(tenant, key, digest)
        if response_id is None:
            response_id = await passing.keyed(tenant, key, digest)
            if response_id is not None and await self.runtime.unstored.erased(response_id):
                return None
        return response_id

    async def _submit(
        self, tenant: str, asked: models.ResponsesRequest, body: bytes, key: str | None
    ) -> str:
        first = self.runtime.stored.engine
        plan = first.check(asked, await first.resolve(tenant, asked), tenant=tenant)
        created = await self.runtime.lane(store=plan.store).engine.submit(
            tenant,
            asked,
            body,
            plan,
            idempotency_key=key,
            expires_in=self._limits.keep_response_seconds or None,
        )
        return created.response_id

    async def _current(self, lane: Lane, tenant: str, response_id: str) -> ASGIApp:
        entry = await lane.engine.current(tenant, response_id)
        return Stored(response_id, entry, lane.journal.blobs)

    async def retrieve(self, request: Request) -> ASGIApp:
        caller = caller_of(request.scope)
        tenant = caller.tenant
        response_id = request.path_params["response_id"]
        asked = Retrieve.of(request)
        lane = self.runtime.stored
        if not asked.stream:
            return await self._current(lane, tenant, response_id)
        record = await lane.journal.get(tenant, response_id)
        place = self.runtime.quota.follow(caller.key, caller.concurrent)
        answer = self.stream(lane, tenant, response_id, after=asked.after)
        if record.background or record.state == "finished":
            return Placed(answer, place)
        return Placed(_Reading(lane, answer), place)

    async def input_items(self, request: Request) -> ASGIApp:
        tenant = self._tenant(request)
        response_id = request.path_params["response_id"]
        lane = self.runtime.stored
        listed = await lane.engine.input_items(tenant, response_id, page(request))
        return Stored(response_id, listed, lane.journal.blobs)

    async def delete(self, request: Request) -> ASGIApp:
        response_id = request.path_params["response_id"]
        await self.runtime.stored.journal.delete(self._tenant(request), response_id)
        return Json({"id": response_id, "object": "response", "deleted": True})

    async def cancel(self, request: Request) -> ASGIApp:
        tenant = self._tenant(request)
        response_id = request.path_params["response_id"]
        await self.runtime.cancel(tenant, response_id)
        return await self._current(self.runtime.stored, tenant, response_id)

    async def compact(self, request: Request) -> ASGIApp:
        tenant = self._tenant(request)
        self.runtime.accept()
        body = await read_body(request.scope, request.receive, self._limits.max_body_bytes)
        return Compacting(self.runtime, tenant, models.decode(models.CompactRequest, body))

    async def list_models(self, request: Request) -> ASGIApp:
        cards = self.runtime.catalog.cards()
        if request.url.path.startswith(OPENROUTER_BASE):
            return Json(_cards.openrouter_list(cards))
        return Json(_cards.openai_list(cards))

    async def one_model(self, request: Request) -> ASGIApp:
        card = self.runtime.catalog.card(request.path_params["model"])
        if request.url.path.startswith(OPENROUTER_BASE):
            return Json({"data": _cards.openrouter_card(card)})
        return Json(_cards.openai_card(card))

    async def metrics(self, request: Request) -> ASGIApp:
        seen = self.runtime.seen
        seen.admit(request.scope)
        page = await seen.page(self.runtime.sources, request.headers.get("accept", ""))
        return MetricsAnswer(*page)

    async def openapi(self, request: Request) -> ASGIApp:
        return Json(msgspec.Raw(openapi_json()))

    async def healthy(self, request: Request) -> ASGIApp:
        return Json({"status": "ok"})

    async def ready(self, request: Request) -> ASGIApp:
        await self.runtime.ready()
        return Json({"status": "ready"})


class _Reading:
    """A stream of a running foreground response: its client counts as a reader."""

    def __init__(self, lane: Lane, answer: EventStream) -> None:
        self._lane = lane
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = self._answer.tenant, self._answer.response_id
        self._lane.readers.enter(*key)
        try:
            await self._answer(scope, receive, send)
        finally:
            self._lane.readers.leave(*key)


class _Methods:
    """One path's handlers by method; any other method is answered 405."""

    def __init__(self, **handlers: Handler) -> None:
        self._handlers = handlers

    @property
    def methods(self) -> list[str]:
        return sorted(self._handlers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self._handlers.get(scope["method"])
        if handler is None:
            allowed = ", ".join(self.methods)
            refused = errors.BadRequest(
                f"this path takes {allowed}, not {scope['method']}",
                status=405,
                code="method_not_allowed",
            )
            await answer_error(refused, scope, send, {"allow": allowed})
            return
        scope["state"]["answer"] = await handler(Request(scope, receive))  # the edge gives it


def routes(runtime: Runtime) -> list[BaseRoute]:
    """Every path, under both bases."""
    api = _Api(runtime)
    images = Images(runtime)
    table: list[BaseRoute] = [
        Route("/healthz", _Methods(GET=api.healthy, HEAD=api.healthy)),
        Route("/metrics", _Methods(GET=api.metrics)),
        Route("/readyz", _Methods(GET=api.ready, HEAD=api.ready)),
        Route(f"{OPENROUTER_BASE}/model/{{model:path}}", _Methods(GET=api.one_model)),
        Route("/v1/images/generations", _Methods(POST=placed(runtime, images.generate))),
        Route("/v1/images/edits", _Methods(POST=placed(runtime, images.edit))),
        Route(f"{OPENROUTER_BASE}/images", _Methods(POST=placed(runtime, images.openrouter))),
        Route(f"{OPENROUTER_BASE}/images/models", _Methods(GET=images.list_models)),
        Route(
            f"{OPENROUTER_BASE}/images/models/{{model:path}}/endpoints",
            _Methods(GET=images.list_endpoints),
        ),
    ]
    for base in BASES:
        one = f"{base}/responses/{{response_id}}"
        table += [
            Route(f"{base}/responses", _Methods(POST=api.create)),
            WebSocketRoute(f"{base}/responses", Socket(runtime)),
            Route(f"{base}/responses/compact", _Methods(POST=placed(runtime, api.compact))),
            Route(one, _Methods(GET=api.retrieve, DELETE=api.delete)),
            Route(f"{one}/cancel", _Methods(POST=api.cancel)),
            Route(f"{base}/openapi.json", _Methods(GET=api.openapi)),
            Route(f"{one}/input_items", _Methods(GET=api.input_items)),
            Route(f"{base}/models", _Methods(GET=api.list_models)),
            Route(f"{base}/models/{{model:path}}", _Methods(GET=api.one_model)),
        ]
    return [*table, WebSocketRoute("/{path:path}", Nowhere())]
