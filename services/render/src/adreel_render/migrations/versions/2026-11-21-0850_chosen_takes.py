"""What a take was chosen in place of, so that the choice outlives the next render of an unchanged scene."""

from alembic import op

revision = "0005_chosen_takes"
down_revision = "0004_speeches"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the clip that a person chose this take over."""
    op.execute("ALTER TABLE takes ADD COLUMN chosen_over text")


def downgrade() -> None:
    """Forget the choices."""
    op.execute("ALTER TABLE takes DROP COLUMN chosen_over")
