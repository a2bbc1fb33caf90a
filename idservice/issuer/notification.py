"""The notification endpoint: what became of issued credentials (OpenID4VCI 1.0 section 11, T53).

Free text from the wallet is read and dropped: it could hold anything, and nothing here depends on it.
"""

from credentials.errors import ProtocolError
from credentials.openid.credential import parse_notification
from idservice.database import transaction
from idservice.issuer import rows
from idservice.issuer.authorization import Access
from idservice.service import Service

PATH = "/vci/notification"


def note(service: Service, access: Access, body: bytes) -> None:
    """Keep the event of a notification; the same again changes nothing.

    Raises ProtocolError `invalid_notification_request`, or `invalid_notification_id` for one that did not come from
    the caller's own offer.
    """
    notification = parse_notification(body)
    with transaction(service.engine) as db:
        known = rows.note_event(db, notification.notification_id, access.offer_id, notification.event)
    if not known:
        raise ProtocolError(
            "invalid_notification_id",
            "no credential of this token has that notification_id",
            code="not_found",
            hint="Send the notification_id of the credential response.",
        )
