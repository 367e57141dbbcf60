"""Ours, asynchronous, on aiohttp (the extra ``fast``)."""

from functools import partial

from bench.sides._side import main
from bench.sides.ours_async import open_client, read

if __name__ == "__main__":
    main(partial(open_client, transport="aiohttp"), read)
