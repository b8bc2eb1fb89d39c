"""Routes of the service itself: what it is, its studio, its reference."""

from importlib.resources import files

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

router = APIRouter(tags=["service"])

# Pages run their own script and style and talk to this server; nothing comes from anywhere else.
_PAGE_HEADERS = {
    "content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' "
    "'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-cache",
    "vary": "accept",
}


class RouteOut(BaseModel):
    """One route."""

    method: str
    path: str
    summary: str


class ServiceOut(BaseModel):
    """What this service is and where its parts are."""

    service: str
    version: str
    description: str
    docs: str
    openapi: str
    health: dict[str, str]
    routes: list[RouteOut]


@router.get("/", summary="What this is; the studio for browsers", response_model=ServiceOut)
async def describe(request: Request) -> Response | ServiceOut:
    if "text/html" in request.headers.get("accept", ""):
        return page("studio.html")
    app = request.app
    routes = [
        RouteOut(method=method.upper(), path=path, summary=operation.get("summary", ""))
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
        if method in ("get", "post", "put", "delete")
    ]
    return ServiceOut(
        service="adreel",
        version=app.version,
        description=app.summary,
        docs="/docs",
        openapi="/openapi.json",
        health={"live": "/healthz", "ready": "/readyz", "metrics": "/metrics"},
        routes=routes,
    )


@router.get("/docs", include_in_schema=False)
async def docs() -> Response:
    return page("docs.html")


def page(name: str) -> HTMLResponse:
    """A page that ships with the package."""
    text = files("adreel_gateway.entrypoints.http.pages").joinpath(name).read_text("utf-8")
    return HTMLResponse(text, headers=_PAGE_HEADERS)
