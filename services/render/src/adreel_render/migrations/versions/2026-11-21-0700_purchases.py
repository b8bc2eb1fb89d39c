"""The ledger of paid calls: one row per attempt, written before anything is sent."""

from alembic import op

revision = "0003_purchases"
down_revision = "0002_mv_tasks"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE purchases (
    id uuid PRIMARY KEY,
    work_key text NOT NULL,
    subject text NOT NULL,
    round text NOT NULL,
    client_id uuid,
    medium text NOT NULL CONSTRAINT ck_purchases_medium CHECK (medium IN ('video', 'image')),
    provider text NOT NULL,
    model text NOT NULL,
    inputs jsonb NOT NULL,
    inputs_hash text NOT NULL,
    reference jsonb,
    seed bigint,
    estimate jsonb NOT NULL,
    estimate_micros bigint NOT NULL,
    state text NOT NULL DEFAULT 'intended'
        CONSTRAINT ck_purchases_state CHECK (state IN ('intended', 'submitting', 'submitted', 'succeeded', 'failed',
                                                       'cancelled', 'unknown', 'parked')),
    tries integer NOT NULL DEFAULT 0,
    not_before timestamptz NOT NULL DEFAULT now(),
    submit_started_at timestamptz,
    submitted_at timestamptz,
    provider_id text,
    polls integer NOT NULL DEFAULT 0,
    looks integer NOT NULL DEFAULT 0,
    looked_at timestamptz,
    withdrawn_at timestamptz,
    cancel_told_at timestamptz,
    abandoned_at timestamptz,
    output_sha256 text,
    output_size_bytes bigint,
    output_content_type text,
    cost_micros bigint NOT NULL DEFAULT 0,
    cost_lines jsonb NOT NULL DEFAULT '[]',
    billed_to text,
    billed_at timestamptz,
    error jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    CONSTRAINT ck_purchases_sent CHECK (state = 'intended' OR state IN ('failed', 'cancelled')
                                        OR submit_started_at IS NOT NULL),
    CONSTRAINT ck_purchases_provider_id CHECK (state NOT IN ('submitted', 'succeeded') OR provider_id IS NOT NULL),
    CONSTRAINT ck_purchases_output CHECK ((state = 'succeeded') = (output_sha256 IS NOT NULL)),
    CONSTRAINT ck_purchases_settled CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (settled_at IS NOT NULL))
);
-- One live attempt per piece of work, whoever orders it and however often.
CREATE UNIQUE INDEX uq_purchases_live ON purchases (work_key)
    WHERE abandoned_at IS NULL AND state NOT IN ('failed', 'cancelled');
-- What was created at a provider belongs to one attempt.
CREATE UNIQUE INDEX uq_purchases_provider_id ON purchases (provider, provider_id);
CREATE INDEX ix_purchases_work_key ON purchases (work_key, created_at);
CREATE INDEX ix_purchases_subject ON purchases (subject);
-- Who was told that nobody wants its purchases any more; nothing is sent for them from then on.
CREATE TABLE withdrawn_subjects (
    subject text PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now()
);
"""


def upgrade() -> None:
    """Add the ledger."""
    op.execute(_TABLES)


def downgrade() -> None:
    """A ledger of money is not dropped."""
    raise NotImplementedError
