"""What the containers are given against what the services read: a setting that one side forgot stops a deployment."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from adreel_kit.blobs.settings import BlobSettings, BlobStorageType
from adreel_kit.settings import load_settings
from pydantic_settings import BaseSettings

ROOT = Path(__file__).parents[2]
SERVICES = ("jobs", "assets", "scenes", "render", "gateway")
FILES = ("docker-compose.yml", "deploy/compose.providers.yml")
BLOB_VARIABLES = {
    "BLOB_STORAGE_TYPE",
    "S3_ENDPOINT",
    "S3_BUCKET_NAME",
    "S3_REGION",
    "S3_ACCESS_KEY",
    "S3_SECRET_KEY",
}
_REFERENCE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_LOCKED = re.compile(r"^([\w.\[\]-]+)==([^ ;\\]+)", re.MULTILINE)


def compose(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def environment_of(service: str, *files: str) -> dict[str, str]:
    """What a process of the service's container finds, with every variable of `.env` left at its default."""
    values = dict(re.findall(r"(?<=[\s])([A-Z][A-Z0-9_]*)=(\S+)", _env_lines(service)))
    for file in files:
        given = compose(file)["services"].get(service, {}).get("environment", {})
        values |= {key: _REFERENCE.sub(lambda found: found[2] or "", str(value)) for key, value in given.items()}
    return values


def _env_lines(service: str) -> str:
    text = (ROOT / "services" / service / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    # Only the last stage's variables are in the image.
    return "\n".join(line for line in text.rsplit("\nFROM ", 1)[1].splitlines() if line.startswith("ENV "))


def settings_of(service: str) -> type[BaseSettings]:
    module = importlib.import_module(f"adreel_{service}.settings")
    found: type[BaseSettings] = getattr(module, f"{service.capitalize()}Settings")
    return found


def variables(settings: type[BaseSettings]) -> set[str]:
    names = set()
    for name, field in settings.model_fields.items():
        choices = getattr(field.validation_alias, "choices", [field.validation_alias or name])
        names |= {str(choice).upper() for choice in choices}
    return names


@pytest.mark.parametrize("files", [FILES[:1], FILES], ids=["alone", "with providers"])
@pytest.mark.parametrize("service", SERVICES)
def test_a_container_starts_with_the_settings_it_is_given(service: str, files: tuple[str, ...]) -> None:
    environment = environment_of(service, *files)

    settings = load_settings(settings_of(service), environment)

    assert settings.model_dump()["adreel_bind_host"] == "0.0.0.0"
    if "BLOB_STORAGE_TYPE" in environment:
        assert BlobSettings.from_environment(environment).storage_type is BlobStorageType.S3


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_given_to_a_container_is_one_that_it_reads(service: str) -> None:
    given = set(compose(FILES[0])["services"][service]["environment"])

    assert given - variables(settings_of(service)) - BLOB_VARIABLES == set()


def test_the_gateway_runs_closed_and_is_the_only_one_published() -> None:
    services = compose(FILES[0])["services"]

    assert services["gateway"]["environment"]["ADREEL_AUTH"] == "keys"
    assert [name for name, service in services.items() if "ports" in service] == ["gateway"]
    assert all(port.startswith("127.0.0.1:") for port in services["gateway"]["ports"])


def test_only_assets_is_on_a_network_that_leads_outside() -> None:
    content = compose(FILES[0])
    leading_outside = {
        name
        for name, network in content["networks"].items()
        if not network.get("internal")
        and network.get("driver_opts", {}).get("com.docker.network.bridge.enable_ip_masquerade") != "false"
    }

    on_them = {
        name
        for name, service in content["services"].items()
        if leading_outside & set(service.get("networks", ["default"]))
    }

    assert on_them == {"assets"}


@pytest.mark.parametrize("service", SERVICES)
def test_our_containers_have_no_privileges_and_write_nowhere_but_where_they_are_told(service: str) -> None:
    services = compose(FILES[0])["services"]

    for container in (services[service], services[f"{service}-migrate"]):
        assert container["read_only"] is True
        assert container["cap_drop"] == ["ALL"]
        assert container["security_opt"] == ["no-new-privileges:true"]
        assert "mem_limit" in container
        assert "privileged" not in container


def test_the_example_of_env_names_every_variable_with_its_default() -> None:
    used = dict[str, str]()
    for file in FILES:
        used |= dict(_REFERENCE.findall((ROOT / file).read_text("utf-8")))
    del used["PIP_INDEX_URL"]  # of the building machine, not of the deployment

    lines = (ROOT / "deploy/compose.env.example").read_text("utf-8").splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    assert example == used


@pytest.mark.parametrize("lock", [*(f"services/{name}/requirements.lock" for name in SERVICES), "deploy/build.lock"])
def test_an_image_installs_the_versions_that_the_tests_run_with(lock: str) -> None:
    workspace = set(_LOCKED.findall((ROOT / "requirements.lock").read_text("utf-8")))
    text = (ROOT / lock).read_text("utf-8")

    pins = set(_LOCKED.findall(text))

    assert pins
    assert pins <= workspace
    assert "://" not in text
