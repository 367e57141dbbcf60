"""What an argument's text may be."""

from __future__ import annotations

from argparse import ArgumentTypeError


def size(text: str) -> str:
    """``WIDTHxHEIGHT`` or ``auto``."""
    width, cross, height = text.partition("x")
    if text != "auto" and not (cross and width.isdecimal() and height.isdecimal()):
        raise ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT (1024x1024) or auto")
    return text


def port(text: str) -> int:
    """A TCP port."""
    if not text.isdecimal() or int(text) > 65535:
        raise ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def count(text: str) -> int:
    """A whole number from 0."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def cluster_size(text: str) -> int:
    """How many servers: an odd number, so that a majority is one."""
    if text not in ("1", "3", "5"):
        raise ArgumentTypeError(f"{text!r} is not 1, 3 or 5")
    return int(text)


def speed(text: str) -> float:
    """A number from 0."""
    number = _number(text)
    if not 0 <= number < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number from 0")
    return number


def seconds(text: str) -> float:
    """A number over 0."""
    number = _number(text)
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number of seconds over 0")
    return number


def names(text: str) -> list[str]:
    """Names, joined by commas."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise ArgumentTypeError("expected names, joined by commas")
    return found


def address(text: str) -> tuple[str, int]:
    """``HOST:PORT``; an IPv6 address is in brackets, ``[::1]:9100``."""
    host, _, port_ = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not bare or (":" in bare) != host.startswith("["):
        raise ArgumentTypeError(f"{text!r} is not HOST:PORT, as 127.0.0.1:9100 is")
    return bare, port(port_)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0
