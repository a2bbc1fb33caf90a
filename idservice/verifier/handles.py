"""The short code of a request that people type: 40 random bits in Crockford base32, such as `7QK4-M2XD`."""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
_LOOK_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def new_handle() -> str:
    """Return a fresh handle without its hyphen, as it is stored and compared."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def read_handle(typed: str) -> str | None:
    """Return the stored form of what somebody typed, or None when it cannot be a handle.

    Hyphens, letter case and Crockford's look-alikes (O for 0, I and L for 1) do not count.
    """
    if len(typed) > 4 * LENGTH or not typed.isascii():
        return None
    plain = typed.upper().translate(_LOOK_ALIKE)
    return plain if len(plain) == LENGTH and set(plain) <= set(ALPHABET) else None


def shown(handle: str) -> str:
    """Return a handle as people read it: two groups of four."""
    return f"{handle[:4]}-{handle[4:]}"
