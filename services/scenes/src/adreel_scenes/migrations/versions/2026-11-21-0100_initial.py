"""The service's first tables: storyboards, scenes and what scenes were before."""

from adreel_kit.outbox import OUTBOX_TABLES_SQL
from adreel_kit.work_items import WORK_ITEMS_TABLE_SQL
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
-- One row per job, made when its first storyboard is asked for. `request` is the last request for writing, whose
-- brief all checks use; `writing_id` names the writing under way, if any, and `writing_scene` its scene.
CREATE TABLE storyboards (
    job_id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 0,
    is_locked boolean NOT NULL DEFAULT false,
    asked_ms integer NOT NULL,
    generator text NOT NULL DEFAULT '',
    feedback jsonb NOT NULL DEFAULT '[]',
    warnings jsonb NOT NULL DEFAULT '[]',
    highest_revision integer NOT NULL DEFAULT 0,
    request jsonb NOT NULL,
    writing_id uuid,
    writing_scene integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE scenes (
    scene_id uuid PRIMARY KEY,
    job_id uuid NOT NULL REFERENCES storyboards (job_id) ON DELETE CASCADE,
    number integer NOT NULL CONSTRAINT ck_scenes_number CHECK (number >= 1),
    content jsonb NOT NULL,
    revision integer NOT NULL,
    generator text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT uq_scenes_job_id_number UNIQUE (job_id, number) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE scene_revisions (
    scene_id uuid NOT NULL,
    revision integer NOT NULL,
    job_id uuid NOT NULL,
    number integer NOT NULL,
    content jsonb NOT NULL,
    generator text NOT NULL,
    cause text NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (scene_id, revision)
);
-- What failed attempts at a piece of writing have cost, billed with its end.
CREATE TABLE writing_costs (
    request_id uuid NOT NULL,
    attempt integer NOT NULL,
    lines jsonb NOT NULL,
    PRIMARY KEY (request_id, attempt)
);
CREATE INDEX ix_scene_revisions_job_id ON scene_revisions (job_id, number);
"""


def upgrade() -> None:
    """Create everything."""
    for sql in (OUTBOX_TABLES_SQL, WORK_ITEMS_TABLE_SQL, _TABLES):
        op.execute(sql)


def downgrade() -> None:
    """Dropping the first tables would lose storyboards, so there is no way back from here."""
    raise NotImplementedError
