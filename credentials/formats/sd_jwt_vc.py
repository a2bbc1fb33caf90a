"""SD-JWT VC (`dc+sd-jwt`): issue, parse, present, and the staged check of one presentation."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from did.signing import Signer

from credentials.claims import ClaimPath
from credentials.formats.base import CheckContext, Examination, IssueRequest, ParsedCredential, VerifiedCredential

TYP = "dc+sd-jwt"

NEVER_DISCLOSED: frozenset[str] = frozenset({"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"})
"""Claims that are read from the signed payload only (SD-JWT VC, registered claims; T17)."""


class SdJwtVcFormat:
    """The `dc+sd-jwt` row of FORMATS."""

    name = TYP
    max_bytes = 1 << 20
    specs: ClassVar[Mapping[str, str]] = {}

    def issue(self, request: IssueRequest, *, signer: Signer) -> str:
        """Return the SD-JWT with all its disclosures, ending in `~`. SD-JWT VC, section 3."""
        raise NotImplementedError

    def parse(self, credential: str) -> ParsedCredential:
        """Return what the credential says, unverified. Raises MalformedCredential, DisclosureInvalid."""
        raise NotImplementedError

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
        """Return an SD-JWT+KB that discloses these paths. OpenID4VP 1.0 appendix B.3."""
        raise NotImplementedError

    def examine(self, presentation: object, context: CheckContext) -> Examination:
        """Return the staged check of one presentation."""
        raise NotImplementedError

    def verify(self, presentation: object, context: CheckContext) -> VerifiedCredential:
        """Run every stage and return the verified credential, or raise the first failure."""
        raise NotImplementedError


SD_JWT_VC = SdJwtVcFormat()
