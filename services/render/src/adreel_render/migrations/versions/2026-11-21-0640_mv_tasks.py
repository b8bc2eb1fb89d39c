"""Tasks of /api/mv: pictures, clips and joined clips, each with its order, its result or its error."""

from alembic import op

revision = "0002_mv_tasks"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE mv_tasks (
    id uuid PRIMARY KEY,
    kind text NOT NULL
        CONSTRAINT ck_mv_tasks_kind CHECK (kind IN ('image', 'video', 'merge')),
    client_id uuid,
    plan jsonb NOT NULL,
    state text NOT NULL DEFAULT 'pending'
        CONSTRAINT ck_mv_tasks_state CHECK (state IN ('pending', 'running', 'completed', 'failed')),
    progress double precision NOT NULL DEFAULT 0,
    -- Where the result lies below the output root, less its ending: no two tasks share one.
    stem text NOT NULL
        CONSTRAINT uq_mv_tasks_stem UNIQUE,
    path text NOT NULL DEFAULT '',
    sha256 text,
    size_bytes bigint,
    content_type text,
    metadata jsonb NOT NULL DEFAULT '{}',
    cost_micros bigint NOT NULL DEFAULT 0,
    error jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT ck_mv_tasks_result CHECK ((state = 'completed') = (sha256 IS NOT NULL)),
    CONSTRAINT ck_mv_tasks_error CHECK ((state = 'failed') = (error IS NOT NULL))
);
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(_TABLES)


def downgrade() -> None:
    """Dropping it would lose what was made, so there is no way back from here."""
    raise NotImplementedError
