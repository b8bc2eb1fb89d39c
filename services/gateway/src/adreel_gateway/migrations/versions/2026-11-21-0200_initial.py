"""Idempotency keys, API keys, share links, rate windows, webhook deliveries; events in and out, work items.

Revision ID: 0001
"""

from adreel_kit.outbox import OUTBOX_TABLES_SQL
from adreel_kit.work_items import WORK_ITEMS_TABLE_SQL
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE idempotency_keys (
    id uuid PRIMARY KEY,
    scope text NOT NULL,
    key text NOT NULL,
    target text NOT NULL,
    fingerprint bytea,
    state text NOT NULL DEFAULT 'running'
        CONSTRAINT ck_idempotency_keys_state CHECK (state IN ('running', 'done')),
    token uuid,
    lease_until timestamptz,
    status integer,
    headers jsonb,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT uq_idempotency_keys_scope_key UNIQUE (scope, key),
    CONSTRAINT ck_idempotency_keys_done CHECK ((state = 'done') = (status IS NOT NULL)),
    CONSTRAINT ck_idempotency_keys_token CHECK ((state = 'running') = (token IS NOT NULL))
);
CREATE INDEX ix_idempotency_keys_expires_at ON idempotency_keys (expires_at);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    prefix text NOT NULL,
    secret_sha256 bytea NOT NULL CONSTRAINT uq_api_keys_secret_sha256 UNIQUE,
    name text NOT NULL,
    scopes text[] NOT NULL,
    client_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

CREATE TABLE share_links (
    token text PRIMARY KEY,
    job_id uuid NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX ix_share_links_job_id ON share_links (job_id, created_at);

-- Counters of a minute or so: losing them in a crash lets a few requests more through, so no log is written for them.
CREATE UNLOGGED TABLE rate_windows (
    bucket text NOT NULL,
    window_start bigint NOT NULL,
    count integer NOT NULL,
    PRIMARY KEY (bucket, window_start)
);

CREATE TABLE webhook_deliveries (
    id uuid PRIMARY KEY,
    event_id text NOT NULL CONSTRAINT uq_webhook_deliveries_event_id UNIQUE,
    event_type text NOT NULL,
    job_id uuid NOT NULL,
    client_id uuid NOT NULL,
    url text NOT NULL,
    body text NOT NULL,
    state text NOT NULL DEFAULT 'pending'
        CONSTRAINT ck_webhook_deliveries_state CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    rounds integer NOT NULL DEFAULT 1,
    last_status integer,
    last_error jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_attempt_at timestamptz,
    delivered_at timestamptz
);
CREATE INDEX ix_webhook_deliveries_client_id ON webhook_deliveries (client_id, created_at);
CREATE INDEX ix_webhook_deliveries_created_at ON webhook_deliveries (created_at);
CREATE TABLE webhook_secrets (
    client_id uuid PRIMARY KEY,
    secret bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
"""


def upgrade() -> None:
    for script in (OUTBOX_TABLES_SQL, WORK_ITEMS_TABLE_SQL, _TABLES):
        for statement in script.split(";\n"):
            if statement.strip():
                op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("there is nothing before the first revision")
