"""Fetching pictures from addresses that clients name, under a policy that the operator sets."""

from heliograph.providers.fetch._addresses import why_not_public
from heliograph.providers.fetch._connect import Address, Resolve
from heliograph.providers.fetch._fetcher import Fetcher
from heliograph.providers.fetch._hosts import Hosts, Place, read_url
from heliograph.providers.fetch._settings import FetchSettings

__all__ = [
    "Address",
    "FetchSettings",
    "Fetcher",
    "Hosts",
    "Place",
    "Resolve",
    "read_url",
    "why_not_public",
]
