"""The verification of presentations and credentials: one ordered list of named checks.

size, shape, type, algorithm, issuer_trust, signature, time, holder_binding, transaction,
disclosures, query, status, then policy checks under their own names. The run ends with the first
stage that fails; all failures of that stage are listed, what follows is `not_run`. A source that
did not answer makes the verdict `undetermined`, everything else that fails makes it `invalid`.

What a stage means for one format is in `formats/`; here is what is common: the order, several
presentations at once, the query as a whole, status and policy. Fetching is the caller's `Fetch`
and `StatusSource`; so is the single use of a nonce.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from credentials.errors import HolderBindingInvalid, IdError, MalformedCredential, TooLarge, TransactionMismatch
from credentials.formats import FORMATS
from credentials.formats.base import CheckContext, Found
from credentials.jose import to_wire
from credentials.openid.dcql import CredentialQuery, VerifiedView, check_answer
from credentials.trust import TrustPolicy
from credentials.verdict import Check, CredentialView, Verdict
from credentials.verify_run import Expected, Item, PolicyCheck, Run
from credentials.verify_status import SPEC as STATUS_SPEC
from credentials.verify_status import FetchedStatusList, NoStatus, StatusSource, check_status
from did.encoding import b64url_decode, json_object
from did.errors import Malformed
from did.keys import PublicKey
from did.methods.base import Fetch

__all__ = [
    "Check",
    "CredentialView",
    "Expected",
    "FetchedStatusList",
    "NoStatus",
    "PolicyCheck",
    "StatusSource",
    "Verdict",
    "verify",
    "verify_credential",
    "verify_vp_token",
]

MAX_PRESENTATIONS = 32
_QUERY_SPEC = "OpenID4VP 1.0 section 8.6"
_SIZE_SPEC = "OpenID4VP 1.0 section 8.1"


def verify(
    presentation: str | Mapping[str, Any],
    *,
    expected: Expected,
    policy: TrustPolicy,
    fetch: Fetch,
    statuses: StatusSource,
    now: datetime,
    format: str = "dc+sd-jwt",
) -> Verdict:
    """Judge one presentation. Never raises for what the presentation holds.

    With `expected.query` it is judged as the answer to the query's first credential entry.
    RFC 9901 section 7.3; SD-JWT VC, verification; OpenID4VP 1.0 section 8.6.
    """
    if expected.query is not None:
        answer = {expected.query.credentials[0].id: [presentation]}
        return verify_vp_token(answer, expected=expected, policy=policy, fetch=fetch, statuses=statuses, now=now)
    context = CheckContext(
        policy=policy,
        fetch=fetch,
        now=now,
        types=expected.types,
        holder_binding=expected.holder_binding,
        nonce=expected.nonce,
        audience=expected.audience,
        transaction_data=expected.transaction_data,
    )
    items = [_item(None, format, presentation, context)]
    return _judge(Run(), items, expected, statuses, fetch, now)


def verify_vp_token(
    vp_token: object,
    *,
    expected: Expected,
    policy: TrustPolicy,
    fetch: Fetch,
    statuses: StatusSource,
    now: datetime,
) -> Verdict:
    """Judge a whole DCQL answer: `{query id: [presentation, …]}`. `expected.query` is required.

    Every presentation is judged on its own, then the whole query on the verified claims (T58).
    OpenID4VP 1.0 sections 8.1 and 8.6.
    """
    run = Run()
    items: list[Item] = []
    try:
        for entry, presentation in _answers(vp_token, expected):
            context = CheckContext(
                policy=policy,
                fetch=fetch,
                now=now,
                types=_types(entry),
                holder_binding=entry.require_holder_binding,
                nonce=expected.nonce,
                audience=expected.audience,
                transaction_data=_transactions(entry, expected),
            )
            items.append(_item(entry.id, entry.format, presentation, context))
    except IdError as exc:
        run.checks.append(Check("size", "passed", _SIZE_SPEC, "one answer"))
        run.stage("shape", _SIZE_SPEC, _refuse, exc)
        return run.conclude(items)
    return _judge(run, items, expected, statuses, fetch, now)


def verify_credential(
    credential: str | Mapping[str, Any],
    *,
    policy: TrustPolicy,
    fetch: Fetch,
    statuses: StatusSource,
    now: datetime,
    types: frozenset[str] = frozenset(),
    holder_key: PublicKey | None = None,
    format: str = "dc+sd-jwt",
) -> Verdict:
    """Judge a credential as issued, without a proof of possession.

    `holder_key` is the wallet's own key: the credential must be bound to it (T94). Without it the
    check `holder_binding` is not run. A credential that arrives with a key-binding JWT is refused.
    """
    context = CheckContext(
        policy=policy,
        fetch=fetch,
        now=now,
        types=types,
        presenting=False,
        holder_binding=False,
        holder_key=holder_key,
    )
    items = [_item(None, format, credential, context)]
    return _judge(Run(), items, Expected(holder_binding=False), statuses, fetch, now)


def _judge(
    run: Run, items: list[Item], expected: Expected, statuses: StatusSource, fetch: Fetch, now: datetime
) -> Verdict:
    """Run every stage over every presentation, in order, until one fails."""
    if len(items) > 1:
        for item in items:
            item.label = item.query_id
    run.each("size", _SIZE_SPEC, items, _size)
    for name in run.examine(items):
        if name == "holder_binding" and expected.same_holder:
            run.whole(name, items[0].specs[name], _one_holder, items)
        elif name == "transaction" and expected.transaction_data:
            run.whole(name, items[0].specs[name], _all_confirmed, items, expected)
    if run.failed:
        return run.conclude(items)
    for item in items:
        item.verified = item.examination.result()
    run.stage("query", _QUERY_SPEC, _query, items, expected)
    run.each("status", STATUS_SPEC, items, _status, statuses, fetch, now)
    if expected.policy_checks and not run.failed:
        views = [item.view for item in items if item.view is not None]
        for policy_check in expected.policy_checks:
            run.policy(policy_check(views))
    return run.conclude(items)


def _item(query_id: str | None, format: str, presentation: object, context: CheckContext) -> Item:
    row = FORMATS.get(format)
    if row is None:
        raise MalformedCredential(f"credentials of this format cannot be read here; known are {', '.join(FORMATS)}")
    return Item(
        query_id=query_id,
        examination=row.examine(presentation, context),
        presentation=presentation,
        max_bytes=row.max_bytes,
        specs=row.specs,
    )


def _answers(vp_token: object, expected: Expected) -> Iterator[tuple[CredentialQuery, object]]:
    """Yield each presentation of an answer with the credential query that it answers."""
    if expected.query is None:
        raise MalformedCredential("there is no query that this could answer")
    if not isinstance(vp_token, Mapping) or not vp_token:
        raise MalformedCredential("vp_token is not an object of presentations by credential query id")
    count = 0
    for query_id, presentations in vp_token.items():
        entry = expected.query.credential(query_id) if isinstance(query_id, str) else None
        if entry is None:
            raise MalformedCredential("vp_token answers a credential query that was not asked")
        if not isinstance(presentations, list) or not presentations:
            raise MalformedCredential("vp_token has no array of presentations for a credential query")
        if len(presentations) > 1 and not entry.multiple:
            raise MalformedCredential(f"credential query {entry.id} takes exactly one presentation")
        count += len(presentations)
        if count > MAX_PRESENTATIONS:
            raise TooLarge(f"vp_token has more than {MAX_PRESENTATIONS} presentations")
        for presentation in presentations:
            yield entry, presentation


def _types(entry: CredentialQuery) -> frozenset[str]:
    """Return every type that a credential query names; whether one alternative is met in full is the query's to say."""
    return frozenset().union(*entry.types)


