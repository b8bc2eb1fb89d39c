"""The service's first tables: renders, their clips, takes and films, beside the kit's own."""

from adreel_kit.blobs.postgres import BLOB_TABLES_SQL
from adreel_kit.outbox import OUTBOX_TABLES_SQL
from adreel_kit.work_items import WORK_ITEMS_TABLE_SQL
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE renders (
    render_id uuid PRIMARY KEY,
    job_id uuid NOT NULL,
    client_id uuid NOT NULL,
    storyboard_version integer NOT NULL,
    state text NOT NULL DEFAULT 'rendering'
        CONSTRAINT ck_renders_state CHECK (state IN ('rendering', 'composing', 'completed', 'failed', 'cancelled')),
    request jsonb NOT NULL,
    sequence integer NOT NULL DEFAULT 0,
    percent double precision NOT NULL DEFAULT 0,
    is_preview boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX ix_renders_job_id ON renders (job_id);
-- Clips are kept by the digest of everything that shapes them, whoever asked for them first.
CREATE TABLE clips (
    key text PRIMARY KEY,
    sha256 text NOT NULL,
    size_bytes bigint NOT NULL,
    frame_count integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE takes (
    id uuid PRIMARY KEY,
    job_id uuid NOT NULL,
    scene_id uuid NOT NULL,
    scene_number integer NOT NULL,
    clip_key text NOT NULL REFERENCES clips (key),
    backend text NOT NULL,
    model text NOT NULL,
    duration_seconds double precision NOT NULL,
    cost_micros bigint NOT NULL,
    storyboard_version integer NOT NULL,
    is_selected boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_takes_scene_id_clip_key UNIQUE (scene_id, clip_key)
);
CREATE UNIQUE INDEX uq_takes_selected ON takes (scene_id) WHERE is_selected;
CREATE INDEX ix_takes_job_id ON takes (job_id, scene_number);
CREATE TABLE render_scenes (
    render_id uuid NOT NULL REFERENCES renders (render_id) ON DELETE CASCADE,
    scene_number integer NOT NULL,
    frames_total integer NOT NULL,
    frames_done integer NOT NULL DEFAULT 0,
    clip_key text REFERENCES clips (key),
    PRIMARY KEY (render_id, scene_number)
);
CREATE TABLE media (
    job_id uuid NOT NULL,
    kind text NOT NULL,
    render_id uuid NOT NULL,
    sha256 text NOT NULL,
    size_bytes bigint NOT NULL,
    content_type text NOT NULL,
    duration_seconds double precision NOT NULL,
    width_px integer NOT NULL,
    height_px integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, kind)
);
"""


def upgrade() -> None:
    """Create everything."""
    for sql in (OUTBOX_TABLES_SQL, WORK_ITEMS_TABLE_SQL, BLOB_TABLES_SQL, _TABLES):
        op.execute(sql)


def downgrade() -> None:
    """Dropping the first tables would lose films, so there is no way back from here."""
    raise NotImplementedError
