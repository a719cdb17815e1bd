"""Leads a child process's connections to stand-ins on this machine: put this folder on its PYTHONPATH alone.

``RIG_HOSTS`` is a JSON object of ``"host:port": "address:port"``. Each host resolves to a loopback address of its
own; when a socket connects to that address, it is led to where the pair is mapped. Code, names, ports and TLS checks
above the socket stay as they are. Every other name is refused, so that a stray call fails loudly.

``RIG_WITHOUT`` names packages, parted by commas, that the child cannot import: an installation without them.
"""

import json
import os
import socket
from importlib.machinery import PathFinder
from typing import Any

PLACE = "127.90.0."
"""Where the addresses of mapped hosts come from: all of 127/8 is this machine's own."""

_mapped: dict[str, str] = json.loads(os.environ.get("RIG_HOSTS", "{}"))
_hosts = sorted({pair.rpartition(":")[0] for pair in _mapped})
_addresses = {host: f"{PLACE}{number}" for number, host in enumerate(_hosts, 1)}
_ways: dict[tuple[str, int], tuple[str, int]] = {}
for _pair, _target in _mapped.items():
    _host, _, _port = _pair.rpartition(":")
    _address, _, _to = _target.rpartition(":")
    _ways[_addresses[_host], int(_port)] = (_address, int(_to))

_getaddrinfo, _connect, _connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex


def _is_own(host: str) -> bool:
    """Tell whether a name or address never leaves this machine."""
    return host in {"", "localhost", "::1", "0.0.0.0", "::"} or host.startswith("127.")  # noqa: S104


def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
    """Resolve a mapped host to its address here; refuse every other name that leads away."""
    name = host.decode() if isinstance(host, bytes) else host
    if name is not None:
        name = name.rstrip(".").lower()
        if name in _addresses:
            name = _addresses[name]
        elif not _is_own(name):
            raise socket.gaierror(socket.EAI_NONAME, f"{name} is not for a test to call")
    return _getaddrinfo(name, *args, **kwargs)


def _way(address: Any) -> Any:
    """Return where a connection to an address really goes.

    Raises:
        ConnectionRefusedError: The host is mapped, this port of it is not; or the address is not this machine's.

    """
    if not isinstance(address, tuple):
        return address
    host = str(address[0])
    if host.startswith(PLACE):
        if address[:2] not in _ways:
            raise ConnectionRefusedError(f"{_hosts[int(host.removeprefix(PLACE)) - 1]}:{address[1]} is not mapped")
        return _ways[address[:2]]
    if not _is_own(host):
        raise ConnectionRefusedError(f"{host} is not for a test to call")
    return address


def connect(self: socket.socket, address: Any) -> None:
    """Connect to where an address is led."""
    _connect(self, _way(address))


def connect_ex(self: socket.socket, address: Any) -> int:
    """Connect to where an address is led."""
    return _connect_ex(self, _way(address))


_missing = frozenset(filter(None, os.environ.get("RIG_WITHOUT", "").split(",")))
_find_spec = PathFinder.find_spec


def find_spec(name: str, *args: Any, **kwargs: Any) -> Any:
    """Find a module, but for the packages that are to be missing."""
    return None if name.partition(".")[0] in _missing else _find_spec(name, *args, **kwargs)


if _missing:
    PathFinder.find_spec = find_spec  # type: ignore[method-assign]  # this is what the folder is for

if _mapped:
    socket.getaddrinfo = getaddrinfo
    socket.socket.connect = connect  # type: ignore[method-assign]  # this is what the folder is for
    socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]
