"""Which addresses the hub may call: https and public hosts of the connection, loopback for sandboxes."""

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from apps.core.errors import HubError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_PUBLIC_V6 = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ORGANISATIONS = tuple(
    ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
_RELAYS_V4 = ipaddress.ip_network("192.88.99.0/24")


class AddressRefused(HubError):
    """The address is one that the hub must not call."""

    code = "address_refused"
    title = "The hub must not call this address"
    status = 422


def _is_loopback_name(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


#: The encrypted schemes that may be called, each with what a sandbox on this machine may use instead.
HTTP_SCHEMES: Mapping[str, str] = {"https": "http"}


def check_url(
    url: str,
    *,
    sandbox: bool,
    allowed_hosts: frozenset[str] | None = None,
    schemes: Mapping[str, str] = HTTP_SCHEMES,
) -> str:
    """Return the host of a URL that may be called; raise AddressRefused otherwise. Looks at the text only."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").lower()
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        raise AddressRefused(f"{url[:80]!r} is not an address.") from None
    if not host or not port_ok or parts.username or parts.password:
        raise AddressRefused(
            f"{host or url[:80]!r}: give scheme, host and path only, no user and no password."
        )
    loopback = _is_loopback_name(host)
    plain = parts.scheme in schemes.values() and sandbox and loopback
    if parts.scheme not in schemes and not plain:
        known = " or ".join(schemes)
        raise AddressRefused(
            f"{host}: only {known} is called; anything plain is for sandboxes on this machine."
        )
    if allowed_hosts is not None and host not in allowed_hosts:
        raise AddressRefused(
            f"{host} is not a host of this connection; add it to extra_hosts if it should be."
        )
    if loopback and not sandbox:
        raise AddressRefused(f"{host} is this machine; mark the connection as a sandbox to allow that.")
    return host


def check_address(address: str, *, sandbox: bool, private: bool = False) -> None:
    """Raise AddressRefused for an IP address inside private or special networks.

    `private` permits the address ranges of organisations, never this machine or link-local ones.
    """
    ip = _reached(ipaddress.ip_address(address.split("%", 1)[0]))
    if ip.is_loopback and sandbox:
        return
    if private and any(ip in network for network in _ORGANISATIONS if network.version == ip.version):
        return
    special = ip not in _PUBLIC_V6 if isinstance(ip, ipaddress.IPv6Address) else ip in _RELAYS_V4
    if special or not ip.is_global or ip.is_multicast:
        raise AddressRefused(f"{ip} is a private or special address; the hub calls public ones only.")


def _reached(ip: Address) -> Address:
    """Return the IPv4 address at which packets to an IPv6 address that wraps one arrive, else the address itself."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def resolve(host: str, port: int, *, sandbox: bool, private: bool = False) -> str:
    """Return one permitted IP address of a host; every address the name has must be permitted.

    The connection is made to the address returned here, so a name cannot change between check and use.
    """
    found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    for address in found:
        check_address(address, sandbox=sandbox, private=private)
    return min(found, key=lambda address: (":" in address, address))
