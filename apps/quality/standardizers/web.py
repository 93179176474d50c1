"""Standardize e-mail addresses, web domains and web addresses."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from apps.quality.contracts import Issue, Near, Standardized
from apps.quality.reference.domains import (
    EXAMPLE_DOMAINS,
    GENERIC_DOMAINS,
    PLACEHOLDER_LOCAL_PARTS,
    ROLE_LOCAL_PARTS,
    SHARED_DOMAINS,
)
from apps.quality.standardizers.base import dropped, found, standardizer
from apps.quality.standardizers.cleaning import clean, is_placeholder, no_value

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})")
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]{0,20}:/+|mailto:)", re.IGNORECASE)
_BRACKETED = re.compile(r"<([^<>]+)>")
_SEPARATORS = re.compile(r"[;,\s|]+")
_LONGEST_HOST = 253


@lru_cache(maxsize=1)
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # loaded on first use to keep start-up short

    return PublicSuffixList()


def ascii_host(host: str) -> str | None:
    """Return a host name lower-case in its ASCII (IDNA) form, or None when it cannot be one."""
    host = host.strip(".").lower()
    if not host or len(host) > _LONGEST_HOST:
        return None
    if not host.isascii():
        import idna  # loaded on first use to keep start-up short

        try:
            host = idna.encode(host, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            return None
    return host if _HOST.fullmatch(host) else None


def registrable(host: str) -> str | None:
    """Return the part of a host name its owner registered: "www.acme.co.uk" gives "acme.co.uk"."""
    found_domain = _suffixes().privatesuffix(host)
    return str(found_domain) if found_domain else None


def is_generic(domain: str) -> bool:
    """Tell whether a domain belongs to a mail provider or a platform, not to the organisation using it."""
    return domain in GENERIC_DOMAINS or domain in SHARED_DOMAINS


@standardizer("email")
def email(value: str, near: Near) -> Standardized:
    """One lower-case address with an ASCII domain; free providers and role addresses are noted."""
    text, issues = clean(value)
    if is_placeholder(text):
        return no_value(value, text, issues)
    if bracketed := _BRACKETED.search(text):
        text = bracketed[1]
    text = text.lower().removeprefix("mailto:")
    addresses = [part for part in _SEPARATORS.split(text) if "@" in part]
    if len(addresses) > 1:
        issues = (
            *issues,
            found("email.several", "Several addresses in one field; the first is used.", value, "info"),
        )
    local, _, domain = (addresses[0] if addresses else text).strip("<>()[].'\"").rpartition("@")
    host = ascii_host(domain)
    if host is None or len(local) > 64 or not _LOCAL.fullmatch(local):
        return dropped("email.format", "This is not an e-mail address.", value, before=issues)
    if host in EXAMPLE_DOMAINS or local in PLACEHOLDER_LOCAL_PARTS:
        return dropped("value.placeholder", "This address stands for none.", value, "info", issues)
    return Standardized(f"{local}@{host}", (*issues, *_remarks(local, host, value)))


def _remarks(local: str, host: str, raw: str) -> tuple[Issue, ...]:
    remarks = []
    if host in GENERIC_DOMAINS:
        remarks.append(found("email.free_provider", "An address of a public mail provider.", raw, "info"))
    if local in ROLE_LOCAL_PARTS:
        remarks.append(found("email.role", "An address of a role, not of a person.", raw, "info"))
    return tuple(remarks)


@standardizer("domain")
def domain(value: str, near: Near) -> Standardized:
    """The registrable domain of a host, web address or e-mail address; domains of providers are refused."""
    text, issues = clean(value)
    if is_placeholder(text):
        return no_value(value, text, issues)
    text = _SCHEME.sub("", text, count=1) if ":" in text else text
    host = re.split(r"[/?#:\s,;\\]", text.lstrip("/"), maxsplit=1)[0].rpartition("@")[2]
    name = ascii_host(host)
    standard = registrable(name) if name else None
    if standard is None:
        return dropped("domain.format", "This is not a web domain.", value, before=issues)
    if standard in EXAMPLE_DOMAINS:
        return dropped("value.placeholder", "This domain stands for none.", value, "info", issues)
    if is_generic(standard):
        return dropped("domain.generic", "A domain of a provider, shared by many.", value, "warn", issues)
    return Standardized(standard, issues)


@standardizer("url")
def url(value: str, near: Near) -> Standardized:
    """A web address with scheme and ASCII host, fragment and default port removed."""
    text, issues = clean(value)
    if is_placeholder(text):
        return no_value(value, text, issues)
    if "://" not in text:
        text = "https://" + text.lstrip("/")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return dropped("url.format", "This is not a web address.", value, before=issues)
    host = ascii_host(parts.hostname or "")
    if host is None or parts.scheme not in ("http", "https") or " " in text:
        return dropped("url.format", "This is not a web address.", value, before=issues)
    address = f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, 80, 443) else "")
    address += "" if parts.path in ("", "/") else parts.path.rstrip("/")
    return Standardized(address + (f"?{parts.query}" if parts.query else ""), issues)
