"""Large events: what memory a picture stream takes, and that a large event costs no more per byte.

Memory is the peak that ``tracemalloc`` sees from an idle client to the end of the stream; the
reader decodes, hashes and drops each picture. Time is CPU as in the section on streams.
"""

from __future__ import annotations

from bench import kit, workloads
from bench.streams import SIDES, python_of, serving

NAME = "Large events"
MEMORY_SIDES = ("ours_sync", "ours_async", "ours_aiohttp", "limit", "openai_sync")
TIME_SIDES = ("ours_sync", "ours_async")


def run(quick: bool) -> str:
    rounds = 2 if quick else 5
    largest = workloads.workload("pictures").largest
    memory = []
    with serving("pictures", "one64", "four16") as url:
        for side in MEMORY_SIDES:
            script = kit.ROOT / "bench" / "sides" / f"{side}.py"
            found = kit.run_json(python_of(side), script, url, "pictures", "1", "memory")
            wanted = workloads.workload("pictures")
            if (found["events"], found["sha256"]) != (wanted.events, wanted.sha256):
                memory.append([SIDES[side], "void", "", ""])
                continue
            times = found["peak"] / largest
            held = kit.verdict(times <= 3) if side.startswith("ours") else ""
            memory.append([SIDES[side], f"{found['peak'] / 1e6:.1f}", f"{times:.2f}", held])
        time = []
        for side in TIME_SIDES:
            script = kit.ROOT / "bench" / "sides" / f"{side}.py"
            spent: dict[str, list[float]] = {"one64": [], "four16": []}
            for _ in range(rounds):
                for name, values in spent.items():
                    runs = kit.run_json(kit.OURS, script, url, name, "2", "time")
                    wanted = workloads.workload(name)
                    for one in runs:
                        if (one["events"], one["sha256"]) == (wanted.events, wanted.sha256):
                            values.append(one["cpu"] * 1000)
            one64, four16 = (kit.middle(spent[name]) for name in ("one64", "four16"))
            ratio = one64 / four16
            row = [f"{one64:.0f}", f"{four16:.0f}", f"{ratio:.2f}", kit.verdict(ratio <= 2)]
            time.append([SIDES[side], *row])
    return (
        f"Pictures stream, largest event {largest / 1e6:.1f} MB; wanted: a peak of at most 3 times "
        "that.\n\n"
        + kit.table(["peak memory", "MB", "times the largest event", ""], memory)
        + "\n\nOne event of 64 MB against four of 16 MB; wanted: at most twice.\n\n"
        + kit.table(["CPU milliseconds", "1 x 64 MB", "4 x 16 MB", "ratio", ""], time)
    )
