"""Labels of types and claims in the wallet's language, from type metadata that was checked with its credential."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from credentials.claims import format_path
from credentials.type_metadata import TypeMetadata, parse_type_metadata
from did.errors import IdError
from wallet_cli.text import clean

if TYPE_CHECKING:
    from wallet_cli.session import Session

MAX_LABEL = 40


def type_metadata(session: "Session", vct: str) -> TypeMetadata | None:
    """The metadata of a type, if the wallet has it."""
    kept = session.wallet.types.get(vct)
    if kept is None:
        return None
    try:
        return parse_type_metadata(kept.body.encode(), vct=vct)
    except IdError:
        return None


def claim_label(session: "Session", metadata: TypeMetadata | None, path: Sequence[str | int | None]) -> str:
    """The label of a claim; without one, its name in words."""
    if metadata is not None:
        label = clean(metadata.label(path, *session.services.languages), limit=MAX_LABEL)
        if label != format_path(path):
            return label
    words = " ".join(str(part) for part in path if isinstance(part, str)).replace("_", " ")
    return clean(words[:1].upper() + words[1:], limit=MAX_LABEL)


def in_type_order(metadata: TypeMetadata | None, names: Iterable[str | int]) -> list[str | int]:
    """Claim names, each once, in the order of their type: the order of disclosures is random on purpose."""
    order = [rule.path[0] for rule in metadata.claims] if metadata is not None else []
    return sorted(
        dict.fromkeys(names), key=lambda name: (order.index(name) if name in order else len(order), str(name))
    )


def type_label(session: "Session", metadata: TypeMetadata | None, fallback: str) -> str:
    """The name of a type for people."""
    if metadata is None:
        return clean(fallback, limit=MAX_LABEL)
    return clean(metadata.name(*session.services.languages), limit=MAX_LABEL)


def configuration_labels(session: "Session", vct: str, raw: object) -> list[str]:
    """The labels of the claims that an issuer's metadata announces for a type that is offered."""
    metadata = type_metadata(session, vct)
    described = raw.get("credential_metadata") if isinstance(raw, Mapping) else None
    claims = described.get("claims") if isinstance(described, Mapping) else None
    labels: list[str] = []
    for claim in claims if isinstance(claims, list) else []:
        path = claim.get("path") if isinstance(claim, Mapping) else None
        if not isinstance(path, list) or not path:
            continue
        known = claim_label(session, metadata, path)
        labels.append(known if metadata is not None else _announced(session, claim, known))
    return list(dict.fromkeys(labels))


def _announced(session: "Session", claim: Mapping[str, Any], fallback: str) -> str:
    shown = claim.get("display")
    for language in session.services.languages:
        for entry in shown if isinstance(shown, list) else []:
            if isinstance(entry, Mapping) and str(entry.get("locale", "")).split("-")[0] == language:
                return clean(entry.get("name", fallback), limit=MAX_LABEL)
    return fallback
