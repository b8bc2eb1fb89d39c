"""Speeches: what was spoken, by content, and which scene of a render says which; voices in the ledger."""

from alembic import op

revision = "0004_speeches"
down_revision = "0003_purchases"
branch_labels = None
depends_on = None

_TABLES = """
-- Like clips, speeches are kept by the digest of everything that shapes them, whoever asked for them first.
CREATE TABLE speeches (
    key text PRIMARY KEY,
    sha256 text NOT NULL,
    size_bytes bigint NOT NULL,
    -- 0: nothing can be heard, and there are no bytes.
    seconds double precision NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    voice text NOT NULL,
    characters integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE render_speeches (
    render_id uuid NOT NULL REFERENCES renders (render_id) ON DELETE CASCADE,
    scene_number integer NOT NULL,
    speech_key text NOT NULL REFERENCES speeches (key),
    PRIMARY KEY (render_id, scene_number)
);
ALTER TABLE purchases DROP CONSTRAINT ck_purchases_medium;
-- Not checked against the rows there are, which the narrower rule has held: the lock is short.
ALTER TABLE purchases ADD CONSTRAINT ck_purchases_medium CHECK (medium IN ('video', 'image', 'voice')) NOT VALID;
"""


def upgrade() -> None:
    """Add them."""
    op.execute(_TABLES)


def downgrade() -> None:
    """A ledger of money is not narrowed."""
    raise NotImplementedError
