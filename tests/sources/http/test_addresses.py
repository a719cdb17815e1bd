"""The guard: private addresses in all their disguises."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.sources.http.addresses import AllowedHosts, guarded_socket, is_public

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.1.2.3", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1",
    "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::", "2001:0:808:808:0:0:80ff:fffe",
    "2a00:1450::5efe:7f00:1", "fe80::1%eth0", "not an address", "",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(address: str):
    """Loopback, private, link-local, shared, reserved, multicast, and all of these within IPv6 wrappings."""
    assert not is_public(address)
    with pytest.raises(PermissionError):
        guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 80)))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str):
    """Public addresses pass, wrapped or not."""
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_wrapping_changes_nothing(address):
    """An IPv4 address is as public within IPv6 as it is alone."""
    low = int(address)
    wrapped = [
        f"::ffff:{address}",
        f"64:ff9b::{low >> 16:x}:{low & 0xFFFF:x}",
        f"2002:{low >> 16:x}:{low & 0xFFFF:x}::1",
    ]
    assert {is_public(one) for one in wrapped} == {is_public(str(address))}


@pytest.mark.parametrize(
    ("named", "host", "port", "allowed"),
    [
        ("intranet.example", "INTRANET.example", 443, True),
        ("intranet.example", "a.intranet.example", 443, False),
        ("127.0.0.1", "127.0.0.1", 80, True),
        ("127.0.0.1:8080", "127.0.0.1", 8080, True),
        ("127.0.0.1:8080", "127.0.0.1", 80, False),
        ("10.1.0.0/16", "10.1.2.3", 80, True),
        ("10.1.0.0/16", "10.2.2.3", 80, False),
        ("[::1]:8080", "::1", 8080, True),
        ("::1", "[::1]", 80, True),
    ],
)
def test_named_hosts(named: str, host: str, port: int, allowed: bool):
    """An operator names hosts, addresses, networks, with or without a port."""
    assert AllowedHosts([named]).allows(host, port) is allowed
