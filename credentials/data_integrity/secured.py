"""Credentials and presentations with Data Integrity proofs: shape, proofs, issuer and holder in one judgement.

What is returned is what the proofs cover, nothing else (T30). Status and trust in the issuer are left to
the caller. VC Data Model 2.0 sections 4.13 and 7.1; VC Data Integrity 1.0 section 4.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from credentials.data_integrity import CRYPTOSUITES
from credentials.data_integrity.base import Cryptosuite
from credentials.data_integrity.errors import ProofInvalid
from credentials.data_integrity.keys import Keys
from credentials.data_integrity.proofs import Expected, VerifiedProof, verify
from credentials.errors import HolderBindingInvalid, IssuerUntrusted
from credentials.jsonld import Contexts, to_quads
from credentials.vcdm import Credential, NotWellFormed, Presentation, parse_credential, parse_presentation
from did.encoding import json_object


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuredCredential:
    """A credential whose proofs hold, one of them by its issuer."""

    credential: Credential
    proofs: tuple[VerifiedProof, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuredPresentation:
    """A presentation made by `holder`, with credentials that were each verified on their own."""

    presentation: Presentation
    holder: str
    credentials: tuple[SecuredCredential, ...]
    proofs: tuple[VerifiedProof, ...]


def verify_credential(
    secured: Mapping[str, Any] | bytes | str,
    *,
    keys: Keys,
    now: datetime,
    suites: Mapping[str, Cryptosuite] = CRYPTOSUITES,
    contexts: Contexts | None = None,
    allowed: frozenset[str] = frozenset(),
) -> SecuredCredential:
    """Return a credential if it is well formed, all its proofs hold, and its issuer made one of them.

    `allowed` names the cryptosuites to accept; empty means any of `suites`. Raises NotWellFormed,
    IssuerUntrusted, CredentialExpired, CredentialNotYetValid, and what `proofs.verify` raises.
    """
    document = json_object(secured) if isinstance(secured, bytes | str) else secured
    verified = verify(document, keys=keys, now=now, suites=suites, contexts=contexts, expected=Expected(suites=allowed))
    if verified.document.get("@context") != document.get("@context"):
        raise ProofInvalid("contexts were added after the proof was made")  # legal over JSON, but nobody signed them
    credential = parse_credential(verified.document, expand=False)
    if not any(suites[proof.cryptosuite].rdf for proof in verified.proofs):
        # Proofs over RDF have met every term already; those over JSON have met none (T29, T30).
        to_quads(verified.document, contexts=contexts)
    if credential.issuer not in {proof.controller for proof in verified.proofs}:
        raise IssuerUntrusted("no proof of the credential was made by its issuer")
    credential.check_validity(now)
    return SecuredCredential(credential=credential, proofs=verified.proofs)


def verify_presentation(
    secured: Mapping[str, Any] | bytes | str,
    *,
    challenge: str,
    domain: str,
    keys: Keys,
    now: datetime,
    suites: Mapping[str, Cryptosuite] = CRYPTOSUITES,
    contexts: Contexts | None = None,
    allowed: frozenset[str] = frozenset(),
    bound: bool = True,
) -> SecuredPresentation:
    """Return a presentation that one holder made for this challenge and domain, with its credentials verified.

    With `bound`, every subject of every credential must be the holder (T33). Raises HolderBindingInvalid,
    ChallengeMismatch, DomainMismatch and what `verify_credential` raises.
    """
    document = json_object(secured) if isinstance(secured, bytes | str) else secured
    expected = Expected(purpose="authentication", challenge=challenge, domain=domain, suites=allowed)
    verified = verify(document, keys=keys, now=now, suites=suites, contexts=contexts, expected=expected)
    presentation = parse_presentation(verified.document, contexts=contexts)
    holders = {proof.controller for proof in verified.proofs}
    if len(holders) != 1 or presentation.holder not in (None, *holders):
        raise HolderBindingInvalid("the presentation was not made by its holder alone")
    if presentation.enveloped:
        raise NotWellFormed("credentials in envelopes are secured another way than this presentation")
    (holder,) = holders
    credentials = tuple(
        verify_credential(item, keys=keys, now=now, suites=suites, contexts=contexts, allowed=allowed)
        for item in presentation.credentials
    )
    if bound and any(subject != holder for item in credentials for subject in item.credential.subjects):
        raise HolderBindingInvalid("a credential is about somebody other than who presents it")
    return SecuredPresentation(
        presentation=presentation, holder=holder, credentials=credentials, proofs=verified.proofs
    )
