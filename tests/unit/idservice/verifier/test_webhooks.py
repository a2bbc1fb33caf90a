"""Messages to agencies: signed, without claims, tried for a day, never sent where nobody registered."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.x509 import load_der_x509_certificate
from sqlalchemy import select, update

from credentials.jose import verify_jws
from did.errors import FetchFailed
from did.keys import PublicKey
from did.methods.base import Fetched
from idservice import access
from idservice.database import transaction
from idservice.service import Service
from idservice.verifier import rows, upkeep, webhooks

from .conftest import BACK, HOOK, Ask, move_clock
from .wallet import PLANTED, Held, Wallet, hold


@dataclass
class Receiver:
    """An agency's end of the line."""

    status: int = 204
    away: bool = False
    got: list[tuple[str, str]] = field(default_factory=list)

    def post(self, url: str, *, body: bytes, content_type: str, max_bytes: int = 4096) -> Fetched:
        assert content_type == "application/jwt"
        if self.away:
            raise FetchFailed("nobody answers")
        self.got.append((url, body.decode()))
        return Fetched(self.status, "", b"")


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def sender(service: Service, receiver: Receiver) -> Service:
    """The same service with another way out."""
    with transaction(service.engine) as db:
        db.execute(update(access.agencies).where(access.agencies.c.id == "library").values(webhook_url=HOOK))
    return replace(service, outbound=receiver)  # type: ignore[arg-type]  # it has the one method that is used


@pytest.fixture
def end(service: Service, sender: Service, ask: Ask, wallet: Wallet) -> Callable[..., dict[str, Any]]:
    held: Held = hold(service)

    def ended(**lie: Any) -> dict[str, Any]:
        made = ask(webhook=HOOK)
        asked = wallet.open(made["request"])
        wallet.answer(asked, {"e": [wallet.present(asked, held, **lie)]})
        return made

    return ended


def read(service: Service, jws: str) -> dict[str, Any]:
    key = PublicKey.from_crypto(load_der_x509_certificate(service.keys.leaf("metadata")).public_key())
    return dict(verify_jws(jws, key=key, typ="presentation-event+jwt").claims)


def waiting(service: Service) -> list[Any]:
    with transaction(service.engine) as db:
        return list(db.execute(select(rows.webhook_deliveries)).all())


def test_the_message_is_signed_and_has_no_claims(
    service: Service, sender: Service, receiver: Receiver, end: Callable[..., dict[str, Any]]
) -> None:
    made = end()
    webhooks.deliver(sender)
    [(url, jws)] = receiver.got
    assert url == HOOK
    message = read(service, jws)
    assert message["iss"] == service.base_url
    assert message["aud"] == service.agency_did("library")
    assert (message["id"], message["state"], message["verdict"]["verdict"]) == (made["id"], "answered", "valid")
    assert message["verdict"]["credentials"] == []
    assert not [value for value in PLANTED if value in repr(message)]
    webhooks.deliver(sender)
    assert len(receiver.got) == 1


def test_a_failed_check_is_told_with_its_code(
    service: Service, sender: Service, receiver: Receiver, end: Callable[..., dict[str, Any]]
) -> None:
    end(nonce="stale")
    webhooks.deliver(sender)
    assert read(service, receiver.got[0][1])["verdict"]["code"] == "nonce_mismatch"


def test_refusal_and_expiry_are_told(
    service: Service, sender: Service, receiver: Receiver, ask: Ask, wallet: Wallet
) -> None:
    wallet.refuse(wallet.open(ask()["request"]))
    ask()
    move_clock(service, "PT6M")
    upkeep.expire(service)
    webhooks.deliver(sender)
    messages = [read(service, jws) for _, jws in receiver.got]
    assert {(one["state"], one["verdict"]) for one in messages} == {("refused", None), ("expired", None)}


@pytest.mark.parametrize("status", [302, 400, 410, 500])
def test_what_does_not_arrive_is_tried_again_with_pauses(
    service: Service, sender: Service, receiver: Receiver, end: Callable[..., dict[str, Any]], status: int
) -> None:
    end()
    receiver.status = status
    webhooks.deliver(sender)
    webhooks.deliver(sender)
    assert len(receiver.got) == 1
    move_clock(service, "PT6S")
    receiver.status = 200
    webhooks.deliver(sender)
    assert len(receiver.got) == 2
    first, second = (read(service, jws) for _, jws in receiver.got)
    assert first["jti"] == second["jti"]
    assert waiting(service)[0].delivered_at is not None


def test_one_receiver_that_is_away_does_not_hold_up_the_rest(
    service: Service, sender: Service, receiver: Receiver, end: Callable[..., dict[str, Any]]
) -> None:
    end()
    receiver.away = True
    webhooks.deliver(sender)
    assert waiting(service)[0].attempts == 1
    receiver.away = False
    end()
    webhooks.deliver(sender)
    assert len(receiver.got) == 1


def test_after_a_day_it_is_given_up(
    service: Service, sender: Service, receiver: Receiver, end: Callable[..., dict[str, Any]]
) -> None:
    end()
    receiver.away = True
    webhooks.deliver(sender)
    move_clock(service, "PT24H1M")
    upkeep.forget(service)
    assert waiting(service) == []


def test_pauses_double_up_to_an_hour() -> None:
    assert [webhooks.pause(tries) for tries in (1, 2, 3)] == [timedelta(seconds=one) for one in (5, 10, 20)]
    assert webhooks.pause(50) == timedelta(hours=1)


def test_nobody_is_told_who_gave_no_address(service: Service, ask: Ask, wallet: Wallet) -> None:
    wallet.refuse(wallet.open(ask(redirect_uri=BACK)["request"]))
    assert waiting(service) == []
