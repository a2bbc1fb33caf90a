"""SD-JWT VC (`dc+sd-jwt`): issue, parse and present; its examination is in `sd_jwt_vc_check.py`.

draft-ietf-oauth-sd-jwt-vc over RFC 9901, as HAIP 1.0 section 6 profiles it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from credentials import sd_jwt
from credentials.claims import ClaimPath, numeric_date
from credentials.errors import MalformedCredential
from credentials.formats.base import (
    CheckContext,
    IssueRequest,
    ParsedCredential,
    VerifiedCredential,
    examine_all,
)
from credentials.formats.sd_jwt_vc_check import (
    NEVER_DISCLOSED,
    SPECS,
    TYP,
    SdJwtVcExamination,
    bound_key,
    transaction_hash,
)
from credentials.sd_jwt.model import UnverifiedSdJwt, parse_sd_jwt
from credentials.sd_jwt.process import Walk, select_disclosures, visible
from credentials.status.token_status_list import parse_reference
from credentials.x509 import authority_key_ids
from did.keys import PublicKey
from did.signing import Signer

_OWN_MEMBERS = NEVER_DISCLOSED | {"iat"}
_AUTHORITY_CLAIMS = frozenset(
    {"iat", "nonce", "aud", "sd_hash", "transaction_data_hashes", "transaction_data_hashes_alg"}
)


class SdJwtVcFormat:
    """The `dc+sd-jwt` row of FORMATS."""

    name = TYP
    max_bytes = sd_jwt.MAX_SD_JWT_BYTES
    specs: Mapping[str, str] = SPECS

    def issue(self, request: IssueRequest, *, signer: Signer) -> str:
        """Return the SD-JWT with all its disclosures, ending in `~`.

        Raises MalformedCredential when the subject claims hold a registered claim, or one of those
        is to be disclosable (T17). SD-JWT VC, section "SD-JWT VC format".
        """
        if not _OWN_MEMBERS.isdisjoint(request.claims):
            raise MalformedCredential("the subject claims hold a claim that the issuer itself sets")
        _check_disclosable(tuple(request.disclosable))
        claims: dict[str, Any] = {"vct": request.type}
        if request.issuer is not None:
            claims["iss"] = request.issuer
        if request.type_integrity is not None:
            claims["vct#integrity"] = request.type_integrity
        for name, time in (("iat", request.issued_at), ("nbf", request.valid_from), ("exp", request.valid_until)):
            if time is not None:
                claims[name] = int(time.timestamp())
        if request.holder_key is not None:
            claims["cnf"] = {"jwk": dict(_jwk(request.holder_key))}
        if request.status is not None:
            claims["status"] = {"status_list": {"idx": request.status.index, "uri": request.status.uri}}
        claims.update(request.claims)
        header: dict[str, Any] = {}
        if request.x5c:
            header["x5c"] = list(request.x5c)
        if request.key_id is not None:
            header["kid"] = request.key_id
        return sd_jwt.issue(
            claims, disclosable=request.disclosable, signer=signer, typ=TYP, header=header, decoys=request.decoys
        )

    def parse(self, credential: str) -> ParsedCredential:
        """Return what the credential says, unverified.

        Raises MalformedCredential (also for one that comes with a key-binding JWT, RFC 9901
        section 7.2), TypeUnexpected, DisclosureInvalid, HolderBindingInvalid (`cnf`), StatusInvalid.
        """
        parsed, payload, walk = _read(credential)
        if parsed.kb_jwt is not None:
            raise MalformedCredential("the credential comes with a key-binding JWT")
        vct, iss = payload.get("vct"), payload.get("iss")
        if not isinstance(vct, str) or not isinstance(iss, str | None):
            raise MalformedCredential("vct or iss of the credential is not text")
        return ParsedCredential(
            format=TYP,
            type=vct,
            issuer=iss,
            unverified_claims=visible(walk.claims),
            disclosable=tuple(walk.shown),
            holder_key=bound_key(payload) if "cnf" in payload else None,
            valid_from=numeric_date(payload, "nbf"),
            valid_until=numeric_date(payload, "exp"),
            status=parse_reference(payload["status"]) if "status" in payload else None,
            authority_key_ids=authority_key_ids(parsed.jws.header["x5c"]) if "x5c" in parsed.jws.header else (),
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
        """Return an SD-JWT+KB that discloses these paths and confirms these transaction data strings.

        `transaction_data_alg` names the hash when the request offered a choice, and is echoed then.
        Without `signer` the result has no key binding. Raises ClaimMissing for a path that selects
        nothing. OpenID4VP 1.0 appendix B.3.
        """
        parsed, payload, walk = _read(credential)
        presentation = select_disclosures(parsed, walk, disclose)
        if signer is None:
            if transaction_data:
                raise MalformedCredential("transaction data can be confirmed only under a holder key")
            return presentation
        claims = dict(extra or {})
        if not _AUTHORITY_CLAIMS.isdisjoint(claims):
            raise MalformedCredential("an extra claim would replace one of the key-binding JWT's own")
        if transaction_data:
            claims["transaction_data_hashes"] = [
                transaction_hash(item, transaction_data_alg or "sha-256") for item in transaction_data
            ]
            if transaction_data_alg is not None:
                claims["transaction_data_hashes_alg"] = transaction_data_alg
        return sd_jwt.bind(
            presentation,
            signer=signer,
            audience=audience,
            nonce=nonce,
            iat=now,
            extra=claims,
            hash_alg=sd_jwt.hash_name(payload),
        )

    def examine(self, presentation: object, context: CheckContext) -> SdJwtVcExamination:
        """Return the staged check of one presentation."""
        return SdJwtVcExamination(presentation, context)

    def verify(self, presentation: object, context: CheckContext) -> VerifiedCredential:
        """Run every stage and return the verified credential, or raise the first failure."""
        return examine_all(SdJwtVcExamination(presentation, context))


@lru_cache(maxsize=256)
def _check_disclosable(paths: tuple[ClaimPath, ...]) -> None:
    """Refuse paths to registered claims; types have few sets of paths, so a set is looked at once."""
    if any(path[:1] and path[0] in _OWN_MEMBERS for path in paths):
        raise MalformedCredential("a registered claim cannot be selectively disclosable")


@lru_cache(maxsize=1024)
def _jwk(key: PublicKey) -> dict[str, str]:
    """Return a key's JWK; the same keys come again when a wallet repeats a request whose answer was lost."""
    return key.to_jwk()


@lru_cache(maxsize=16)
def _read(credential: str) -> tuple[UnverifiedSdJwt, dict[str, Any], Walk]:
    """Return a credential taken apart; a wallet reads what it holds to search it, then the one it presents again."""
    parsed = parse_sd_jwt(credential)
    payload = parsed.jws.unverified_claims()
    return parsed, payload, Walk(payload, parsed.disclosures)


SD_JWT_VC = SdJwtVcFormat()
