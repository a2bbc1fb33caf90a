"""`wallet explain`: what an artefact of these protocols is, what it says, and which rule it keeps or breaks.

The same parsers and checks as everywhere, never a lenient second one (threat model, rule 6). What
needs trust is held against the wallet's own lists when there is an open wallet, and is "not run"
without one. No address in the artefact is called, but for the status lists and keys of issuers that the
wallet trusts.
"""

from typing import Any

from credentials.claims import format_path
from credentials.openid import request as requests
from credentials.openid.metadata import (
    check_authorization_server_metadata,
    check_issuer_metadata,
    parse_authorization_server_metadata,
    parse_issuer_metadata,
)
from credentials.openid.offer import OfferReference, parse_offer, parse_offer_link
from credentials.type_metadata import parse_type_metadata
from did.encoding import json_object
from wallet_cli.errors import MissingInput
from wallet_cli.explained import NOT_RUN_HINT, Explained, Surroundings, explain_query
from wallet_cli.explaining_tokens import explain_jwe, explain_jws, explain_sd_jwt


def explain(text: str, around: Surroundings) -> Explained:
    """Say what `text` is and how it fares. Raises MissingInput for what is none of ours."""
    text = text.strip()
    if text.startswith("{"):
        return _json(text, around)
    if "://" in text[:60]:
        return _link(text, around)
    if "~" in text:
        return explain_sd_jwt(text, around)
    dots = text.count(".")
    if dots == 4:
        return explain_jwe(text)
    if dots == 2:
        return explain_jws(text, around)
    raise MissingInput(
        "This is no offer, request, credential, list or metadata.",
        why="It is neither a link, nor JSON, nor a token in compact form.",
        hint="give it the whole text, as it came",
    )


# --- links ---------------------------------------------------------------------------------------


def _link(text: str, around: Surroundings) -> Explained:
    scheme = text.partition(":")[0].lower()
    if scheme in ("openid4vp", "haip-vp") or "request_uri=" in text:
        found = Explained(kind="presentation request (link)")

        def read() -> None:
            link = requests.parse_request_link(text, dev=around.dev)
            found.say("Client", link.client_id)
            found.say("Request at", link.request_uri)
            found.say("Fetched by", link.method.upper())

        found.hold("shape", "OpenID4VP 1.0 section 5", "client_id and request_uri, nothing else needed", read)
        found.note(
            "signature",
            "not_run",
            "RFC 9101",
            "the request itself lies at its address",
            hint="wallet present LINK --dry-run fetches it, and shows what it asks for",
        )
        return found
    if scheme in ("http", "https") and "credential_offer" not in text:
        raise MissingInput(
            "This is the address of a page, and wallet explain opens none.",
            why="What the page offers or asks is behind it.",
            hint="wallet present LINK --dry-run for a request, wallet receive LINK for an offer",
        )
    found = Explained(kind="credential offer (link)")

    def read_offer() -> None:
        offer = parse_offer_link(text, dev=around.dev)
        if isinstance(offer, OfferReference):
            found.say("Offer at", offer.uri)
            found.note(
                "issuer_trust",
                "not_run",
                "signed list",
                "the offer itself lies at its address",
                hint="wallet receive LINK fetches it, and asks before it takes anything",
            )
        else:
            _offer_rows(found, offer, around)

    found.hold("shape", "OpenID4VCI 1.0 section 4.1", "an offer by value or by reference, not both", read_offer)
    return found


def _offer_rows(found: Explained, offer: Any, around: Surroundings) -> None:
    found.say("Issuer", offer.credential_issuer)
    found.say("Offers", ", ".join(offer.configuration_ids))
    grant = offer.pre_authorized
    found.say("Grant", "pre-authorized code" if grant is not None else "sign-in at the issuer")
    if grant is not None:
        found.say("Code asked for", grant.tx_code is not None)
    session = around.session
    if session is None:
        found.note("issuer_trust", "not_run", "signed list", "no wallet is open", hint=NOT_RUN_HINT)
        return
    found.hold(
        "issuer_trust",
        "signed list",
        "the issuer is in the signed list",
        lambda: session.services.issuer(offer.credential_issuer),
    )


# --- JSON ----------------------------------------------------------------------------------------


def _json(text: str, around: Surroundings) -> Explained:
    body = json_object(text)
    if "credential_configuration_ids" in body:
        found = Explained(kind="credential offer")
        found.hold(
            "shape",
            "OpenID4VCI 1.0 section 4.1.1",
            "issuer, credentials and grants are as they should be",
            lambda: _offer_rows(found, parse_offer(text, dev=around.dev), around),
        )
        return found
    if "credential_configurations_supported" in body:
        return _issuer_metadata(text, around)
    if "token_endpoint" in body:
        found = Explained(kind="authorization server metadata")

        def read_server() -> None:
            metadata = parse_authorization_server_metadata(text.encode())
            found.say("Server", metadata.issuer)
            found.say("Grants", list(metadata.grant_types))
            found.say("DPoP", list(metadata.dpop_algs))
            check_authorization_server_metadata(metadata, issuer=metadata.issuer, dev=around.dev)

        found.hold("shape", "RFC 8414 section 2", "issuer and endpoints are as they should be", read_server)
        return found
    if "vct" in body and ("claims" in body or "display" in body):
        found = Explained(kind="type metadata")

        def read_type() -> None:
            metadata = parse_type_metadata(text.encode())
            found.say("Type", metadata.vct)
            found.say("Name", metadata.name("en"))
            for rule in metadata.claims:
                found.say(f"  {format_path(rule.path)[:30]}", f"{rule.sd}{', mandatory' if rule.mandatory else ''}")

        found.hold("shape", "SD-JWT VC, type metadata", "names, claims and rules are as they should be", read_type)
        return found
    if "credentials" in body:
        return explain_query(body)
    raise MissingInput(
        "This JSON is none of offer, metadata, type or query.", hint="give it the whole document, as it came"
    )


def _issuer_metadata(text: str, around: Surroundings) -> Explained:
    found = Explained(kind="issuer metadata")

    def read() -> None:
        metadata = parse_issuer_metadata(text.encode())
        found.say("Issuer", metadata.credential_issuer)
        for configuration in metadata.configurations.values():
            found.say(f"  {configuration.id[:30]}", f"{configuration.format} {configuration.type or ''}")
        found.say("Copies at once", metadata.batch_size)
        check_issuer_metadata(metadata, credential_issuer=metadata.credential_issuer, dev=around.dev, haip=False)

    found.hold("shape", "OpenID4VCI 1.0 section 12.2", "issuer, endpoints and configurations are in order", read)
    return found
