"""A process that has imported the bot and forks it as often as it is asked: a life then begins in a moment.

Each line on stdin is a wish (JSON): ``argv``, the files ``out`` and ``err`` that the child writes to, more
``environment``, and ``fsize``, the largest file it may write. The child's number is the answer. What it runs is the
command line's own ``main``; only the imports are shared, and it ticks ``RIG_HURRY`` times as often. The bot's parsers,
which are processes too, are forked in the same way: what the bot takes for Python asks over a socket in the folder
named by the first argument.
"""

import array
import importlib
import json
import os
import resource
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

IMPORTED = (
    "digestbot.cli",
    "digestbot.app.bot",
    "digestbot.chat.discord.adapter",
    "digestbot.chat.slack.adapter",
    "digestbot.inference",
    "digestbot.runtime.queue",
    "digestbot.sources.articles",
    "digestbot.sources.feeds",
    "digestbot.sources.http.client",
    "digestbot.sources.sandbox",
    "digestbot.store",
    "aiosqlite",
    "asyncpg",
)


PARSING = (
    "digestbot.sources.articles.source",
    "digestbot.sources.feeds.source",
    "digestbot.sources.sandbox.worker",
    "trafilatura",
    "feedparser",
)
STUB = """#!{python} -IS
import array, json, socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect({path!r})
line.sendmsg([json.dumps(sys.argv[3:]).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1]))])
line.recv(1)
"""
"""What stands in for Python when the bot starts a parser; it lives for as long as the parser does."""


def parsers(folder: Path) -> str:
    """Fork what forks parsers; return the program that asks it for one."""
    path = folder / "parsers.sock"
    stub = folder / "python"
    stub.write_text(STUB.format(python=sys.executable, path=str(path)), "utf-8")
    stub.chmod(0o700)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(100)
    parent = os.getpid()
    if os.fork() == 0:
        for name in PARSING:
            importlib.import_module(name)
        importlib.import_module("digestbot.sources.articles.language").warm()
        listener.settimeout(1.0)
        while os.getppid() == parent:
            try:
                line, _ = listener.accept()
            except TimeoutError:
                continue
            parse(line)
        os._exit(0)
    listener.close()
    return str(stub)


def parse(line: socket.socket) -> None:
    """Fork one parser on the two descriptors that come over a line, which ends with it."""
    message, passed, _, _ = line.recvmsg(4096, socket.CMSG_SPACE(8))
    numbers = array.array("i")
    for level, kind, data in passed:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            numbers.frombytes(data)
    if os.fork() == 0:
        for number, given in enumerate(numbers):
            os.dup2(given, number)
            os.close(given)
        # Whoever kills what it took for the parser has killed the parser.
        threading.Thread(target=lambda: line.recv(1) or os._exit(1), daemon=True).start()
        sys.argv = ["parser", *json.loads(message)]
        sys.stdin = os.fdopen(0)
        try:
            importlib.import_module("digestbot.sources.sandbox.worker").main()
        except BrokenPipeError:
            os._exit(1)
        os._exit(0)
    for given in numbers:
        os.close(given)
    line.close()


def live(wish: dict[str, Any]) -> None:
    """Be the bot, and end with its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Another than the wishes came in by: a life begins with nothing read of it.
    sys.stdin = os.fdopen(0, closefd=False)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(wish[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    os.environ.update(wish.get("environment", {}))
    if size := wish.get("fsize"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    sys.argv = ["digestbot", *wish["argv"]]
    code = 0
    try:
        importlib.import_module("digestbot.cli").main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    sys.stdout.flush()
    os._exit(code)


def main() -> None:
    """Import, say so, and fork a child a line."""
    for name in IMPORTED:
        importlib.import_module(name)
    ticks = importlib.import_module("digestbot.runtime.scheduler").TICKS
    ticks.update({step: every / float(os.environ.get("RIG_HURRY", "1")) for step, every in ticks.items()})
    # Whoever asked watches its child by number; nobody waits for it here.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    stub = parsers(Path(sys.argv[1]))
    os.write(1, b"ready\n")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            sys.executable = stub
            live(json.loads(line))
        os.write(1, f"{child}\n".encode())


if __name__ == "__main__":
    main()
