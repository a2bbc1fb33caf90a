from datetime import timedelta

import pytest
from sqlalchemy import select

from idservice import audit
from idservice.database import reading, transaction
from idservice.service import Service
from tests.factories import NOW, FixedClock


def test_T76_a_row_is_written_in_the_acts_transaction(service: Service) -> None:
    with pytest.raises(RuntimeError), transaction(service.engine) as db:
        audit.record(db, service, act="offer.created", actor="staff:1", subject="offer:1")
        raise RuntimeError
    with reading(service.engine) as db:
        assert audit.page(db) == []


def test_rows_wait_for_the_chain(service: Service) -> None:
    with transaction(service.engine) as db:
        row_id = audit.record(
            db, service, act="offer.created", actor="staff:1", subject="offer:1", data={"type": "pid"}
        )
    with reading(service.engine) as db:
        row = db.execute(select(audit.audit_rows)).one()
    assert (row.id, row.at, row.data) == (row_id, NOW, {"type": "pid"})
    assert (row.sequence, row.previous_hash, row.hash) == (None, None, None)


def test_pages_follow_each_other_in_order(service: Service, clock: FixedClock) -> None:
    ids = []
    for number in range(7):
        with transaction(service.engine) as db:
            ids.append(audit.record(db, service, act=f"act.{number % 2}", actor="service", subject="s"))
        clock.advance(timedelta(seconds=number % 2))
    with reading(service.engine) as db:
        seen: list[str] = []
        while page := audit.page(db, after=seen[-1] if seen else None, limit=2):
            seen += [row.id for row in page]
        assert sorted(seen) == sorted(ids)
        assert [row.at for row in audit.page(db)] == sorted(row.at for row in audit.page(db))
        assert {row.act for row in audit.page(db, act="act.1")} == {"act.1"}
        assert audit.page(db, subject="other") == []
