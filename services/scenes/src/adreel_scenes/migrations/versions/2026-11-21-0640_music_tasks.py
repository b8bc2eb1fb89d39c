"""Tasks that write music-video scenes."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = """
-- One row per `create_scenes`, with its defaults applied and its backend chosen when it was ordered. `scenes` are kept
-- as soon as they are written, so that a file that cannot be written yet buys no second answer. What the calls cost is
-- in `writing_costs`, under the task's id.
CREATE TABLE music_tasks (
    id uuid PRIMARY KEY,
    client_id text NOT NULL,
    request jsonb NOT NULL,
    backend text NOT NULL,
    state text NOT NULL DEFAULT 'pending'
        CONSTRAINT ck_music_tasks_state CHECK (state IN ('pending', 'completed', 'failed')),
    scenes jsonb,
    files jsonb NOT NULL DEFAULT '{}',
    error jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT ck_music_tasks_end CHECK ((state = 'pending') = (finished_at IS NULL)),
    CONSTRAINT ck_music_tasks_scenes CHECK (state <> 'completed' OR scenes IS NOT NULL),
    CONSTRAINT ck_music_tasks_error CHECK ((state = 'failed') = (error IS NOT NULL))
);
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(_TABLES)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE music_tasks")
