"""Where a request comes from, as a key for limits; never logged."""

from ipaddress import IPv6Address, ip_address

from starlette.requests import HTTPConnection

from idservice.service import Service


def source(service: Service, request: HTTPConnection) -> str:
    """Return the address of the caller; IPv6 by its /64, since one line has that many addresses.

    `X-Forwarded-For` is believed only from a proxy named in the settings, and then its last entry that is none (T97).
    """
    peer = request.client.host if request.client else "unknown"
    proxies = service.settings.trusted_proxies
    if peer in proxies:
        # Some proxies add a line of their own below the caller's: all lines count, in their order (RFC 9110 5.3).
        lines = ",".join(request.headers.getlist("x-forwarded-for"))
        forwarded = [part.strip() for part in lines.split(",") if part.strip()]
        peer = next((address for address in reversed(forwarded) if address not in proxies), peer)
    try:
        address = ip_address(peer)
    except ValueError:
        return peer[:64]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)
