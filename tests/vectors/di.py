"""Reading the Data Integrity vectors: files, keys, and one way to judge a secured credential."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from credentials.data_integrity import CRYPTOSUITES
from credentials.data_integrity.keys import did_keys
from credentials.data_integrity.proofs import Expected, VerifiedDocument, verify
from credentials.jsonld import Contexts, bundled
from did.encoding import b64url_encode, base58btc_decode
from did.keys import PrivateKey, PublicKey
from did.keytypes import RawKey
from did.signing import LocalSigner
from tests.paths import VECTORS, need

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONTEXTS = Contexts(allow=bundled(), inline=True)
KEYS = did_keys(fetch=None, now=NOW)


def load(*parts: str) -> Any:
    return json.loads(need(*parts).read_text("utf-8"))


def text(*parts: str) -> str:
    return need(*parts).read_text("utf-8")


def files(pattern: str) -> list[Path]:
    return sorted(VECTORS.glob(pattern))


def check(secured: Any, *, purpose: str = "assertionMethod") -> VerifiedDocument:
    return verify(
        secured,
        keys=KEYS,
        now=NOW,
        suites=CRYPTOSUITES,
        expected=Expected(purpose=purpose),  # type: ignore[arg-type]  # a test may name any
        contexts=CONTEXTS,
    )


def signer_of(secret_multibase: str, public_multibase: str) -> LocalSigner:
    """The signer of a key pair in multibase; the first two bytes of the secret name its type."""
    secret = base58btc_decode(secret_multibase[1:])[2:]
    public = PublicKey.from_raw_key(RawKey.from_multikey(public_multibase))
    return LocalSigner(PrivateKey.from_jwk({**public.to_jwk(), "d": b64url_encode(secret)}))
