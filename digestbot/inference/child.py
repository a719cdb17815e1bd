"""The engine process: reads requests from its standard input, runs models, writes replies; knows no queue.

Run as ``python -m digestbot.inference.child``. Everything heavy (torch, transformers, ctranslate2) is loaded
here and nowhere else, so that neither an import, nor a model, nor a crash of either can stop the bot's own
event loop. It ends when its input does.
"""

import gc
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from digestbot.domain.errors import DigestbotError, InferenceError, ModelMissing, OutOfMemory
from digestbot.inference.wire import EXIT_MEMORY, Head, pack, read_frame_blocking

NICENESS = 3
"""How far behind the bot the engine stands when both want the processor: the event loop is to answer at once."""
_WATCH = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE")

Model = Callable[..., Any]


class Models:
    """The loaded models, each loaded at its first use and kept."""

    def __init__(self, *, cache_dir: Path | None, threads: int) -> None:
        """Take where conversions are kept and how many threads a model may use (0: as many as there are cores)."""
        self._cache_dir = cache_dir
        self._threads = threads
        self._loaded: dict[str, Model] = {}

    def get(self, op: str, settings: Mapping[str, Any]) -> Model:
        """Return the model a request names.

        Raises:
            InferenceError: It cannot be loaded.

        """
        key = json.dumps([op, settings.get("model"), settings.get("backend")])
        if key not in self._loaded:
            self._loaded[key] = self._load(op, str(settings["model"]), settings.get("backend", "auto"))
        return self._loaded[key]

    def forget(self, op: str, settings: Mapping[str, Any]) -> None:
        """Give a loaded model's memory back."""
        self._loaded.pop(json.dumps([op, settings.get("model"), settings.get("backend")]), None)
        gc.collect()

    def _load(self, op: str, name: str, backend: Any) -> Model:
        """Load a model, whatever goes wrong told as an error of ours."""
        try:
            if op == "embed":
                from digestbot.inference.vectors import VectorModel  # heavy

                return VectorModel(name, cache_dir=self._cache_dir, backend=backend, threads=self._threads)
            if op == "entail":
                from digestbot.inference.entailment import EntailmentModel

                return EntailmentModel(name)
            from digestbot.inference.generation import load_generator  # heavy

            writer: Model = load_generator(op, name, cache_dir=self._cache_dir, backend=backend, threads=self._threads)
            return writer  # noqa: TRY300  # an else clause would part it from its import
        except DigestbotError:
            raise
        except MemoryError as error:
            raise OutOfMemory(f"model {name} does not fit into memory") from error
        except _load_faults() as error:
            raise ModelMissing(name, f"cannot be loaded ({_line(error)})") from error


def _load_faults() -> tuple[type[Exception], ...]:
    """Return what transformers, safetensors and CTranslate2 raise on damaged or foreign files."""
    faults: tuple[type[Exception], ...] = (
        ImportError, OSError, ValueError, KeyError, RuntimeError, AttributeError, TypeError,
    )  # fmt: skip
    try:
        from safetensors import SafetensorError  # optional, and derived from nothing of the above
    except ImportError:
        return faults
    return (*faults, SafetensorError)


def answer(models: Models, head: Head) -> bytes:
    """Return the reply frame to one request; what goes wrong is in the frame, never raised."""
    try:
        if head["op"] == "measure":
            return pack({"results": [measure(models, item) for item in head["items"]]})
        model = models.get(head["op"], head["settings"])
        began = time.perf_counter()
        results = model(head["items"], **head["settings"].get("options", {}))
        took = time.perf_counter() - began
    except DigestbotError as error:
        return pack(_fault(error))
    except MemoryError:
        return pack(_fault(OutOfMemory("the engine ran out of memory")))
    except (RuntimeError, ValueError, IndexError, TypeError, KeyError) as error:
        kind = OutOfMemory if _is_memory(error) else InferenceError
        return pack(_fault(kind(f"the engine failed on its input ({_line(error)})")))
    if hasattr(results, "tobytes"):
        return pack({"shape": list(results.shape), "backend": getattr(model, "backend", "")}, results.tobytes())
    written = {"tokens": _tokens(model, results), "writing": took}
    return pack({"results": results, "backend": getattr(model, "backend", ""), **written})


