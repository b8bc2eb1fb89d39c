"""The service's first tables: assets and who uses them."""

from adreel_kit.blobs.postgres import BLOB_TABLES_SQL
from adreel_kit.outbox import OUTBOX_TABLES_SQL
from adreel_kit.work_items import WORK_ITEMS_TABLE_SQL
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE assets (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    asked_type text,
    type text,
    format text,
    content_type text,
    source_url text,
    size_bytes bigint,
    sha256 text,
    width_px integer,
    height_px integer,
    duration_seconds double precision,
    fps double precision,
    has_audio boolean,
    page_count integer,
    is_inline_safe boolean NOT NULL DEFAULT false,
    thumbnail_sha256 text,
    thumbnail_size_bytes bigint,
    thumbnail_content_type text,
    tags text[] NOT NULL DEFAULT '{}',
    role text,
    user_id text,
    client_id uuid,
    campaign_id uuid,
    status text NOT NULL CONSTRAINT ck_assets_status CHECK (status IN ('pending', 'ready', 'failed')),
    error jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_assets_ready CHECK (status <> 'ready' OR (sha256 IS NOT NULL AND type IS NOT NULL)),
    CONSTRAINT ck_assets_failed CHECK ((status = 'failed') = (error IS NOT NULL))
);
CREATE INDEX ix_assets_created_at ON assets (created_at DESC, id DESC);
CREATE INDEX ix_assets_client_id ON assets (client_id, created_at DESC);
CREATE INDEX ix_assets_sha256 ON assets (sha256);
CREATE INDEX ix_assets_thumbnail_sha256 ON assets (thumbnail_sha256);
CREATE INDEX ix_assets_tags ON assets USING gin (tags);
-- A live job holds its assets; the row goes when the job ends.
CREATE TABLE asset_uses (
    asset_id uuid NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    job_id uuid NOT NULL,
    PRIMARY KEY (asset_id, job_id)
);
CREATE INDEX ix_asset_uses_job_id ON asset_uses (job_id);
"""


def upgrade() -> None:
    """Create everything."""
    for sql in (OUTBOX_TABLES_SQL, WORK_ITEMS_TABLE_SQL, BLOB_TABLES_SQL, _TABLES):
        op.execute(sql)


def downgrade() -> None:
    """Dropping the first tables would lose assets, so there is no way back from here."""
    raise NotImplementedError
