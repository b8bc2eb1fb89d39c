"""Settings make the right store, or one sentence that names the variable."""

from pathlib import Path

import pytest
from adreel_kit.blobs.files import FileBlobStore
from adreel_kit.blobs.postgres import PostgresBlobStore
from adreel_kit.blobs.s3 import S3BlobStore
from adreel_kit.blobs.settings import (
    BlobSettings,
    BlobSettingsError,
    BlobStorageType,
    build_blob_store,
    load_blob_settings,
)

S3 = {
    "BLOB_STORAGE_TYPE": "s3",
    "S3_ENDPOINT": "http://storage:9000",
    "S3_BUCKET_NAME": "media",
    "S3_REGION": "eu-central-1",
    "S3_ACCESS_KEY": "access",
    "S3_SECRET_KEY": "top-secret",
}


def test_files_are_the_default(tmp_path: Path) -> None:
    settings = BlobSettings.from_environment({"ADREEL_BLOB_DIR": str(tmp_path)})
    assert settings.storage_type is BlobStorageType.FILES
    assert isinstance(build_blob_store(settings), FileBlobStore)


def test_postgres_takes_the_database_it_is_given() -> None:
    settings = BlobSettings.from_environment({"BLOB_STORAGE_TYPE": "postgres"})

    class Database:
        def connection(self) -> None:
            raise AssertionError("nothing is opened by building")

    assert isinstance(build_blob_store(settings, Database()), PostgresBlobStore)  # type: ignore[arg-type]
    with pytest.raises(BlobSettingsError, match="BLOB_STORAGE_TYPE=postgres"):
        build_blob_store(settings)


async def test_s3_is_built_without_a_call() -> None:
    store = build_blob_store(BlobSettings.from_environment({**S3, "BLOB_STORAGE_TYPE": " S3 "}, key_prefix="films"))
    assert isinstance(store, S3BlobStore)
    await store.aclose()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"BLOB_STORAGE_TYPE": "minio"}, "BLOB_STORAGE_TYPE must be one of files, postgres, s3, not 'minio'."),
        ({"BLOB_STORAGE_TYPE": ""}, "ADREEL_BLOB_DIR must name a directory when BLOB_STORAGE_TYPE is files."),
        (
            {"BLOB_STORAGE_TYPE": "files", "ADREEL_BLOB_DIR": "data"},
            "ADREEL_BLOB_DIR must be an absolute path, not 'data'.",
        ),
        ({"S3_ENDPOINT": ""}, "S3_ENDPOINT must be set when BLOB_STORAGE_TYPE is s3."),
        ({"S3_BUCKET_NAME": " "}, "S3_BUCKET_NAME must be set when BLOB_STORAGE_TYPE is s3."),
        ({"S3_REGION": ""}, "S3_REGION must be set when BLOB_STORAGE_TYPE is s3."),
        ({"S3_ACCESS_KEY": ""}, "S3_ACCESS_KEY must be set when BLOB_STORAGE_TYPE is s3."),
        ({"S3_SECRET_KEY": ""}, "S3_SECRET_KEY must be set when BLOB_STORAGE_TYPE is s3."),
        ({"S3_BUCKET_NAME": "My_Bucket"}, "S3_BUCKET_NAME is not a valid bucket name: 'My_Bucket'."),
        ({"S3_BUCKET_NAME": "10.0.0.1"}, "S3_BUCKET_NAME is not a valid bucket name: '10.0.0.1'."),
        ({"ADREEL_BLOB_KEY_PREFIX": "a/b"}, "ADREEL_BLOB_KEY_PREFIX is wrong: a key prefix is one word of"),
    ],
)
def test_mistake_is_one_sentence_that_names_the_variable(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(BlobSettingsError) as raised:
        BlobSettings.from_environment({**S3, **change})
    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize(
    "endpoint",
    [
        "storage:9000",
        "ftp://storage",
        "http://",
        "http://user:password@storage:9000",
        "http://storage:9000/path",
        "http://storage:nine",
        "http://storage:99999",
        "http://storage?x=1",
    ],
)
def test_endpoint_is_an_address_and_no_more_and_is_not_repeated(endpoint: str) -> None:
    with pytest.raises(BlobSettingsError) as raised:
        BlobSettings.from_environment({**S3, "S3_ENDPOINT": endpoint})
    assert str(raised.value).startswith("S3_ENDPOINT must be http:// or https://")
    assert "password" not in str(raised.value)


def test_mistake_ends_the_process_with_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        load_blob_settings({**S3, "S3_REGION": ""})
    assert raised.value.code == 2
    assert capsys.readouterr().err == "S3_REGION must be set when BLOB_STORAGE_TYPE is s3.\n"
    assert load_blob_settings(S3, key_prefix="films").key_prefix == "films"


def test_settings_of_another_type_are_not_looked_at(tmp_path: Path) -> None:
    environment = {**S3, "S3_ENDPOINT": "nonsense", "BLOB_STORAGE_TYPE": "files", "ADREEL_BLOB_DIR": str(tmp_path)}
    assert BlobSettings.from_environment(environment).storage_type is BlobStorageType.FILES


def test_keys_do_not_show() -> None:
    settings = BlobSettings.from_environment(S3)
    assert "top-secret" not in repr(settings)
    assert "access" not in repr(settings).replace("s3_access", "")
