"""Secrets at rest: AES-256-GCM under a key derived from settings, bound to the connection they belong to."""

import hashlib
import os
from collections.abc import Iterable, Mapping

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from apps.core.errors import HubError

_NONCE = 12


class SecretsUnreadable(HubError):
    code = "secrets_unreadable"
    title = "The stored secrets cannot be read with the present key"
    status = 500


def _derive(text: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=b"mdm-field-key", info=b"connection-secrets").derive(
        text.encode()
    )


def key_id(key: bytes) -> str:
    """Return a short name of a key that tells nothing about it."""
    return hashlib.sha256(b"key-id" + key).hexdigest()[:12]


def _keys() -> dict[str, bytes]:
    """Return all keys by id, the present one first; MDM_FIELD_KEYS_RETIRED lists those of before."""
    texts: Iterable[str] = [settings.MDM_FIELD_KEY, *getattr(settings, "MDM_FIELD_KEYS_RETIRED", ())]
    derived = [_derive(text) for text in texts]
    return {key_id(key): key for key in derived}


def present_key_id() -> str:
    return next(iter(_keys()))


def seal(secrets: Mapping[str, str], *, owner: str) -> tuple[str, bytes]:
    """Return (key id, nonce and ciphertext); `owner` must be given again to open it."""
    name, key = next(iter(_keys().items()))
    nonce = os.urandom(_NONCE)
    return name, nonce + AESGCM(key).encrypt(nonce, orjson.dumps(dict(secrets)), owner.encode())


def unseal(sealed: bytes, *, owner: str, key_name: str) -> dict[str, str]:
    """Return the secrets; SecretsUnreadable when the key is gone or the bytes are not this owner's."""
    key = _keys().get(key_name)
    if key is None:
        raise SecretsUnreadable(
            f"The secrets of {owner} were sealed with the key {key_name}, which is not configured; "
            "add it to MDM_FIELD_KEYS_RETIRED or enter the secrets again."
        )
    try:
        opened = AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], owner.encode())
    except InvalidTag:
        raise SecretsUnreadable(f"The secrets of {owner} are damaged; enter them again.") from None
    secrets: dict[str, str] = orjson.loads(opened)
    return secrets
