"""From what the person typed to an accepted offer: find it, show it, have it agreed to, redeem it (T42, T43, T96)."""

from typing import TYPE_CHECKING

from credentials.errors import ProtocolError
from did.signing import LocalSigner
from wallet_cli import applying, receiving
from wallet_cli.errors import MissingInput, WalletError
from wallet_cli.gates import Pins
from wallet_cli.inputs import read_link
from wallet_cli.model import Role
from wallet_cli.offering import BATCH, OfferInHand, open_offer, role_of, type_name
from wallet_cli.receiving import Received
from wallet_cli.redeeming import redeem
from wallet_cli.text import clean, facts
from wallet_cli.views import joined

if TYPE_CHECKING:
    from wallet_cli.session import Session


def accept(
    session: "Session", argument: str, *, issuer: str | None, application_number: str | None
) -> tuple[list[Received], dict[str, str] | None]:
    """Accept one offer. Returns what it brought, and new PINs if they had to be made.

    The question comes before anything is redeemed: typing the code from the slip is the yes to an offer
    with a code; other offers are asked about, or `issuer` names whom they must be from.
    """
    hand = open_offer(session, read_link(session, argument, kind="offer"))
    _show(session, hand)
    tx_code = _agree(session, hand, issuer=issuer)
    pins = _open_roles(session, hand)
    keys = _dpop_keys(session, hand, application_number)
    while True:
        try:
            pending = redeem(session, hand, tx_code=tx_code, key=keys[0])
            break
        except ProtocolError as exc:
            if exc.code == "holder_binding_invalid" and len(keys) > 1:
                keys.pop(0)  # the offer is of an earlier application of this wallet
                continue
            if exc.code != "tx_code_wrong" or session.secrets.get("tx_code") is not None or session.talk.no_input:
                raise
            session.talk.say(clean(f"Not accepted: {exc.detail}."))
            tx_code = _ask_tx_code(session, hand)
    return receiving.finish(session, pending), applying.pins_json(pins) if pins is not None else None


def _show(session: "Session", hand: OfferInHand) -> None:
    offered = []
    for configuration in hand.checked.configurations:
        name = type_name(configuration)
        single = role_of(configuration) == "sign" or hand.issuing.metadata.batch_size < 2
        most = min(BATCH, hand.issuing.metadata.batch_size)
        offered.append(f"{clean(name, limit=40)}, {'1 copy' if single else f'{most} copies'}")
    rows = [
        ("From", f"{hand.issuer.name} ({hand.issuer.did}), {hand.issuer.source}"),
        ("Offers", "; ".join(offered)),
    ]
    for configuration in hand.checked.configurations:
        words = _holds(session, configuration.type or "", configuration.raw)
        if words:
            several = len(hand.checked.configurations) > 1
            rows.append(("Says", f"{clean(type_name(configuration), limit=40)}: {words}" if several else words))
    session.talk.say(facts(rows, label_columns=10))


def _holds(session: "Session", vct: str, raw: "object") -> str:
    """Which facts about the person a type states, by their labels."""
    from wallet_cli.labels import configuration_labels

    return joined(configuration_labels(session, vct, raw), most=8)


def _agree(session: "Session", hand: OfferInHand, *, issuer: str | None) -> str | None:
    if issuer is not None and issuer not in (hand.issuer.id, hand.issuer.did):
        raise WalletError(
            f"The offer is from {hand.issuer.id}, not from whom you named.",
            why="Nothing was accepted.",
            hint="check the link, or name the issuer that it is really from",
            code="issuer_untrusted",
        )
    if hand.needs_tx_code:
        return _ask_tx_code(session, hand)
    if issuer is None:
        session.talk.ask_yes(
            "Take this into your wallet? Type yes or no:",
            option=f"--from {hand.issuer.id}",
            refusal="The offer was not accepted.",
        )
    return None


def _ask_tx_code(session: "Session", hand: OfferInHand) -> str:
    grant = hand.checked.offer.pre_authorized
    tx_code = grant.tx_code if grant is not None else None
    length = f"{tx_code.length} " if tx_code is not None and tx_code.length else ""
    kind = "characters" if tx_code is not None and tx_code.input_mode == "text" else "digits"
    given = session.secret("tx_code", f"Code from the slip ({length}{kind})").strip()
    if not given:
        raise MissingInput("No code was typed.", why="Nothing was accepted.", hint="type the code from the slip")
    return given


def _open_roles(session: "Session", hand: OfferInHand) -> Pins | None:
    """Open the roles that the offer's credentials are bound to; `auth` always, for it also proves who redeems."""
    needed: list[Role] = ["auth"]
    if any(role_of(one) == "sign" for one in hand.checked.configurations):
        needed.append("sign")
    if not session.gates.made:
        _, pins = applying.open_both_roles(session)
        session.save()  # before they are shown: what was shown has to be what holds
        if pins is not None:
            applying.show_pins(session, pins)
        return pins
    for role in needed:
        session.open_role(role)
    return None


def _dpop_keys(session: "Session", hand: OfferInHand, number: str | None) -> list[LocalSigner | None]:
    """The keys that may redeem, likeliest first: of the applications at this issuer, else a new one.

    None, for no key, where the server does not take DPoP.
    """
    if "ES256" not in hand.issuing.server.dpop_algs:
        return [None]
    role = session.open_role("auth")
    candidates = [
        one
        for one in reversed(applying.running(session))
        if one.service == hand.issuer.id and (number is None or number in (one.number, one.id))
    ]
    if candidates:
        return [session.gates.signer(role, one.auth_key) for one in candidates]
    if number is not None:
        raise MissingInput("There is no such application at this issuer.", hint="wallet status")
    made = session.gates.new_key(role, use="application", now=session.now())
    return [session.gates.signer(role, made.id)]
