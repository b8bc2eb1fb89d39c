"""All routes under `/api/mv`, one module per kind of thing made."""

from fastapi import APIRouter

from adreel_gateway.entrypoints.http.mv import images, scenes, videos

MV_TAG = "mv"


def mv_routes() -> APIRouter:
    """The routes, without their prefix."""
    router = APIRouter(tags=[MV_TAG])
    for part in (scenes, images, videos):
        router.include_router(part.router)
    return router
