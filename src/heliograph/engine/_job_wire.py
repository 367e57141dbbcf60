"""Step jobs as a journal keeps them: a picture that another worker makes for a response's owner.

A step job is a response of the journal like any other, under a tenant that no key can have. Its
request is the ``ImageJob``, its context holds the pictures that the job brings, each entry of its
log is a preview, and its final object the picture or the trouble. Its id follows from the item's,
so that whoever owns the response next finds it. One that was given up because no owner waited is
followed by another, under the item's next id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import msgspec

from heliograph import errors, providers
from heliograph.journal import BlobRef, BlobStore, Entry

__all__ = [
    "Outcome",
    "is_step",
    "outcome_of",
    "pack_job",
    "pack_outcome",
    "pack_preview",
    "step_ids",
    "step_tenant",
    "troubled",
    "unpack_job",
]

_TENANT = ":steps"
"""Tenants of keys have no colon."""


def step_tenant(tenant: str) -> str:
    """Whose the step jobs of a tenant's responses are."""
    return tenant + _TENANT


def is_step(tenant: str) -> bool:
    """Whether what is that tenant's is a step job."""
    return tenant.endswith(_TENANT)


def step_ids(item_id: str) -> Iterator[str]:
    """The step jobs that make the picture of an item: each the next where no owner waited."""
    yield f"step_{item_id}"
    yield from (f"step{again}_{item_id}" for again in count(1))


class _Order(msgspec.Struct, frozen=True):
    """``images`` of the context's blobs are the job's references; one more is its mask."""

    job: providers.ImageJob
    images: int


class _Trouble(msgspec.Struct, frozen=True, omit_defaults=True):
    """A ``ProviderError``."""

    message: str
    kind: str
    retryable: bool = False
    param: str | None = None
    code: str | None = None
    retry_after: float | None = None


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a step job ended: one of the two, or neither where no owner waited for it any more. The
    picture's bytes are the entry's blob."""

    picture: providers.Picture | None = None
    trouble: _Trouble | None = None


async def pack_job(job: providers.ImageJob, blobs: BlobStore) -> tuple[bytes, Entry | None]:
    """A job as a request and its context."""
    given = [*job.images, *([] if job.mask is None else [job.mask])]
    refs = [await _stored(data, blobs) for data in given]
    bare = msgspec.structs.replace(job, images=(), mask=None)
    request = msgspec.json.encode(_Order(bare, len(job.images)))
    return request, Entry(b"", tuple(refs)) if refs else None


async def unpack_job(request: bytes, context: Entry | None, blobs: BlobStore) -> providers.ImageJob:
    """The reverse of ``pack_job``."""
    order = msgspec.json.decode(request, type=_Order)
    refs: Sequence[BlobRef] = () if context is None else context.blobs
    given = [await blobs.get(ref.sha256) for ref in refs]
    images, masks = given[: order.images], given[order.images :]
    return msgspec.structs.replace(
        order.job, images=tuple(images), mask=masks[0] if masks else None
    )


async def pack_preview(preview: providers.Preview, blobs: BlobStore) -> Entry:
    """A preview as an entry; the picture is durable before it."""
    return Entry(msgspec.json.encode(preview.index), (await _stored(preview.data, blobs),))


async def pack_outcome(
    ended: providers.Picture | errors.ProviderError | None, blobs: BlobStore
) -> Entry:
    """The end of a step job; None where no owner waited."""
    if ended is None:
        return Entry(msgspec.json.encode(Outcome()))
    if isinstance(ended, providers.Picture):
        ref = await _stored(ended.data, blobs)
        bare = msgspec.structs.replace(ended, data=b"")
        return Entry(msgspec.json.encode(Outcome(picture=bare)), (ref,))
    trouble = _Trouble(
        ended.message, ended.kind, ended.retryable, ended.param, ended.code, ended.retry_after
    )
    return Entry(msgspec.json.encode(Outcome(trouble=trouble)))


async def outcome_of(entry: Entry, blobs: BlobStore) -> providers.Picture | None:
    """The picture, None where no owner waited. Raises the ``ProviderError`` that was."""
    outcome = msgspec.json.decode(entry.data, type=Outcome)
    if outcome.trouble is not None:
        raise troubled(outcome.trouble)
    if outcome.picture is None:
        return None
    data = await blobs.get(entry.blobs[0].sha256)
    return msgspec.structs.replace(outcome.picture, data=data)


def troubled(told: _Trouble) -> errors.ProviderError:
    """The error that an outcome tells of."""
    return errors.ProviderError(
        told.message,
        kind=told.kind,
        retryable=told.retryable,
        param=told.param,
        code=told.code,
        retry_after=told.retry_after,
    )


async def _stored(data: bytes, blobs: BlobStore) -> BlobRef:
    return BlobRef(0, await blobs.put(data), len(data))
