"""Which machine a name leads to, and whether anything may be posted there: an address given by somebody outside must not make
this server talk to the network that it stands in.

The name is asked for whenever something is posted, and the very address that was looked at is connected to.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""Addresses of IPv6 that lead to those of IPv4 in their last four bytes."""


class NotAllowed(Exception):
    """A name leads nowhere but to machines that nothing may be posted to."""


def is_allowed(address: Address, *, is_private: bool) -> bool:
    """Whether something may be posted there: to the public Internet; with `is_private` to this machine and its network too.
    Never to link-local addresses, at which clouds hand out the passwords of their machines, nor to groups."""
    inner = _inner(address)
    if inner.is_multicast or inner.is_link_local or inner.is_unspecified or inner == IPv4Address("255.255.255.255"):
        return False
    return is_private or inner.is_global


def _inner(address: Address) -> Address:
    """The address of IPv4 that one of IPv6 stands for, else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None) or address


async def addresses(host: str, port: int, *, is_private: bool) -> list[str]:
    """Where a name leads, in the order in which to try. OSError if it leads nowhere; NotAllowed."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    every = dict.fromkeys(str(it[4][0]).partition("%")[0] for it in found)
    allowed = [it for it in every if is_allowed(ip_address(it), is_private=is_private)]
    if not allowed:
        raise NotAllowed
    return allowed
