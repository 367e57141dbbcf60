"""What an operator says about fetching: the ``[fetch]`` table of the configuration file."""

from __future__ import annotations

from typing import Literal

import msgspec

from heliograph.providers.fetch._hosts import Hosts

__all__ = ["FetchSettings"]

MIB = 1024 * 1024


class FetchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether and from where pictures are fetched that a request names by their address.

    - ``policy``: ``off``; ``allowlist``, from ``hosts`` alone; ``public``, from any public host,
      and from ``hosts``.
    - ``hosts``: names (``example.org``), all names under one (``*.example.org``), or addresses,
      with ``:PORT`` for a port other than 80 and 443. A name never leads to a private address; an
      address in the list may be private or loopback itself.
    - ``http``: whether ``http://`` is allowed too.
    - ``seconds``: how long one picture may take, from its name's look-up to its last byte, and how
      long it may wait for its turn before that.
    - ``max_redirects``: redirects followed for one picture.
    - ``max_at_once``: pictures fetched at once by the server; others wait.
    - ``max_pictures``, ``max_bytes``: addresses in one request, and what their pictures may come
      to together. One picture is bounded by ``limits.max_picture_bytes`` and
      ``limits.max_image_pixels``.
    """

    policy: Literal["off", "allowlist", "public"] = "off"
    hosts: tuple[str, ...] = ()
    http: bool = False
    seconds: float = 20.0
    max_redirects: int = 3
    max_at_once: int = 8
    max_pictures: int = 16
    max_bytes: int = 64 * MIB

    def __post_init__(self) -> None:
        for name in ("seconds", "max_at_once", "max_pictures", "max_bytes"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}, which is too little")
        if self.max_redirects < 0:
            raise ValueError(f"max_redirects is {self.max_redirects}, which is too little")
        try:
            Hosts(self.hosts)
        except ValueError as error:
            raise ValueError(f"hosts: {error}") from None
        if self.policy == "allowlist" and not self.hosts:
            raise ValueError('hosts: policy is "allowlist" and the list is empty')
        if self.policy == "off" and self.hosts:
            raise ValueError('policy is "off" but hosts are listed; say policy = "allowlist"')
