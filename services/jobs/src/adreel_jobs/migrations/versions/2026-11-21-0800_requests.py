"""Requests that made or changed something, so that one repeated after a crash of its caller does nothing twice."""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = """
CREATE TABLE requests (
    key text PRIMARY KEY,
    subject uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_requests_at ON requests (at);
"""


def upgrade() -> None:
    op.execute(_TABLES)
