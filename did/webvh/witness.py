"""Witness proofs: the file beside the log, who approved what, and making a proof.

did:webvh 1.0, "DID Witnesses". A proof covers only a `versionId`, and stands for all versions up to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from did.encoding import json_parse
from did.errors import IdError, InvalidLog, Malformed
from did.jcs_proof import create_proof, document_hash, verify_proof
from did.signing import Signer
from did.times import format_time
from did.webvh.entry import Version
from did.webvh.identifier import proof_key

MAX_FILE_BYTES = 1 << 20
_MAX_RECORDS = 4096
_MAX_PROOFS = 256


@dataclass(frozen=True, slots=True)
class WitnessFile:
    """The parsed `did-witness.json`: proofs by version, not yet verified."""

    proofs: Mapping[str, tuple[Mapping[str, Any], ...]]

    def with_proof(self, version_id: str, proof: Mapping[str, Any]) -> "WitnessFile":
        """Return the file with one more proof for `version_id`."""
        return WitnessFile({**self.proofs, version_id: (*self.proofs.get(version_id, ()), proof)})

    def to_json(self) -> list[dict[str, Any]]:
        """Return the file as JSON, without versions that have no proof."""
        return [{"versionId": name, "proof": list(proofs)} for name, proofs in self.proofs.items() if proofs]


def parse_witness_file(data: bytes) -> WitnessFile:
    """Return the proofs in `data`; raises InvalidLog. Two records of one version are read as one."""
    try:
        value = json_parse(data, max_bytes=MAX_FILE_BYTES)
    except Malformed as exc:
        raise InvalidLog(f"witness file: {exc.detail}") from exc
    if not isinstance(value, list) or len(value) > _MAX_RECORDS:
        raise InvalidLog(f"witness file is not a list of at most {_MAX_RECORDS} records")
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for record in value:
        version_id = record.get("versionId") if isinstance(record, dict) else None
        proofs = record.get("proof") if isinstance(record, dict) else None
        if not isinstance(version_id, str) or not isinstance(proofs, list) or len(proofs) > _MAX_PROOFS:
            raise InvalidLog("record of the witness file has no `versionId` or no list of proofs")
        found[version_id] = (*found.get(version_id, ()), *(proof for proof in proofs if isinstance(proof, dict)))
    return WitnessFile(found)


def approvals(versions: Sequence[Version], file: WitnessFile) -> Mapping[str, int]:
    """Return, for each witness (did:key), the highest of `versions` that it validly approved.

    Only witnesses that some version lists are looked at; proofs for other versions and proofs that do
    not verify are passed over, as the text asks.
    """
    listed = {did for version in versions if version.witness for did in version.witness.ids}
    highest: dict[str, int] = {}
    for version in reversed(versions):
        for proof in file.proofs.get(version.version_id, ()):
            witness = _witness_of(proof)
            if witness in listed and witness not in highest and _holds(proof, version.version_id):
                highest[witness] = version.number
    return highest


def witnessed(version: Version, highest: Mapping[str, int]) -> bool:
    """Tell whether enough distinct witnesses approved `version` or a later one ("Witness Threshold Algorithm")."""
    rule = version.witness
    return rule is None or sum(highest.get(did, 0) >= version.number for did in rule.ids) >= rule.threshold


def prune(versions: Sequence[Version], file: WitnessFile) -> WitnessFile:
    """Return the file with only the latest proof of each witness for a published version, and all unpublished ones."""
    highest, published = approvals(versions, file), {version.version_id: version.number for version in versions}
    kept: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for version_id, proofs in file.proofs.items():
        number = published.get(version_id)
        latest: dict[str, Mapping[str, Any]] = {}
        for proof in proofs:
            witness = _witness_of(proof)
            if witness and (number is None or highest.get(witness) == number) and _holds(proof, version_id):
                latest.setdefault(witness, proof)
        kept[version_id] = tuple(latest.values())
    return WitnessFile({version_id: proofs for version_id, proofs in kept.items() if proofs})


def witness_proof(version_id: str, *, signer: Signer, now: datetime) -> dict[str, Any]:
    """Return a witness's proof over `version_id`; whoever calls this has verified the whole log up to it."""
    multikey = signer.public_key.to_multikey()
    options = {
        "verificationMethod": f"did:key:{multikey}#{multikey}",
        "created": format_time(now),
        "proofPurpose": "assertionMethod",
    }
    return create_proof({"versionId": version_id}, options, signer=signer)


def _witness_of(proof: Mapping[str, Any]) -> str:
    method = proof.get("verificationMethod")
    return method.partition("#")[0] if isinstance(method, str) else ""


def _holds(proof: Mapping[str, Any], version_id: str) -> bool:
    """Tell whether `proof` verifies; a bad one is passed over, not an error ("Verifying Witness Proofs …")."""
    document = {"versionId": version_id}
    try:
        _, key = proof_key(proof.get("verificationMethod"))
        verify_proof(document, proof, key=key, purpose="assertionMethod", digest=document_hash(document))
    except IdError:
        return False
    return True
