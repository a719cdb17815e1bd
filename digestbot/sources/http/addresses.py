"""Which addresses may be connected to: the guard against reaching into a private network; knows no HTTP.

The guard stands where the socket is made, after names have been resolved, so neither a name that resolves inward
nor one that changes its answer between two look-ups (DNS rebinding) gets past it.
"""

import errno
import socket
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

REFUSED = "is not a public address"
"""Marks the guard's refusal in whatever error it ends up in."""
NAT64 = IPv6Network("64:ff9b::/96")
"""The well-known prefix of RFC 6052: the last 32 bits are the IPv4 address that is reached."""
COMPATIBLE = IPv6Network("::/96")
"""IPv4-compatible addresses (RFC 4291, 2.5.5.1), deprecated but still routed by some hosts."""
ISATAP = (0x00005EFE, 0x02005EFE)
"""The middle of an ISATAP interface identifier (RFC 5214); the last 32 bits are an IPv4 address."""


def is_public(text: str) -> bool:
    """Tell whether an IP address, written as text, and every address embedded in it, is on the public internet."""
    address = address_of(text.partition("%")[0])
    if address is None:
        return False
    inner = _embedded(address)
    if inner:
        return all(_is_plainly_public(one) for one in inner)
    return _is_plainly_public(address)


@lru_cache(maxsize=4096)
def address_of(text: str) -> Address | None:
    """Return the IP address that a text is as the standards write it, or None."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def guarded_socket(info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
    """Make a socket for one resolved address: the ``socket_factory`` of aiohttp's connector.

    Raises:
        PermissionError: The address is not public; aiohttp takes it for a failed connection.

    """
    family, kind, protocol, _, target = info
    if not is_public(str(target[0])):
        raise refusal(str(target[0]))
    return socket.socket(family, kind, protocol)


def refusal(address: str) -> PermissionError:
    """Return the error that says an address was refused."""
    return PermissionError(errno.EACCES, f"{address} {REFUSED}")


def was_refused(error: BaseException | None) -> bool:
    """Tell whether the guard's refusal is behind an error; happy eyeballs may wrap or merge what it raised."""
    while error is not None:
        if REFUSED in str(error) or REFUSED in str(getattr(error, "os_error", "")):
            return True
        error = error.__cause__
    return False


class AllowedHosts:
    """The hosts an operator has named as reachable although private."""

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        """Take names, addresses and networks (``10.1.0.0/16``); a name or address may carry ``:port``."""
        self._names: set[tuple[str, int | None]] = set()
        self._networks: list[Network] = []
        for host in hosts:
            text = host.strip().rstrip(".").lower()
            try:
                self._networks.append(ip_network(text.strip("[]"), strict=False))
            except ValueError:
                name, _, port = text.rpartition(":")
                self._names.add((name.strip("[]"), int(port)) if name and port.isdigit() else (text, None))

    def allows(self, host: str, port: int | None) -> bool:
        """Tell whether a host and port, as they stand in a URL, are named."""
        text = host.strip("[]").rstrip(".").lower()
        if (text, None) in self._names or (text, port) in self._names:
            return True
        address = address_of(text) if self._networks else None
        return address is not None and any(address.version == net.version and address in net for net in self._networks)


def _is_plainly_public(address: Address) -> bool:
    """Judge one address without looking for others inside it."""
    if isinstance(address, IPv6Address) and address.is_site_local:
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _embedded(address: Address) -> tuple[Address, ...]:
    """Return the IPv4 addresses that an IPv6 address stands for or tunnels to."""
    if isinstance(address, IPv4Address):
        return ()
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped or address in NAT64 or address in COMPATIBLE:
        return (low,)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    if (int(address) >> 32) & 0xFFFFFFFF in ISATAP:
        outer = (address,) if not _is_plainly_public(address) else ()
        return (low, *outer)
    return ()
