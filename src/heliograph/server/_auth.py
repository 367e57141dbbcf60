"""Whose request it is."""

from __future__ import annotations

import hmac

from starlette.types import Scope

from heliograph import errors
from heliograph.server._body import header

__all__ = ["DEFAULT_TENANT", "tenant_of"]

DEFAULT_TENANT = "default"
"""The one tenant of a server without configured keys."""


def tenant_of(scope: Scope, key: str | None) -> str:
    """The tenant of a request. Without a configured ``key`` any key or none will do.

    Raises ``AuthenticationError``.
    """
    if key is None:
        return DEFAULT_TENANT
    scheme, _, given = (header(scope, b"authorization") or b"").partition(b" ")
    if scheme.lower() != b"bearer" or not given.strip():
        raise errors.AuthenticationError(
            "no API key: send it as 'Authorization: Bearer KEY'", code="missing_api_key"
        )
    if not hmac.compare_digest(given.strip(), key.encode()):
        raise errors.AuthenticationError("the API key is not known here")
    return DEFAULT_TENANT
