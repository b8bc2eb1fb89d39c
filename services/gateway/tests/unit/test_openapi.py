"""The OpenAPI document, and what the service says of itself."""

from typing import Any

import pytest
from openapi_spec_validator import validate


async def test_the_document_is_valid_and_grouped(door: Any) -> None:
    document = (await door.get("/openapi.json")).json()
    validate(document)
    known = {tag["name"] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert set(operation["tags"]) <= known, path
            assert operation["summary"], (path, method)
            assert operation["operationId"]


async def test_every_route_of_v3_documents_its_errors_in_the_envelope(door: Any) -> None:
    document = (await door.get("/openapi.json")).json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/api/v3"):
                for status in ("422", "429", "503"):
                    schema = operation["responses"][status]["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/ErrorEnvelope"}, (path, method, status)
                if method == "post":
                    assert any(p["name"] == "Idempotency-Key" for p in operation["parameters"]), path


async def test_a_job_order_shows_the_contracts_example_fields(door: Any) -> None:
    schemas = (await door.get("/openapi.json")).json()["components"]["schemas"]
    assert {"context", "adBasics", "creative", "video", "webhookUrl"} == set(schemas["JobIn"]["properties"])
    assert set(schemas["JobIn"]["required"]) == {"context", "adBasics", "creative"}


async def test_the_root_describes_the_service_to_programs(door: Any) -> None:
    body = (await door.get("/", headers={"Accept": "application/json"})).json()
    assert {"method": "POST", "path": "/api/v3/jobs"}.items() <= next(
        route for route in body["routes"] if route["path"] == "/api/v3/jobs" and route["method"] == "POST"
    ).items()


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_pages_load_nothing_from_elsewhere(door: Any, path: str) -> None:
    response = await door.get(path, headers={"Accept": "text/html"})
    assert response.headers["content-type"].startswith("text/html")
    assert "<script" in response.text
    assert "http://" not in response.text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in response.text
    assert "default-src 'self'" in response.headers["content-security-policy"]
