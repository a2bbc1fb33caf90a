"""Session transcripts of OpenID4VP 1.0 (Appendix B.2.6), made from the verifier's own stored request only (T23)."""

from hashlib import sha256

from credentials import cbor


def redirect_transcript(*, client_id: str, nonce: str, response_uri: str, jwk_thumbprint: bytes | None) -> bytes:
    """Return the SessionTranscript for `direct_post` and `direct_post.jwt`.

    `client_id` is the full one with its prefix; `jwk_thumbprint` the 32 bytes (RFC 7638, SHA-256) of the
    verifier's encryption key, or None when the answer is not encrypted.
    """
    info = cbor.encode([client_id, nonce, jwk_thumbprint, response_uri])
    return _transcript("OpenID4VPHandover", info)


def dc_api_transcript(*, origin: str, nonce: str, jwk_thumbprint: bytes | None) -> bytes:
    """Return the SessionTranscript for the Digital Credentials API; `origin` without the `origin:` prefix."""
    return _transcript("OpenID4VPDCAPIHandover", cbor.encode([origin, nonce, jwk_thumbprint]))


def _transcript(name: str, info: bytes) -> bytes:
    return cbor.encode([None, None, [name, sha256(info).digest()]])
