"""Downloads under way, by which limits are counted, and uploads that come in steps."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = """
-- One row per download that was begun, kept for a little longer than the minute that rates are counted over.
CREATE TABLE downloads (
    id uuid PRIMARY KEY,
    host text NOT NULL,
    client_id uuid,
    started_at timestamptz NOT NULL DEFAULT now(),
    held_until timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX ix_downloads_host ON downloads (host, started_at);
CREATE INDEX ix_downloads_client_id ON downloads (client_id, started_at);
CREATE INDEX ix_downloads_started_at ON downloads (started_at);
CREATE INDEX ix_assets_client_pending ON assets (client_id) WHERE status = 'pending';
CREATE TABLE uploads (
    id uuid PRIMARY KEY,
    client_id uuid,
    fields jsonb NOT NULL,
    announced_bytes bigint NOT NULL,
    announced_sha256 text,
    is_staged boolean NOT NULL,
    stored_sha256 text,
    stored_bytes bigint,
    asset_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT ck_uploads_stored CHECK ((stored_sha256 IS NULL) = (stored_bytes IS NULL))
);
CREATE INDEX ix_uploads_created_at ON uploads (created_at);
CREATE INDEX ix_uploads_stored_sha256 ON uploads (stored_sha256);
"""


def upgrade() -> None:
    """Create both."""
    op.execute(_TABLES)


def downgrade() -> None:
    """Uploads and downloads under way are lost with the tables; nothing that was kept is."""
    op.execute("DROP TABLE uploads")
    op.execute("DROP TABLE downloads")
    op.execute("DROP INDEX ix_assets_client_pending")
