"""Errors of the protocol messages, over the root in credentials/errors.py."""

from credentials.errors import ProtocolError

__all__ = ["ProtocolError"]
