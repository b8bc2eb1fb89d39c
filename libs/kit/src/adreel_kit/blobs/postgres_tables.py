"""The two tables of the PostgreSQL blob store, for a service's own migrations.

In an Alembic migration: `create_blob_tables(op.execute)` in `upgrade`, `drop_blob_tables(op.execute)` in `downgrade`.
The statements are given one by one because asyncpg prepares them, and prepares one at a time. These texts do not change
once released: a later shape is a further function for a further migration.
"""

from collections.abc import Callable

BLOB_TABLES_STATEMENTS = (
    # Without a name (and size) the row is an upload under way, or the rest of one that was interrupted.
    """
    CREATE TABLE blobs (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_blobs PRIMARY KEY,
        sha256 text COLLATE "C" CONSTRAINT uq_blobs_sha256 UNIQUE
            CONSTRAINT ck_blobs_sha256_is_hex CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        size_bytes bigint CONSTRAINT ck_blobs_size_is_not_negative CHECK (size_bytes >= 0),
        created_at timestamptz NOT NULL DEFAULT now(),
        modified_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT ck_blobs_named_with_size CHECK ((sha256 IS NULL) = (size_bytes IS NULL))
    )
    """,
    "CREATE INDEX ix_blobs_incomplete ON blobs (modified_at) WHERE sha256 IS NULL",
    """
    CREATE TABLE blob_chunks (
        blob_id bigint NOT NULL CONSTRAINT fk_blob_chunks_blob_id REFERENCES blobs (id) ON DELETE CASCADE,
        seq integer NOT NULL CONSTRAINT ck_blob_chunks_seq_is_not_negative CHECK (seq >= 0),
        bytes bytea NOT NULL,
        CONSTRAINT pk_blob_chunks PRIMARY KEY (blob_id, seq)
    )
    """,
    # Images, video and sound do not shrink further; EXTERNAL spares the attempt.
    "ALTER TABLE blob_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL",
)

BLOB_TABLES_SQL = ";\n".join(statement.strip() for statement in BLOB_TABLES_STATEMENTS) + ";\n"
"""The same as one script, for `psql` and for a plain `connection.execute`."""


def create_blob_tables(execute: Callable[[str], object]) -> None:
    for statement in BLOB_TABLES_STATEMENTS:
        execute(statement)


def drop_blob_tables(execute: Callable[[str], object]) -> None:
    execute("DROP TABLE blob_chunks")
    execute("DROP TABLE blobs")
