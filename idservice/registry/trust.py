"""Whom this service trusts, for its own verifier: itself, by its own types and roots."""

from sqlalchemy.engine import Connection

from credentials.trust import TrustPolicy
from credentials.verify import StatusSource

from idservice.service import Service


def policy(service: Service, db: Connection) -> TrustPolicy:
    """Return which issuers may issue which types."""
    raise NotImplementedError


def status_source(service: Service) -> StatusSource:
    """Return where verdicts get status lists: our own from the rows, others by the guarded fetch, both cached."""
    raise NotImplementedError
