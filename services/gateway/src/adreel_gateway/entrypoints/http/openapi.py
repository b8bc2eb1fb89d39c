"""The OpenAPI document: groups, keys, and what no route says of itself."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

TAGS = [
    {"name": "v3-clients", "description": "Who pays: clients and their brand guidelines."},
    {"name": "v3-campaigns", "description": "Sets of ads with one brief."},
    {"name": "v3-assets", "description": "Pictures, films, sound and documents that ads are made from."},
    {"name": "v3-jobs", "description": "From a brief to a finished ad: storyboard, review, film."},
    {"name": "v3-cost", "description": "What jobs would cost, and did cost."},
    {"name": "v3-webhooks", "description": "What was told to whom, and telling it again."},
    {"name": "mv", "description": "Music videos: scenes, character references, single clips. No envelope."},
    {"name": "service", "description": "The service itself."},
]


def install_openapi(app: FastAPI) -> None:
    """Have `app` describe itself; the document is made once."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title, version=app.version, summary=app.summary, routes=app.routes, tags=TAGS
            )
            document.setdefault("components", {})["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An API key."},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            }
            document["security"] = [{"bearer": []}, {"apiKey": []}, {}]
            _drop_unused_errors(document)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]


def _drop_unused_errors(document: dict[str, Any]) -> None:
    # Our 422 has its own model on every route; FastAPI's is referred to by none.
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"].get("schemas", {}).pop(name, None)
