"""The other side of ``bench.feeds``: the library ``reader`` on the same addresses, in an environment of its own.

Reads commands from standard input, one a line (``add URL…``, ``update``), and answers each with a line of JSON.
"""

import json
import sys
import time
from pathlib import Path

from reader import make_reader

WORKERS = 10
"""What reader's own command line uses for ``update --workers`` in its manual."""


def main(database: Path) -> None:
    """Serve commands until standard input ends."""
    with make_reader(str(database)) as reader:
        for line in sys.stdin:
            command, *urls = line.split()
            began, spent = time.perf_counter(), time.process_time()
            failed = done = 0
            if command == "add":
                for url in urls:
                    reader.add_feed(url)
            else:
                # Not by its own schedule, or the second update of an hour would do nothing.
                results = list(reader.update_feeds_iter(scheduled=False, workers=WORKERS))
                done = len(results)
                failed = sum(isinstance(result.value, Exception) for result in results)
            seconds, cpu = time.perf_counter() - began, time.process_time() - spent
            entries = reader.get_entry_counts().total
            print(
                json.dumps({"seconds": seconds, "cpu": cpu, "failed": failed, "done": done, "entries": entries}),
                flush=True,
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
