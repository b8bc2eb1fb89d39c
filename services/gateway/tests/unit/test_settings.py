"""Settings that are missing or wrong stop the start with one sentence."""

import pytest
from adreel_gateway.settings import GatewaySettings
from adreel_kit.settings import load_settings

ENVIRONMENT = {
    "DATABASE_URL": "postgresql://127.0.0.1:1/none",
    "RABBITMQ_URL": "amqp://broker",
    "ADREEL_HTTP_PORT": "8080",
    "JOBS_GRPC_TARGET": "jobs:1",
    "ASSETS_GRPC_TARGET": "assets:1",
    "SCENES_GRPC_TARGET": "scenes:1",
    "RENDER_GRPC_TARGET": "render:1",
}


def test_a_gateway_is_closed_unless_it_is_opened() -> None:
    settings = load_settings(GatewaySettings, ENVIRONMENT)
    assert settings.adreel_auth == "keys"
    assert settings.job_create_wait_seconds == 60
    assert settings.max_upload_bytes == 100 * 1024 * 1024
    assert settings.adreel_adopt_unknown_clients is False


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ADREEL_AUTH": "open", "ADREEL_BIND_HOST": "0.0.0.0"}, "ADREEL_AUTH=open is for a loopback"),
        ({"ADREEL_AUTH": "none"}, "The setting ADREEL_AUTH is wrong"),
        ({"ADREEL_HTTP_PORT": "0"}, "The setting ADREEL_HTTP_PORT is wrong"),
        ({"JOB_CREATE_WAIT_SECONDS": "soon"}, "The setting JOB_CREATE_WAIT_SECONDS is wrong"),
        ({"ASSET_ALLOWED_HOSTS": "http://cdn"}, "The setting ASSET_ALLOWED_HOSTS is wrong"),
        ({"JOBS_GRPC_TARGET": ""}, "The setting JOBS_GRPC_TARGET is missing"),
        ({"DATABASE_URL": "mysql://x"}, "The setting DATABASE_URL is wrong"),
    ],
)
def test_a_mistake_is_named(change: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        load_settings(GatewaySettings, ENVIRONMENT | change)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err
