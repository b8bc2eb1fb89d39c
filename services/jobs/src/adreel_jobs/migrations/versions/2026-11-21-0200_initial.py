"""Clients, campaigns, jobs with their history, bills, and the tables of the kit."""

from adreel_kit.outbox import OUTBOX_TABLES_SQL
from adreel_kit.work_items import WORK_ITEMS_TABLE_SQL
from alembic import op

revision = "0001"
down_revision = None

# Deleted clients and campaigns stay as rows, because jobs that have ended still name them.
_TABLES = """
CREATE TABLE clients (
    id uuid PRIMARY KEY,
    external_id text,
    name text NOT NULL,
    description text NOT NULL,
    homepage text NOT NULL,
    brand jsonb,
    metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX uq_clients_external_id ON clients (external_id) WHERE deleted_at IS NULL;
CREATE INDEX ix_clients_created_at ON clients (created_at DESC, id DESC) WHERE deleted_at IS NULL;

CREATE TABLE campaigns (
    id uuid PRIMARY KEY,
    client_id uuid NOT NULL CONSTRAINT fk_campaigns_client_id REFERENCES clients (id),
    name text NOT NULL,
    goal text NOT NULL,
    status text NOT NULL CONSTRAINT ck_campaigns_status CHECK (status IN ('active', 'paused', 'archived')),
    brief text NOT NULL,
    product_url text NOT NULL,
    metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX ix_campaigns_client_id ON campaigns (client_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX ix_campaigns_created_at ON campaigns (created_at DESC, id DESC) WHERE deleted_at IS NULL;

CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    client_id uuid NOT NULL CONSTRAINT fk_jobs_client_id REFERENCES clients (id),
    campaign_id uuid CONSTRAINT fk_jobs_campaign_id REFERENCES campaigns (id),
    input jsonb NOT NULL,
    request_key text CONSTRAINT uq_jobs_request_key UNIQUE,
    request_fingerprint text,
    status text NOT NULL CONSTRAINT ck_jobs_status CHECK (status IN (
        'pending', 'storyboard_review', 'in_progress', 'rendering', 'completed', 'failed', 'cancelled')),
    phase text,
    version bigint NOT NULL,
    progress jsonb NOT NULL,
    storyboard jsonb NOT NULL,
    writing jsonb,
    render jsonb,
    locked_scenes jsonb NOT NULL,
    error jsonb,
    failed_step text,
    has_video boolean NOT NULL DEFAULT false,
    video_duration_seconds double precision NOT NULL DEFAULT 0,
    cancel_reason text,
    estimate jsonb,
    estimated_micros bigint,
    reserved_micros bigint NOT NULL DEFAULT 0,
    approval_token uuid,
    approval_until timestamptz,
    heard_at timestamptz NOT NULL DEFAULT now(),
    nudges integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_jobs_rendering CHECK (status <> 'rendering' OR (render IS NOT NULL AND phase IS NOT NULL)),
    CONSTRAINT ck_jobs_completed CHECK (status <> 'completed' OR has_video),
    CONSTRAINT ck_jobs_failed CHECK (status <> 'failed' OR error IS NOT NULL),
    CONSTRAINT ck_jobs_pending CHECK (status <> 'pending' OR phase IS NOT NULL)
);
CREATE INDEX ix_jobs_created_at ON jobs (created_at DESC, id DESC);
CREATE INDEX ix_jobs_client_id ON jobs (client_id, created_at DESC, id DESC);
CREATE INDEX ix_jobs_campaign_id ON jobs (campaign_id, created_at DESC, id DESC);
-- The watchdog's: jobs that somebody else works on.
CREATE INDEX ix_jobs_heard_at ON jobs (heard_at)
    WHERE status IN ('pending', 'in_progress', 'rendering') OR (status = 'storyboard_review' AND writing IS NOT NULL);

CREATE TABLE job_assets (
    job_id uuid NOT NULL CONSTRAINT fk_job_assets_job_id REFERENCES jobs (id),
    asset_id uuid NOT NULL,
    position integer NOT NULL,
    origin text NOT NULL,
    status text NOT NULL CONSTRAINT ck_job_assets_status CHECK (status IN ('pending', 'ready', 'failed')),
    role text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    source_url text NOT NULL,
    error jsonb,
    facts jsonb,
    PRIMARY KEY (job_id, asset_id),
    CONSTRAINT ck_job_assets_ready CHECK ((status = 'ready') = (facts IS NOT NULL))
);

CREATE TABLE job_changes (
    job_id uuid NOT NULL CONSTRAINT fk_job_changes_job_id REFERENCES jobs (id),
    version bigint NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    phase text,
    progress jsonb NOT NULL,
    scene_number integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, version)
);

CREATE TABLE job_transitions (
    job_id uuid NOT NULL CONSTRAINT fk_job_transitions_job_id REFERENCES jobs (id),
    version bigint NOT NULL,
    from_status text NOT NULL,
    to_status text NOT NULL,
    cause text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, version)
);

CREATE TABLE job_bill_lines (
    job_id uuid NOT NULL CONSTRAINT fk_job_bill_lines_job_id REFERENCES jobs (id),
    bill_group text NOT NULL,
    source text NOT NULL,
    line integer NOT NULL,
    is_whole boolean NOT NULL,
    kind text NOT NULL,
    description text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    quantity double precision NOT NULL,
    unit text NOT NULL,
    amount_micros bigint NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, source, line)
);

-- The lines that count: a group's whole bill where there is one, its parts where not.
CREATE VIEW job_cost_lines AS
SELECT l.* FROM job_bill_lines l
WHERE l.is_whole OR NOT EXISTS (
    SELECT 1 FROM job_bill_lines w WHERE w.job_id = l.job_id AND w.bill_group = l.bill_group AND w.is_whole
);
"""


def upgrade() -> None:
    op.execute(OUTBOX_TABLES_SQL)
    op.execute(WORK_ITEMS_TABLE_SQL)
    op.execute(_TABLES)
