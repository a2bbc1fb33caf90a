"""W3C credentials with Data Integrity proofs (`ldp_vc`): issue, parse and present; checks are in `ldp_vc_check.py`.

OpenID4VCI 1.0 section A.1.2, OpenID4VP 1.0 section B.1. The holder is the subject, named by the did:key
of the key it proved. Paths of claims begin at the credential; those of an IssueRequest at its subject.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from credentials.claims import ClaimPath, ConcretePath, resolve
from credentials.data_integrity.base import Cryptosuite, ProofOptions, SelectiveSuite
from credentials.data_integrity.ecdsa_sd import EcdsaSd2023
from credentials.data_integrity.errors import ProofNotMade
from credentials.data_integrity.plain import ECDSA_RDFC_2019, EDDSA_RDFC_2022
from credentials.data_integrity.proofs import add_proof, derive
from credentials.errors import HolderBindingInvalid, MalformedCredential, TransactionMismatch
from credentials.formats.base import (
    CheckContext,
    IssueRequest,
    ParsedCredential,
    VerifiedCredential,
    examine_all,
)
from credentials.formats.ldp_vc_check import (
    MAX_BYTES,
    NAME,
    SPECS,
    LdpOptions,
    LdpVcExamination,
    subject_key,
)
from credentials.jsonld import CREDENTIALS_V2
from credentials.status.bitstring import StatusEntry, entry_json
from credentials.vcdm import Credential, parse_credential
from did.encoding import json_object
from did.keys import PublicKey
from did.signing import Signer
from did.times import format_time

_STRUCTURE = ("@context", "type", "id", "proof")
_ALWAYS_SHOWN = ("issuer", "validFrom", "validUntil", "credentialStatus")


class LdpVcFormat:
    """A row for FORMATS, made for the credential types of one installation."""

    name = NAME
    max_bytes = MAX_BYTES
    specs: Mapping[str, str] = SPECS

    def __init__(self, options: LdpOptions) -> None:
        self._options = options

    def issue(self, request: IssueRequest, *, signer: Signer) -> str:
        """Return the credential as JSON text: with a base proof when claims are disclosable, else with a plain one.

        `request.key_id` is the verification method of the issuer's DID, `request.status` a place in a
        bitstring list of purpose revocation. Raises MalformedCredential, ProofNotMade, DataLoss.
        """
        contexts = self._options.contexts_of.get(request.type)
        if contexts is None or request.issuer is None or request.key_id is None:
            raise MalformedCredential("the type is not known here, or issuer or key are not named by a DID")
        subject: dict[str, Any] = {}
        if request.holder_key is not None:
            subject["id"] = f"did:key:{request.holder_key.to_multikey()}"
        if not subject.keys().isdisjoint(request.claims) or "@context" in request.claims:
            raise MalformedCredential("the subject claims hold a member that the issuer itself sets")
        document: dict[str, Any] = {
            "@context": list(contexts),
            "type": ["VerifiableCredential", request.type],
            "issuer": request.issuer,
        }
        for name, time in (("validFrom", request.valid_from), ("validUntil", request.valid_until)):
            if time is not None:
                document[name] = format_time(time)
        document["credentialSubject"] = {**subject, **request.claims}
        if request.status is not None:
            place = StatusEntry(list_url=request.status.uri, purpose="revocation", index=request.status.index)
            document["credentialStatus"] = entry_json(place)
        suite = self._issuing_suite(request, document, signer)
        options = ProofOptions(verification_method=request.key_id, created=request.issued_at)
        return to_text(add_proof(document, options, suite=suite, signer=signer, contexts=self._options.contexts))

    def _issuing_suite(self, request: IssueRequest, document: Mapping[str, Any], signer: Signer) -> Cryptosuite:
        if not request.disclosable:
            return plain_suite(signer)
        hidden = {at for path in request.disclosable for at, _ in resolve(path, request.claims)}
        pointers = [f"/{name}" for name in _ALWAYS_SHOWN if name in document]
        for name, value in request.claims.items():
            pointers += [pointer(("credentialSubject", *at)) for at in _shown((name,), value, hidden)]
        return EcdsaSd2023(mandatory=tuple(pointers))

    def parse(self, credential: str) -> ParsedCredential:
        """Return what the credential says, unverified. Raises MalformedCredential."""
        document = json_object(credential, max_bytes=MAX_BYTES)
        found = parse_credential(document, expand=False)
        suite = self._suite_of(document)
        shown = suite.mandatory_pointers(document["proof"]) if isinstance(suite, SelectiveSuite) else None
        return ParsedCredential(
            format=NAME,
            type=self._type_of(found),
            issuer=found.issuer,
            unverified_claims={name: value for name, value in document.items() if name != "proof"},
            disclosable=() if shown is None else tuple(_optional(document, shown)),
            holder_key=_holder_key(found),
            valid_from=found.valid_from,
            valid_until=found.valid_until,
            status=None,
        )

    def present(
        self,
        credential: str,
        *,
        disclose: Collection[ClaimPath],
        signer: Signer | None,
        audience: str,
        nonce: str,
        now: datetime,
        transaction_data: Sequence[str] = (),
        transaction_data_alg: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> str:
        """Return a presentation of what these paths select; without `signer`, the credential alone.

        A credential with a plain proof is shown whole. Raises TransactionMismatch when transaction data are
        to be confirmed, HolderBindingInvalid when `signer` is not the subject's key, ProofNotMade.
        """
        if transaction_data or transaction_data_alg or extra:
            raise TransactionMismatch("transaction data cannot be confirmed with a credential of this format")
        document = json_object(credential, max_bytes=MAX_BYTES)
        if isinstance(self._suite_of(document), SelectiveSuite):
            paths = {at for path in disclose for at, _ in resolve(path, document) if at[0] != "proof"}
            document = derive(
                document,
                [pointer(at) for at in sorted(paths, key=repr)],
                suites=self._options.suites,
                contexts=self._options.contexts,
            )
        if signer is None:
            return to_text(document)
        holder = f"did:key:{signer.public_key.to_multikey()}"
        if parse_credential(document, expand=False).subjects != (holder,):
            raise HolderBindingInvalid("the credential is about another key than the one that would present it")
        presentation = {
            "@context": [CREDENTIALS_V2],
            "type": ["VerifiablePresentation"],
            "holder": holder,
            "verifiableCredential": [document],
        }
        options = ProofOptions(
            verification_method=f"{holder}#{signer.public_key.to_multikey()}",
            purpose="authentication",
            created=now,
            challenge=nonce,
            domain=audience,
        )
        made = add_proof(
            presentation, options, suite=plain_suite(signer), signer=signer, contexts=self._options.contexts
        )
        return to_text(made)

    def examine(self, presentation: object, context: CheckContext) -> LdpVcExamination:
        """Return the staged check of one presentation."""
        return LdpVcExamination(presentation, context, self._options)

    def verify(self, presentation: object, context: CheckContext) -> VerifiedCredential:
        """Run every stage and return the verified credential, or raise the first failure."""
        return examine_all(self.examine(presentation, context))

    def _type_of(self, credential: Credential) -> str:
        for name in credential.types:
            if name in self._options.contexts_of:
                return name
        raise MalformedCredential("the credential is of no type that is known here")

    def _suite_of(self, document: Mapping[str, Any]) -> Cryptosuite:
        proof = document.get("proof")
        name = proof.get("cryptosuite") if isinstance(proof, Mapping) else None
        suite = self._options.suites.get(name) if isinstance(name, str) else None
        if suite is None:
            raise ProofNotMade("the credential has no proof of a cryptosuite that is known here")
        return suite


def plain_suite(signer: Signer) -> Cryptosuite:
    """Return the suite that signs whole documents with this kind of key."""
    return EDDSA_RDFC_2022 if signer.alg == "Ed25519" else ECDSA_RDFC_2019


def pointer(path: ConcretePath) -> str:
    """Return a concrete path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def to_text(document: Mapping[str, Any]) -> str:
    """Return a document as JSON text; characters as they are."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _holder_key(credential: Credential) -> PublicKey | None:
    try:
        return subject_key(credential)
    except HolderBindingInvalid:
        return None


def _shown(at: ConcretePath, value: Any, hidden: set[ConcretePath]) -> list[ConcretePath]:
    """Return the paths that are always shown: everything at `at` but what is hidden, in as few as possible."""
    if at in hidden:
        return []
    if not any(path[: len(at)] == at for path in hidden):
        return [at]
    members: Any = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    return [path for part, member in members for path in _shown((*at, part), member, hidden)]


def _optional(document: Mapping[str, Any], shown: Sequence[str]) -> list[ConcretePath]:
    """Return what the holder of a selective credential can leave out: members that no mandatory pointer shows."""
    subject = document.get("credentialSubject")
    found: list[ConcretePath] = [(name,) for name in document if name not in (*_STRUCTURE, "credentialSubject")]
    if isinstance(subject, Mapping):
        found += [("credentialSubject", name) for name in subject if name not in _STRUCTURE]
    return [path for path in found if not any(f"{pointer(path)}/".startswith(f"{start}/") for start in shown)]