def _transactions(entry: CredentialQuery, expected: Expected) -> tuple[str, ...]:
    """Return the transaction data that may be confirmed with an answer to this credential query."""
    if not expected.transaction_data:
        return ()
    return tuple(data for data in expected.transaction_data if entry.id in _credential_ids(data))


def _credential_ids(data: str) -> list[Any]:
    """Return the credential queries with which one of our own transaction data objects may be confirmed."""
    try:
        ids = json_object(b64url_decode(data)).get("credential_ids")
    except Malformed as exc:
        raise MalformedCredential("the transaction data of the request are not base64url JSON") from exc
    return ids if isinstance(ids, list) else []


def _size(item: Item) -> Found:
    presentation = item.presentation
    if isinstance(presentation, str):
        size = len(presentation)
    else:
        size = len(to_wire(dict(presentation))) if isinstance(presentation, Mapping) else 0
    if size > item.max_bytes:
        raise TooLarge(f"the presentation is longer than {item.max_bytes} bytes")
    return Found(f"{size} bytes")


def _one_holder(items: Sequence[Item]) -> Found:
    """Check that one holder key stands behind every credential (T18)."""
    keys = {item.examination.holder_key for item in items}
    if len(keys) != 1 or None in keys:
        raise HolderBindingInvalid("the credentials are not all bound to one holder key")
    return Found("one holder key")


def _all_confirmed(items: Sequence[Item], expected: Expected) -> Found:
    """Check that each transaction was confirmed with one of the credentials it names (T59)."""
    confirmed: set[str] = set().union(*(item.examination.confirmed for item in items))
    missing = sum(data not in confirmed for data in expected.transaction_data)
    if missing:
        raise TransactionMismatch(f"{missing} of the transactions asked for were not confirmed")
    return Found(f"all {len(expected.transaction_data)} confirmed")


def _query(items: Sequence[Item], expected: Expected) -> Found:
    """Check the answer as a whole against the query, on verified claims only (T58)."""
    if expected.query is None:
        return Found("no query was asked", "not_run")
    answer: dict[str, list[VerifiedView]] = {}
    for item in items:
        if item.verified is not None and item.query_id is not None:
            verified = item.verified
            view = VerifiedView(
                format=verified.format,
                types=verified.types,
                claims=verified.claims,
                disclosed=verified.disclosed,
                akis=frozenset(verified.authority_key_ids),
                holder_bound=verified.holder_bound,
                positions=verified.positions,
            )
            answer.setdefault(item.query_id, []).append(view)
    check_answer(expected.query, answer)
    return Found(", ".join(answer))


def _status(item: Item, statuses: StatusSource, fetch: Fetch, now: datetime) -> Found:
    """Ask for the status of one verified credential; only then may its claims be seen."""
    verified = item.verified
    if verified is None:
        raise MalformedCredential("the credential was not verified")
    found = check_status(verified, statuses=statuses, fetch=fetch, now=now)
    item.view = CredentialView(
        format=verified.format,
        type=verified.type,
        issuer=verified.issuer.id,
        claims=verified.subject_claims,
        status="valid" if found.outcome == "passed" else None,
        valid_until=verified.valid_until,
        query_id=item.query_id,
    )
    return found


def _refuse(error: IdError) -> Found:
    raise error
