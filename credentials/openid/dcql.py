"""DCQL (OpenID4VP 1.0 section 6): parse a query, match it against a wallet, check an answer to it.

What differs between formats is the table in dcql_formats.py. Which claims a query asks for, and whether an agency may
ask for them, is in purposes.py.
"""

from credentials.openid.dcql_match import (
    Candidate,
    HeldCredential,
    Match,
    SetChoice,
    VerifiedView,
    check_answer,
    match,
)
from credentials.openid.dcql_query import (
    ClaimsQuery,
    CredentialQuery,
    CredentialSet,
    DcqlInvalid,
    Query,
    TrustedAuthorities,
    parse_query,
)

__all__ = [
    "Candidate",
    "ClaimsQuery",
    "CredentialQuery",
    "CredentialSet",
    "DcqlInvalid",
    "HeldCredential",
    "Match",
    "Query",
    "SetChoice",
    "TrustedAuthorities",
    "VerifiedView",
    "check_answer",
    "match",
    "parse_query",
]
