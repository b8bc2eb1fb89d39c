"""Exception handlers: every error that leaves a route becomes an answer in the form of its API."""

from collections.abc import Sequence
from typing import Any

from adreel_kit.errors import AppError, ErrorFacts, ErrorKind
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from adreel_gateway.entrypoints.http.problem import error_response
from adreel_gateway.errors import ValidationFailed

_KIND_OF_STATUS = {
    400: (ErrorKind.INVALID, "BAD_REQUEST"),
    401: (ErrorKind.DENIED, "UNAUTHENTICATED"),
    403: (ErrorKind.DENIED, "FORBIDDEN"),
    404: (ErrorKind.NOT_FOUND, "NOT_FOUND"),
    405: (ErrorKind.INVALID, "METHOD_NOT_ALLOWED"),
    413: (ErrorKind.INVALID, "REQUEST_TOO_LARGE"),
    415: (ErrorKind.INVALID, "UNSUPPORTED_MEDIA_TYPE"),
}
_SENTENCE = {404: "There is no such route.", 405: "This route does not take this method."}
_MOST_FIELDS = 50


def install_error_handlers(app: FastAPI) -> None:
    """Register the handlers; what is none of these is a bug, answered with 500 by the outermost middleware."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)


async def _app_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    return error_response(error.facts(), request.url.path)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return error_response(ValidationFailed(fields_of(error.errors())).facts(), request.url.path)


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind, code = _KIND_OF_STATUS.get(error.status_code, (ErrorKind.INVALID, "BAD_REQUEST"))
    message = _SENTENCE.get(error.status_code, str(error.detail))
    facts = ErrorFacts(kind=kind, code=code, message=message, http_status=error.status_code)
    return error_response(facts, request.url.path, error.headers)


def fields_of(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Pydantic's errors as the contract's `details.fields`: `field`, `message`, `code`. Values are not echoed."""
    fields = []
    for mistake in errors[:_MOST_FIELDS]:
        place, *path = mistake["loc"] or ("body",)
        name = ".".join(str(part) for part in path) or str(place)
        message = str(mistake["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
        fields.append({"field": name, "message": message, "code": str(mistake["type"]), "in": str(place)})
    return fields
