"""What the library raises, as a sentence with the setting to change.

The library tells a refusal by the answer's text alone: the error's ``Code``, which S3 defines, is
read out of it. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from heliograph.journal._bucket import BucketFault, MissingObject

__all__ = ["Doing", "Spot", "fault"]

Doing = Literal["put", "get", "delete"]

_CODE = re.compile(r"<Code>\s*(\w+)\s*</Code>|\(code: (\w+)\)")
_UNSENT = "error sending request"
_OWN_KEY = "/latest/"  # of a machine's own role, which is asked for last
_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or journal.blobs.access_key_env"

_ACTIONS: dict[Doing, str] = {
    "put": "s3:PutObject",
    "get": "s3:GetObject",
    "delete": "s3:DeleteObject",
}

_REFUSALS = {
    "NoSuchBucket": "there is no such bucket; make it, or set journal.blobs.bucket",
    "InvalidBucketName": "this cannot be a bucket's name; set journal.blobs.bucket",
    "InvalidAccessKeyId": f"the access key is not known there; set {_KEYS}",
    "SignatureDoesNotMatch": f"the secret does not fit the access key; set {_KEYS}",
    "ExpiredToken": "the session token has expired; renew AWS_SESSION_TOKEN",
    "InvalidToken": "the session token is none; set or unset AWS_SESSION_TOKEN",
    "RequestTimeTooSkewed": "this machine's clock is too far from the storage's; keep both by NTP",
    "PermanentRedirect": "the bucket is in another region; set journal.blobs.region",
    "TemporaryRedirect": "the bucket is in another region; set journal.blobs.region",
    "AuthorizationHeaderMalformed": "the region is another; set journal.blobs.region",
    "IllegalLocationConstraintException": "the region is another; set journal.blobs.region",
    "QuotaExceeded": "the storage is full; give it more, or limits.keep_response_seconds less",
    "XMinioStorageFull": "the storage is full; give it more, or limits.keep_response_seconds less",
}

_CAUSES = {
    "TimedOut": "it is silent",
    "InvalidCertificate": "its certificate is not trusted: set journal.blobs.ca",
    "InvalidContentType": "it speaks no TLS: http:// instead of https://",
    "dns error": "its name is not known",
    "ConnectionRefused": "nothing listens there",
}


class Spot(msgspec.Struct, frozen=True):
    """A prefix in a bucket at an address (None: AWS's own)."""

    bucket: str
    prefix: str
    endpoint: str | None

    def __str__(self) -> str:
        at = "" if self.endpoint is None else f" at {self.endpoint}"
        return f"s3://{self.bucket}/{self.prefix}{at}"


def fault(exc: Exception, doing: Doing, key: str, spot: Spot) -> BucketFault | MissingObject:
    """What an error of the library comes to."""
    text = str(exc)
    found = _CODE.search(text)
    code = "" if found is None else found[1] or found[2]
    if isinstance(exc, FileNotFoundError) and code in ("", "NoSuchKey"):
        if not code and "performing GET" in text:  # the answer to HEAD has no body that could tell
            return BucketFault(f"{spot}: what answers there is no S3; set journal.blobs.endpoint")
        return MissingObject(f"{key} is missing in {spot}")
    return BucketFault(f"{spot}: {_said(text, code, doing, spot)}", away=_is_away(text, code))


def _said(text: str, code: str, doing: Doing, spot: Spot) -> str:
    if code in _REFUSALS:
        return f"{_REFUSALS[code]} ({code})"
    status = _status(text)
    if code == "AccessDenied" or status == "403":
        resource = f"arn:aws:s3:::{spot.bucket}/{spot.prefix}/*"
        # Who may not list is told so where an object is not there.
        more = ", and s3:ListBucket on the bucket" if doing == "get" else ""
        return f"this key may not {doing}; allow it {_ACTIONS[doing]} on {resource}{more}"
    if _OWN_KEY in text and not status:
        return f"there is no access key; set {_KEYS}"
    if status:
        return f"it answers with {status} {code}".rstrip()
    if _UNSENT in text:
        cause = next((said for word, said in _CAUSES.items() if word in text), "it broke off")
        return f"no answer, {cause}; is it up, is journal.blobs.endpoint right?"
    return text.partition("\n")[0]


def _status(text: str) -> str:
    found = re.search(r"status code: (\d{3})", text)
    return "" if found is None else found[1]


def _is_away(text: str, code: str) -> bool:
    """Whether it may well answer later: nothing was refused."""
    status = _status(text)
    return status.startswith("5") if status else not code and _OWN_KEY not in text