def _tokens(model: Model, results: Sequence[Any]) -> int:
    """Count the tokens of what is text among results as their model does, 0 where it has no tokenizer."""
    tokenizer = getattr(model, "tokenizer", None)
    return sum(len(tokenizer(text)["input_ids"]) for text in results if isinstance(text, str)) if tokenizer else 0


def measure(models: Models, asked: Mapping[str, Any]) -> Head:
    """Load a model anew, run it, and return what that took.

    Args:
        models: The loaded models.
        asked: ``op`` and ``settings`` as of a request, and the ``items`` to run it on.

    Returns:
        Seconds to load it (its conversion not counted) and to run it, the tokens it wrote (an encoder: read) in that
        time, the process's resident bytes, and what ran it.

    Raises:
        InferenceError: It cannot be loaded.

    """
    op, settings = asked["op"], asked["settings"]
    models.get(op, settings)
    models.forget(op, settings)
    began = time.perf_counter()
    model = models.get(op, settings)
    loaded = time.perf_counter()
    results = model(asked["items"], **settings.get("options", {}))
    done = time.perf_counter()
    read = [" ".join(item) if isinstance(item, list) else item for item in asked["items"]]
    tokens = _tokens(model, read if op in {"embed", "entail"} else results)
    return {
        "load_seconds": loaded - began,
        "seconds": done - loaded,
        "tokens": tokens,
        "resident": resident_bytes(),
        "backend": getattr(model, "backend", ""),
    }


def _fault(error: DigestbotError) -> Head:
    """Return an error as a reply's head."""
    return {"error": error.code, "what": error.what, "hint": error.hint, "model": getattr(error, "model", "")}


def _line(error: BaseException) -> str:
    """Return the first line of an error's text, for a log."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]


def _is_memory(error: BaseException) -> bool:
    """Tell whether a framework's error says that memory ran out (they raise RuntimeError for it)."""
    text = str(error).lower()
    return any(sign in text for sign in ("out of memory", "bad_alloc", "can't allocate memory", "failed to allocate"))


def resident_bytes() -> int:
    """Return this process's resident memory in bytes, 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


def _watch_memory(limit: int) -> None:
    """End the process when it grows over ``limit`` bytes; a thread, so that it sees inside a long computation."""
    pause = threading.Event()
    while not pause.wait(_WATCH):
        if resident_bytes() > limit:
            os._exit(EXIT_MEMORY)


def serve(requests: BinaryIO, replies: BinaryIO, models: Models) -> None:
    """Answer requests until there are no more."""
    while (frame := read_frame_blocking(requests)) is not None:
        head, _ = frame
        if head["op"] == "ping":
            replies.write(pack({"results": [], "resident": resident_bytes()}))
        else:
            replies.write(answer(models, head))
        replies.flush()


def stand_back() -> None:
    """Let the bot's own process go first, where the system knows of such things."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)


def run(make_models: Callable[[Path | None, int], Models]) -> None:
    """Serve on the standard streams, with what libraries print kept out of the replies."""
    settings = json.loads(sys.argv[1])
    stand_back()
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if limit := settings.get("memory_limit"):
        threading.Thread(target=_watch_memory, args=(int(limit),), daemon=True).start()
    cache = settings.get("cache_dir")
    serve(sys.stdin.buffer, replies, make_models(Path(cache) if cache else None, int(settings.get("threads", 0))))


if __name__ == "__main__":
    run(lambda cache_dir, threads: Models(cache_dir=cache_dir, threads=threads))
