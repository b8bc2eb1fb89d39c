"""Which prompt each scene came from."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; scenes from before say nothing."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("scenes", "scene_revisions"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN prompt_version text NOT NULL DEFAULT ''")


def downgrade() -> None:
    """Drop them."""
    for table in ("scenes", "scene_revisions"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN prompt_version")
