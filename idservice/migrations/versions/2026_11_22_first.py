"""The first tables."""
# ruff: noqa: E501  (statements of triggers stand in one line)

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from idservice.database import UtcDateTime

revision: str = "2026_11_22_first"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "agencies",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("purposes", sa.JSON(), nullable=False),
        sa.Column("redirect_uris", sa.JSON(), nullable=False),
        sa.Column("webhook_url", sa.String(length=1500), nullable=True),
        sa.Column("policy_url", sa.String(length=1500), nullable=True),
        sa.Column("revision", sa.String(length=22), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agencies")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_agencies_token_hash")),
    )
    op.create_table(
        "audit_rows",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("previous_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_rows")),
        sa.UniqueConstraint("sequence", name=op.f("uq_audit_rows_sequence")),
    )
    op.create_index(op.f("ix_audit_rows_at_id"), "audit_rows", ["at", "id"], unique=False)
    op.create_index(op.f("ix_audit_rows_subject"), "audit_rows", ["subject"], unique=False)
    op.create_table(
        "case_numbers",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_case_numbers")),
    )
    op.create_table(
        "idempotency_answers",
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("request", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("pk_idempotency_answers")),
    )
    op.create_index(op.f("ix_idempotency_answers_expires_at"), "idempotency_answers", ["expires_at"], unique=False)
    op.create_table(
        "issuer_offers",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("link_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("handle_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("tx_code_mac", sa.LargeBinary(length=32), nullable=True),
        sa.Column("tx_code_misses", sa.Integer(), nullable=False),
        sa.Column("holder_jkt", sa.String(length=43), nullable=True),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("redeemed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuer_offers")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_issuer_offers_code_hash")),
        sa.UniqueConstraint("handle_hash", name=op.f("uq_issuer_offers_handle_hash")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_issuer_offers_link_hash")),
    )
    op.create_index(op.f("ix_issuer_offers_case_id"), "issuer_offers", ["case_id"], unique=False)
    op.create_index(op.f("ix_issuer_offers_expires_at"), "issuer_offers", ["expires_at"], unique=False)
    op.create_table(
        "leases",
        sa.Column("job", sa.String(length=80), nullable=False),
        sa.Column("holder", sa.String(length=22), nullable=True),
        sa.Column("leased_until", sa.Float(), nullable=False),
        sa.Column("due", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_leases")),
    )
    op.create_table(
        "limit_counters",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("window_start", UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", "window_start", name=op.f("pk_limit_counters")),
    )
    op.create_index(op.f("ix_limit_counters_expires_at"), "limit_counters", ["expires_at"], unique=False)
    op.create_table(
        "personal_codes",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reserved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_personal_codes")),
    )
    op.create_table(
        "persons",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("code_mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persons")),
        sa.UniqueConstraint("code_mac", name=op.f("uq_persons_code_mac")),
    )
    op.create_index(op.f("ix_persons_person_mac"), "persons", ["person_mac"], unique=False)
    op.create_table(
        "presentation_requests",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("agency_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("purpose", sa.String(length=80), nullable=True),
        sa.Column("flow", sa.String(length=12), nullable=False),
        sa.Column("handle", sa.String(length=8), nullable=False),
        sa.Column("client_id", sa.String(length=300), nullable=False),
        sa.Column("request_ref", sa.String(length=22), nullable=False),
        sa.Column("response_ref", sa.String(length=22), nullable=False),
        sa.Column("nonce", sa.String(length=43), nullable=False),
        sa.Column("wire_state", sa.String(length=22), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("transaction_data", sa.JSON(), nullable=False),
        sa.Column("key_jwk", sa.JSON(), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("redirect_uri", sa.String(length=2000), nullable=True),
        sa.Column("webhook_url", sa.String(length=2000), nullable=True),
        sa.Column("session_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("response_code_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("error", sa.String(length=40), nullable=True),
        sa.Column("verdict", sa.JSON(), nullable=True),
        sa.Column("credentials_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("claims_until", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presentation_requests")),
        sa.UniqueConstraint("handle", name=op.f("uq_presentation_requests_handle")),
        sa.UniqueConstraint("request_ref", name=op.f("uq_presentation_requests_request_ref")),
        sa.UniqueConstraint("response_ref", name=op.f("uq_presentation_requests_response_ref")),
    )
    op.create_index(op.f("ix_presentation_requests_agency_id"), "presentation_requests", ["agency_id"], unique=False)
    op.create_index(
        op.f("ix_presentation_requests_claims_until"), "presentation_requests", ["claims_until"], unique=False
    )
    op.create_index(op.f("ix_presentation_requests_ended_at"), "presentation_requests", ["ended_at"], unique=False)
    op.create_index(
        op.f("ix_presentation_requests_state_expires_at"),
        "presentation_requests",
        ["state", "expires_at"],
        unique=False,
    )
    op.create_table(
        "single_use_values",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "digest", name=op.f("pk_single_use_values")),
    )
    op.create_index(op.f("ix_single_use_values_expires_at"), "single_use_values", ["expires_at"], unique=False)
    op.create_table(
        "staff_keys",
        sa.Column("staff_id", sa.String(length=22), nullable=False),
        sa.Column("thumbprint", sa.String(length=43), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "thumbprint", name=op.f("pk_staff_keys")),
    )
    op.create_table(
        "staff_members",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_members")),
        sa.UniqueConstraint("name", name=op.f("uq_staff_members_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_members_token_hash")),
    )
    op.create_table(
        "status_lists",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("size >= 131072", name=op.f("ck_status_lists_large")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_lists")),
    )
    op.create_table(
        "trusted_lists",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_trusted_lists")),
    )
    op.create_table(
        "type_metadata",
        sa.Column("vct", sa.String(length=300), nullable=False),
        sa.Column("rules_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("vct", name=op.f("pk_type_metadata")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("agency_id", sa.String(length=40), nullable=False),
        sa.Column("request_id", sa.String(length=22), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("verdict", sa.JSON(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
    )
    op.create_index(
        op.f("ix_webhook_deliveries_delivered_at_next_at"),
        "webhook_deliveries",
        ["delivered_at", "next_at"],
        unique=False,
    )
    op.create_index(op.f("ix_webhook_deliveries_request_id"), "webhook_deliveries", ["request_id"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("auth_jkt", sa.String(length=43), nullable=True),
        sa.Column("sign_jkt", sa.String(length=43), nullable=True),
        sa.Column("live_auth_jkt", sa.String(length=43), nullable=True),
        sa.Column("application_id", sa.String(length=22), nullable=True),
        sa.Column("person_mac", sa.LargeBinary(length=32), nullable=True),
        sa.Column("document_mac", sa.LargeBinary(length=32), nullable=True),
        sa.Column("receipt_mac", sa.LargeBinary(length=32), nullable=True),
        sa.Column("receipt_by", sa.String(length=120), nullable=True),
        sa.Column("person_id", sa.String(length=22), nullable=True),
        sa.Column("previous_case_id", sa.String(length=22), nullable=True),
        sa.Column("renewal_code", sa.LargeBinary(length=32), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("decision_due", UtcDateTime(), nullable=False),
        sa.Column("grant_id", sa.String(length=22), nullable=True),
        sa.Column("date_of_expiry", sa.Date(), nullable=True),
        sa.Column("offer_id", sa.String(length=64), nullable=True),
        sa.Column("activated_at", UtcDateTime(), nullable=True),
        sa.Column("next_check_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'paid', 'checks', 'info_requested', 'approved', 'refused', 'ready', 'active', 'suspended', 'revoked', 'expired')",
            name=op.f("ck_cases_state"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_cases_person_id")),
        sa.ForeignKeyConstraint(["previous_case_id"], ["cases.id"], name=op.f("fk_cases_previous_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("id", "state", name=op.f("uq_cases_id_state")),
        sa.UniqueConstraint("live_auth_jkt", name=op.f("uq_cases_live_auth_jkt")),
        sa.UniqueConstraint("number", name=op.f("uq_cases_number")),
        sa.UniqueConstraint("receipt_mac", name=op.f("uq_cases_receipt_mac")),
        sa.UniqueConstraint("renewal_code", name=op.f("uq_cases_renewal_code")),
    )
    op.create_index(op.f("ix_cases_date_of_expiry"), "cases", ["date_of_expiry"], unique=False)
    op.create_index(op.f("ix_cases_document_mac"), "cases", ["document_mac"], unique=False)
    op.create_index(op.f("ix_cases_next_check_at"), "cases", ["next_check_at"], unique=False)
    op.create_index(op.f("ix_cases_person_id"), "cases", ["person_id"], unique=False)
    op.create_index(op.f("ix_cases_person_mac"), "cases", ["person_mac"], unique=False)
    op.create_index(op.f("ix_cases_previous_case_id"), "cases", ["previous_case_id"], unique=False)
    op.create_table(
        "issuer_credentials",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("offer_id", sa.String(length=22), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=True),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("holder_thumbprint", sa.String(length=43), nullable=True),
        sa.Column("row_ref", sa.String(length=120), nullable=True),
        sa.Column("dataset", sa.LargeBinary(), nullable=True),
        sa.Column("certificate", sa.LargeBinary(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["issuer_offers.id"], name=op.f("fk_issuer_credentials_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuer_credentials")),
    )
    op.create_index(op.f("ix_issuer_credentials_case_id"), "issuer_credentials", ["case_id"], unique=False)
    op.create_index(op.f("ix_issuer_credentials_offer_id"), "issuer_credentials", ["offer_id"], unique=False)
    op.create_table(
        "issuer_tokens",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("offer_id", sa.String(length=22), nullable=False),
        sa.Column("jkt", sa.String(length=43), nullable=True),
        sa.Column("client_id", sa.String(length=200), nullable=True),
        sa.Column("granted", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["offer_id"], ["issuer_offers.id"], name=op.f("fk_issuer_tokens_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuer_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_issuer_tokens_digest")),
    )
    op.create_index(op.f("ix_issuer_tokens_expires_at"), "issuer_tokens", ["expires_at"], unique=False)
    op.create_index(op.f("ix_issuer_tokens_offer_id"), "issuer_tokens", ["offer_id"], unique=False)
    op.create_table(
        "status_entries",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("list_id", sa.String(length=22), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.CheckConstraint("place >= 0", name=op.f("ck_status_entries_place")),
        sa.CheckConstraint("value IN (0, 1, 2)", name=op.f("ck_status_entries_value")),
        sa.ForeignKeyConstraint(["list_id"], ["status_lists.id"], name=op.f("fk_status_entries_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_entries")),
        sa.UniqueConstraint("list_id", "place", name=op.f("uq_status_entries_list_id_place")),
    )
    op.create_index(op.f("ix_status_entries_list_id_value"), "status_entries", ["list_id", "value"], unique=False)
    op.create_index(op.f("ix_status_entries_value_until"), "status_entries", ["value", "until"], unique=False)
    op.create_table(
        "status_tokens",
        sa.Column("list_id", sa.String(length=22), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["status_lists.id"], name=op.f("fk_status_tokens_list_id")),
        sa.PrimaryKeyConstraint("list_id", name=op.f("pk_status_tokens")),
    )
    op.create_table(
        "case_applications",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("case_id", sa.String(length=22), nullable=False),
        sa.Column("jkt", sa.String(length=43), nullable=False),
        sa.Column("jti", sa.LargeBinary(length=32), nullable=False),
        sa.Column("payload_mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=43), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_applications_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_applications")),
        sa.UniqueConstraint("jkt", "jti", name=op.f("uq_case_applications_jkt_jti")),
    )
    op.create_index(op.f("ix_case_applications_case_id"), "case_applications", ["case_id"], unique=False)
    op.create_table(
        "case_checks",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("case_id", sa.String(length=22), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("result", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("officer", sa.String(length=120), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.CheckConstraint("result IN ('passed', 'look', 'failed')", name=op.f("ck_case_checks_result")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_checks_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_checks")),
    )
    op.create_index(op.f("ix_case_checks_case_id"), "case_checks", ["case_id"], unique=False)
    op.create_table(
        "case_ends",
        sa.Column("case_id", sa.String(length=22), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "state"], ["cases.id", "cases.state"], name=op.f("fk_case_ends_case_id_state")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_ends")),
    )
    op.create_table(
        "case_followups",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("case_id", sa.String(length=22), nullable=False),
        sa.Column("open_case_id", sa.String(length=22), nullable=True),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_followups_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_followups")),
        sa.UniqueConstraint("open_case_id", name=op.f("uq_case_followups_open_case_id")),
    )
    op.create_index(op.f("ix_case_followups_case_id"), "case_followups", ["case_id"], unique=False)
    op.create_table(
        "case_notes",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("case_id", sa.String(length=22), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("officer", sa.String(length=120), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_notes_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_notes")),
    )
    op.create_index(op.f("ix_case_notes_case_id"), "case_notes", ["case_id"], unique=False)
    op.create_table(
        "case_proposals",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("case_id", sa.String(length=22), nullable=False),
        sa.Column("open_case_id", sa.String(length=22), nullable=True),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("base_hash", sa.String(length=43), nullable=False),
        sa.Column("content_hash", sa.String(length=43), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state <> 'approved' OR decided_by IS NOT NULL", name=op.f("ck_case_proposals_decided")),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> author", name=op.f("ck_case_proposals_four_eyes")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_proposals_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_proposals")),
        sa.UniqueConstraint("open_case_id", name=op.f("uq_case_proposals_open_case_id")),
    )
    op.create_index(op.f("ix_case_proposals_case_id"), "case_proposals", ["case_id"], unique=False)
    op.create_table(
        "issuer_issues",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("token_id", sa.String(length=22), nullable=False),
        sa.Column("identifier", sa.String(length=80), nullable=False),
        sa.Column("credential_id", sa.String(length=22), nullable=False),
        sa.Column("notification_id", sa.String(length=22), nullable=False),
        sa.Column("notified", sa.String(length=24), nullable=True),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["issuer_credentials.id"], name=op.f("fk_issuer_issues_credential_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuer_issues")),
        sa.UniqueConstraint("notification_id", name=op.f("uq_issuer_issues_notification_id")),
        sa.UniqueConstraint("token_id", "identifier", name=op.f("uq_issuer_issues_token_id_identifier")),
    )
    op.create_index(op.f("ix_issuer_issues_credential_id"), "issuer_issues", ["credential_id"], unique=False)
    op.create_table(
        "check_marks",
        sa.Column("check_id", sa.String(length=22), nullable=False),
        sa.Column("officer", sa.String(length=120), nullable=False),
        sa.Column("mark", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["case_checks.id"], name=op.f("fk_check_marks_check_id")),
        sa.PrimaryKeyConstraint("check_id", "officer", name=op.f("pk_check_marks")),
    )
    op.create_table(
        "issuer_copies",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("issue_id", sa.String(length=22), nullable=False),
        sa.Column("credential_id", sa.String(length=22), nullable=False),
        sa.Column("thumbprint", sa.String(length=43), nullable=False),
        sa.Column("status_id", sa.String(length=64), nullable=False),
        sa.Column("status_uri", sa.String(length=300), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["issuer_credentials.id"], name=op.f("fk_issuer_copies_credential_id")
        ),
        sa.ForeignKeyConstraint(["issue_id"], ["issuer_issues.id"], name=op.f("fk_issuer_copies_issue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuer_copies")),
        sa.UniqueConstraint("issue_id", "thumbprint", name=op.f("uq_issuer_copies_issue_id_thumbprint")),
        sa.UniqueConstraint("status_id", name=op.f("uq_issuer_copies_status_id")),
        sa.UniqueConstraint("status_uri", "status_index", name=op.f("uq_issuer_copies_status_uri_status_index")),
    )
    op.create_index(
        op.f("ix_issuer_copies_credential_id_valid_until"),
        "issuer_copies",
        ["credential_id", "valid_until"],
        unique=False,
    )

    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION issuer_offers_forward() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.state <> 'waiting' AND NEW.state = 'waiting' THEN RAISE EXCEPTION 'an offer that ended never waits again'; END IF; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER issuer_offers_forward BEFORE UPDATE ON issuer_offers FOR EACH ROW EXECUTE FUNCTION issuer_offers_forward()"
        )

    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER issuer_offers_forward BEFORE UPDATE ON issuer_offers WHEN OLD.state <> 'waiting' AND NEW.state = 'waiting' BEGIN SELECT RAISE(ABORT, 'an offer that ended never waits again'); END"
        )

    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION issuer_credentials_forward() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.state = 'revoked' AND NEW.state <> 'revoked' THEN RAISE EXCEPTION 'a revoked credential stays revoked'; END IF; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER issuer_credentials_forward BEFORE UPDATE ON issuer_credentials FOR EACH ROW EXECUTE FUNCTION issuer_credentials_forward()"
        )

    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER issuer_credentials_forward BEFORE UPDATE ON issuer_credentials WHEN OLD.state = 'revoked' AND NEW.state <> 'revoked' BEGIN SELECT RAISE(ABORT, 'a revoked credential stays revoked'); END"
        )

    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION issuer_tokens_forward() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL THEN RAISE EXCEPTION 'a revoked token stays dead'; END IF; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER issuer_tokens_forward BEFORE UPDATE ON issuer_tokens FOR EACH ROW EXECUTE FUNCTION issuer_tokens_forward()"
        )

    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER issuer_tokens_forward BEFORE UPDATE ON issuer_tokens WHEN OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL BEGIN SELECT RAISE(ABORT, 'a revoked token stays dead'); END"
        )

    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION status_entries_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'DELETE' THEN IF OLD.value = 1 THEN RAISE EXCEPTION 'a revoked status never goes'; END IF; RETURN OLD; END IF; IF OLD.value = 1 AND (NEW.value <> 1 OR NEW.list_id <> OLD.list_id OR NEW.place <> OLD.place) THEN RAISE EXCEPTION 'a revoked status never changes'; END IF; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER status_entries_keep BEFORE UPDATE OR DELETE ON status_entries FOR EACH ROW EXECUTE FUNCTION status_entries_keep()"
        )

    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER status_entries_keep BEFORE UPDATE ON status_entries WHEN OLD.value = 1 AND (NEW.value <> 1 OR NEW.list_id <> OLD.list_id OR NEW.place <> OLD.place) BEGIN SELECT RAISE(ABORT, 'a revoked status never changes'); END"
        )
        op.execute(
            "CREATE TRIGGER status_entries_stay BEFORE DELETE ON status_entries WHEN OLD.value = 1 BEGIN SELECT RAISE(ABORT, 'a revoked status never goes'); END"
        )

    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION status_tokens_forward() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.version < OLD.version OR NEW.issued_at < OLD.issued_at THEN RAISE EXCEPTION 'a published status list never goes back'; END IF; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER status_tokens_forward BEFORE UPDATE ON status_tokens FOR EACH ROW EXECUTE FUNCTION status_tokens_forward()"
        )

    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER status_tokens_forward BEFORE UPDATE ON status_tokens WHEN NEW.version < OLD.version OR NEW.issued_at < OLD.issued_at BEGIN SELECT RAISE(ABORT, 'a published status list never goes back'); END"
        )
