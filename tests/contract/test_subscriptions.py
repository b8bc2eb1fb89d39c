"""Each service subscribes to exactly the events that the catalogue names it a consumer of."""

import importlib

import pytest
from adreel import events as manifest
from adreel_embedded.services import SERVICES, Addresses, StackOptions, environment
from adreel_kit.blobs.settings import load_blob_settings
from adreel_kit.settings import load_settings


@pytest.mark.parametrize("service", SERVICES)
def test_subscriptions_are_those_of_the_catalogue(service, tmp_path, monkeypatch):
    url = "postgresql://nobody:secret@127.0.0.1:1/none"
    addresses = Addresses(
        database_urls=dict.fromkeys(SERVICES, url),
        grpc_ports={"jobs": 20001, "assets": 20002, "scenes": 20003, "render": 20004},
        health_ports={},
        http_port=20005,
        bus={"ADREEL_BUS_DATABASE_URL": url},
        blobs={"BLOB_STORAGE_TYPE": "files", "ADREEL_BLOB_DIR": str(tmp_path)},
    )
    values = environment(service, addresses, tmp_path, StackOptions())
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings_module = importlib.import_module(f"adreel_{service}.settings")
    settings = load_settings(getattr(settings_module, f"{service.capitalize()}Settings"))
    bootstrap = importlib.import_module(f"adreel_{service}.bootstrap")
    # Where a service keeps bytes is settings of their own.
    blobs = [load_blob_settings(key_prefix=bootstrap.BLOB_PREFIX)] if hasattr(bootstrap, "BLOB_PREFIX") else []
    runtime = bootstrap.build(settings, *blobs)[0]
    expected = {name for name, consumers in manifest.CONSUMERS.items() if service in consumers}
    assert runtime.bus.subscribed_types == expected
