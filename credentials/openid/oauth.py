"""The OAuth layer as service and wallet use it: forms and errors (wire.py) and DPoP proofs (dpop.py)."""

from credentials.openid.dpop import (
    DpopProof,
    UnverifiedDpopProof,
    access_token_hash,
    build_dpop_proof,
    check_dpop_proof,
    parse_dpop_proof,
)
from credentials.openid.wire import (
    FORM,
    NonceCheck,
    build_error,
    build_form,
    describe,
    parse_authorization,
    parse_error,
    parse_form,
)

__all__ = [
    "FORM",
    "DpopProof",
    "NonceCheck",
    "UnverifiedDpopProof",
    "access_token_hash",
    "build_dpop_proof",
    "build_error",
    "build_form",
    "check_dpop_proof",
    "describe",
    "parse_authorization",
    "parse_dpop_proof",
    "parse_error",
    "parse_form",
]
