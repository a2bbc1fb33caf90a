"""The examination of one `ldp_vc` credential: its stages, in the order in which a verifier runs them.

VC Data Model 2.0, VC Data Integrity 1.0, OpenID4VP 1.0 section B.1. A presentation is a Verifiable
Presentation with one credential and a proof by the holder over the request's nonce and audience; without
holder binding it may be the credential alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from credentials.data_integrity import CRYPTOSUITES
from credentials.data_integrity.base import Cryptosuite, signing_key
from credentials.data_integrity.errors import ProofInvalid
from credentials.data_integrity.keys import did_keys
from credentials.data_integrity.proofs import Expected, verify
from credentials.errors import (
    AlgorithmNotAllowed,
    HolderBindingInvalid,
    IssuerUntrusted,
    MalformedCredential,
    TransactionMismatch,
    TypeUnexpected,
)
from credentials.formats.base import CheckContext, Found, VerifiedCredential
from credentials.jsonld import Contexts, expanded_types, to_quads
from credentials.trust import TrustedIssuer
from credentials.vcdm import Credential, Presentation, parse_credential, parse_presentation
from did.document import Relationship
from did.encoding import json_object
from did.errors import IdError
from did.keys import PublicKey
from did.keytypes import RawKey

NAME = "ldp_vc"
MAX_BYTES = 256 * 1024

SPECS: Mapping[str, str] = MappingProxyType(
    {
        "size": "OpenID4VP 1.0 section 8.1",
        "shape": "VC Data Model 2.0 section 4",
        "type": "VC Data Model 2.0 sections 4.3 and 4.5",
        "algorithm": "VC Data Integrity 1.0 section 3",
        "issuer_trust": "VC Data Integrity 1.0 section 4.4",
        "signature": "VC Data Integrity 1.0 sections 4.4 and 4.5",
        "time": "VC Data Model 2.0 section 4.9",
        "holder_binding": "OpenID4VP 1.0 section B.1.3.2",
        "transaction": "OpenID4VP 1.0 section 8.4",
        "disclosures": "ECDSA Cryptosuites 1.0 section 3.6.7",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LdpOptions:
    """What an installation accepts as `ldp_vc`.

    `contexts_of` gives each credential type its exact sequence of contexts: a type that is not there is
    not accepted, and neither is another sequence (T29). `suites` are the cryptosuites of credentials and
    presentations, `contexts` the allow-list behind both.
    """

    contexts_of: Mapping[str, tuple[str, ...]]
    suites: Mapping[str, Cryptosuite] = field(default_factory=lambda: CRYPTOSUITES)
    contexts: Contexts = field(default_factory=Contexts)


class LdpVcExamination:
    """One presentation (or credential as issued) of `ldp_vc` on its way through the stages."""

    _document: Mapping[str, Any]
    _presentation: Presentation | None = None
    _presented: Mapping[str, Any]
    _credential: Credential
    _type: str
    _types: tuple[str, ...] = ()
    _issuer: TrustedIssuer
    holder_key: PublicKey | None = None
    confirmed: frozenset[str] = frozenset()

    def __init__(self, presentation: object, context: CheckContext, options: LdpOptions) -> None:
        self._input, self._context, self._options = presentation, context, options
        self._known: dict[tuple[str, Relationship], RawKey] = {}
        self._find = did_keys(fetch=context.fetch, now=context.now)

    def shape(self) -> Found:
        """Read strictly; a presentation holds exactly one credential, embedded."""
        document = json_object(self._input, max_bytes=MAX_BYTES) if isinstance(self._input, str) else self._input
        if not isinstance(document, Mapping):
            raise MalformedCredential("the presentation is not a JSON object")
        kinds = document.get("type")
        if "VerifiablePresentation" in (kinds if isinstance(kinds, list) else [kinds]):
            if not self._context.presenting:
                raise MalformedCredential("a presentation stands where a credential is due")
            self._presented = document
            self._presentation = parse_presentation(document, expand=False)
            if len(self._presentation.credentials) != 1 or self._presentation.enveloped:
                raise MalformedCredential("the presentation does not hold exactly one embedded credential")
            document = self._presentation.credentials[0]
        self._document = document
        self._credential = parse_credential(document, expand=False)
        return Found(f"data model {self._credential.version}")

    def type(self) -> Found:
        """Compare type and contexts with what this installation knows and what was asked for (T04, T29)."""
        known = [name for name in self._credential.types if name in self._options.contexts_of]
        if len(known) != 1:
            raise TypeUnexpected("the credential is not of exactly one type that is known here")
        (self._type,) = known
        if self._document.get("@context") != list(self._options.contexts_of[self._type]):
            raise TypeUnexpected("the contexts of the credential are not those of its type, in their order")
        self._types = expanded_types(self._document, contexts=self._options.contexts)
        if self._context.types and self._context.types.isdisjoint((self._type, *self._types)):
            raise TypeUnexpected("the credential is of a type that was not asked for")
        return Found(f"{NAME}, {self._type}")

    def algorithm(self) -> Found:
        """Compare every cryptosuite named with the allowed ones (T28)."""
        names = [_suite_name(self._document)]
        if self._presentation is not None and "proof" in self._presented:
            names.append(_suite_name(self._presented))
        for name in names:
            if name not in self._options.suites:
                raise AlgorithmNotAllowed("the cryptosuite of the proof is not one that is accepted here")
        return Found(", ".join(dict.fromkeys(names)))

    def issuer_trust(self) -> Found:
        """Find the entry of the policy that lets this issuer's DID issue this type, and its key (T02, T09)."""
        issuers = self._context.policy.issuers_for(self._type)
        found = next((issuer for issuer in issuers if self._credential.issuer in issuer.dids), None)
        if found is None:
            raise IssuerUntrusted("the trust policy does not allow this issuer to issue this type")
        proof = self._document["proof"]
        method = proof.get("verificationMethod")
        if not isinstance(method, str) or method.partition("#")[0] != self._credential.issuer:
            raise IssuerUntrusted("the proof names no key of the credential's issuer")
        self._key(method, "assertionMethod")
        self._issuer = found
        return Found(f"{found.id} by did, {self._context.policy.label}")

    def signature(self) -> Found:
        """Check the issuer's proof; from here on only what it covers is used (T28, T30)."""
        verified = verify(
            self._document,
            keys=self._key,
            now=self._context.now,
            suites=self._options.suites,
            contexts=self._options.contexts,
        )
        if not self._options.suites[verified.proofs[0].cryptosuite].rdf:
            to_quads(verified.document, contexts=self._options.contexts)
        if verified.document.get("@context") != self._document.get("@context"):
            raise ProofInvalid("contexts were added after the proof was made")
        self._credential = parse_credential(verified.document, expand=False)
        return Found(verified.proofs[0].cryptosuite)

    def time(self) -> Found:
        """Check the validity period (T08)."""
        self._credential.check_validity(self._context.now)
        until: datetime | None = self._credential.valid_until
        if until is None:
            return Found("no end date", "warning", "Ask the issuer for credentials that end.")
        return Found(f"ends {until:%Y-%m-%d}")

    def holder_binding(self) -> Found:
        """Check that whoever presents is the subject: the presentation's proof, its nonce and audience (T33)."""
        context = self._context
        if not context.presenting:
            if context.holder_key is None:
                return Found("a credential alone proves no possession", "not_run")
            if self._subject_key() != context.holder_key:
                raise HolderBindingInvalid("the credential is about another key than this wallet's")
            self.holder_key = context.holder_key
            return Found("bound to the key of this wallet")
        if self._presentation is None or "proof" not in self._presented:
            if context.holder_binding:
                raise HolderBindingInvalid("the credential is presented without a proof by its holder")
            return Found("not asked for", "not_run")
        if context.nonce is None or context.audience is None:
            raise HolderBindingInvalid("there is no request that the presentation could answer")
        verified = verify(
            self._presented,
            keys=self._key,
            now=context.now,
            suites=self._options.suites,
            contexts=self._options.contexts,
            expected=Expected(purpose="authentication", challenge=context.nonce, domain=context.audience),
        )
        presentation = parse_presentation(verified.document, contexts=self._options.contexts)
        controllers = {proof.controller for proof in verified.proofs}
        subjects = set(self._credential.subjects)
        if len(controllers) != 1 or subjects != controllers or presentation.holder not in (None, *controllers):
            raise HolderBindingInvalid("the credential is about somebody other than who presents it")
        self.holder_key = signing_key(self._key(verified.proofs[0].verification_method, "authentication"))
        return Found("nonce, audience, subject")

    def transaction(self) -> Found:
        """Transaction data cannot be confirmed with this format."""
        if self._context.transaction_data:
            raise TransactionMismatch("transaction data cannot be confirmed with a credential of this format")
        return Found("not asked for", "not_run")

    def disclosures(self) -> Found:
        """What a selective proof reveals was checked with it; nothing else is believed (T32)."""
        return Found(f"{len(self._credential.document)} members, all covered by the proof")

    def result(self) -> VerifiedCredential:
        """Return the verified credential; only after every stage has passed."""
        credential = self._credential
        return VerifiedCredential(
            format=NAME,
            type=self._type,
            types=self._types,
            issuer=self._issuer,
            claims=dict(credential.document),
            disclosed=(),
            positions={},
            hidden=0,
            holder_key=self.holder_key,
            holder_bound=self.holder_key is not None,
            valid_from=credential.valid_from,
            valid_until=credential.valid_until,
            status_claim=credential.document.get("credentialStatus"),
            authority_key_ids=(),
            confirmed=frozenset(),
            proof={},
        )

    def _key(self, url: str, purpose: Relationship) -> RawKey:
        found = self._known.get((url, purpose))
        if found is None:
            found = self._known[url, purpose] = self._find(url, purpose)
        return found

    def _subject_key(self) -> PublicKey:
        return subject_key(self._credential)


def subject_key(credential: Credential) -> PublicKey:
    """Return the key of the one subject, whose id is a did:key. Raises HolderBindingInvalid."""
    (subject, *others) = credential.subjects
    if others or subject is None or not subject.startswith("did:key:"):
        raise HolderBindingInvalid("the credential is not about one key")
    try:
        return signing_key(RawKey.from_multikey(subject.removeprefix("did:key:")))
    except IdError as exc:
        raise HolderBindingInvalid(f"the credential is about a key that cannot be used: {exc.detail}") from exc


def _suite_name(document: Mapping[str, Any]) -> str:
    proof = document.get("proof")
    if not isinstance(proof, Mapping) or proof.get("type") != "DataIntegrityProof":
        raise ProofInvalid("there is not exactly one Data Integrity proof")
    name = proof.get("cryptosuite")
    if not isinstance(name, str):
        raise AlgorithmNotAllowed("the proof names no cryptosuite")
    return name
