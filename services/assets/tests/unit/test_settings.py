"""A wrong setting ends the start with one sentence that names it."""

from collections.abc import Mapping

import pytest
from adreel_assets.settings import AssetsSettings
from adreel_kit.settings import load_settings

RIGHT = {
    "DATABASE_URL": "postgresql://localhost/assets",
    "ADREEL_BUS_DATABASE_URL": "postgresql://localhost/bus",
    "ADREEL_GRPC_PORT": "1",
    "ADREEL_ASSETS_DIR": "/var/lib/assets",
}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"ASSET_ALLOWED_HOSTS": "http://files.internal/"}, "ASSET_ALLOWED_HOSTS"),
        ({"ASSET_ALLOWED_HOSTS": "files.internal:99999"}, "ASSET_ALLOWED_HOSTS"),
        ({"MAX_ASSET_DOWNLOAD_SIZE_MB": "0"}, "MAX_ASSET_DOWNLOAD_SIZE_MB"),
        ({"BLOB_DELIVERY": "pigeon"}, "BLOB_DELIVERY"),
        ({"ADREEL_S3_PUBLIC_ENDPOINT": "s3.example.com", "BLOB_DELIVERY": "redirect"}, "ADREEL_S3_PUBLIC_ENDPOINT"),
        ({"ADREEL_S3_PUBLIC_ENDPOINT": "https://s3.example.com"}, "ADREEL_S3_PUBLIC_ENDPOINT"),
        ({"ADREEL_ASSETS_DIR": ""}, "ADREEL_ASSETS_DIR"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(
    wrong: Mapping[str, str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        load_settings(AssetsSettings, {**RIGHT, **wrong})
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert named in said
    assert said.count("\n") == 1


def test_no_limit_is_said_by_zero() -> None:
    settings = load_settings(AssetsSettings, {**RIGHT, "ADREEL_ASSET_QUOTA_MB_PER_CLIENT": "0"})
    assert settings.quota_bytes is None
    assert load_settings(AssetsSettings, RIGHT).quota_bytes == 51_200 * 1024 * 1024
