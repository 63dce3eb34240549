"""The API as its OpenAPI document describes it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
    SecurityScheme,
)

from service.answers import Problem, ProfileShown

PATH = "/openapi.json"
INGEST: Final = (400, 401, 404, 413, 429, 503)
PROFILES: Final = (400, 401, 403, 404, 503)
COUNTERS: Final = (401, 403, 503)
BOOT: Final = (400, 401, 404)

_TEXT = Schema(type=OpenAPIType.STRING)
_ID = Schema(one_of=[_TEXT, Schema(type=OpenAPIType.NUMBER), Schema(type=OpenAPIType.NULL)])
_OBJECT = Schema(one_of=[Schema(type=OpenAPIType.OBJECT), Schema(type=OpenAPIType.NULL)])
_MOMENT = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME)

_CALL = Schema(
    type=OpenAPIType.OBJECT,
    description="A call in Segment's shape: anonymousId, userId or both; more fields may follow.",
    properties={
        "type": _TEXT,
        "messageId": _ID,
        "anonymousId": _ID,
        "userId": _ID,
        "previousId": _ID,
        "groupId": _ID,
        "event": _TEXT,
        "name": _TEXT,
        "category": _TEXT,
        "properties": _OBJECT,
        "traits": _OBJECT,
        "context": _OBJECT,
        "timestamp": _MOMENT,
        "originalTimestamp": _MOMENT,
        "sentAt": _MOMENT,
    },
)
_BATCH = Schema(
    type=OpenAPIType.OBJECT,
    required=["batch"],
    properties={
        "batch": Schema(type=OpenAPIType.ARRAY, items=_CALL, max_items=2_500),
        "context": _OBJECT,
        "sentAt": _MOMENT,
        "writeKey": _TEXT,
    },
)

_EVENT = Schema(
    type=OpenAPIType.OBJECT,
    description="An event of the seed product: ec and ea, or en, and uid; more fields may follow.",
    properties={
        **dict.fromkeys(("ec", "ea", "en", "timestamp"), _TEXT),
        **dict.fromkeys(("uid", "aid", "messageId", "prop_id"), _ID),
        **dict.fromkeys(("dims", "extra", "cvar", "context"), _OBJECT),
        "items": Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.OBJECT)),
    },
)


def _taking(schema: Schema) -> RequestBody:
    return RequestBody(required=True, content={"application/json": OpenAPIMediaType(schema)})


@dataclass
class BatchOperation(Operation):
    """Takes a batch; its body is read by us, so Litestar cannot know it."""

    def __post_init__(self) -> None:
        self.request_body = _taking(_BATCH)
        self.security = [{"writeKey": []}]


@dataclass
class CallOperation(Operation):
    """Takes one call; see `BatchOperation`."""

    def __post_init__(self) -> None:
        self.request_body = _taking(_CALL)
        self.security = [{"writeKey": []}]


@dataclass
class EventOperation(Operation):
    """Takes events of the seed product; see `BatchOperation`."""

    def __post_init__(self) -> None:
        events = Schema(type=OpenAPIType.ARRAY, items=_EVENT, max_items=2_500)
        self.request_body = _taking(Schema(one_of=[_EVENT, events]))
        self.security = [{"writeKey": []}]


@dataclass
class QueryOperation(Operation):
    """Takes a call whose fields are the query's, whichever they are."""

    def __post_init__(self) -> None:
        key = Parameter(name="writeKey", param_in="query", schema=_TEXT)
        self.parameters = [key]
        self.security = [{"writeKey": []}]


def described(shape: Any, description: str) -> ResponseSpec:
    """Describe one answer."""
    return ResponseSpec(shape, description=description, generate_examples=False)


def problems(shape: Any, *statuses: int) -> dict[int, ResponseSpec]:
    """Describe the answer of an address and, for each further status, its problem."""
    described_problems = {
        status: described(Problem, HTTPStatus(status).phrase) for status in statuses or INGEST
    }
    return {200: described(shape, "As asked"), **described_problems}


def profiles() -> dict[int, ResponseSpec]:
    """Describe the answers of an address that gives a profile."""
    return {
        **problems(ProfileShown, *PROFILES),
        304: described(None, "The version in If-None-Match is the current one"),
    }


def openapi() -> OpenAPIConfig:
    """Serve the document at `/openapi.json`."""
    return OpenAPIConfig(
        title="Onefold",
        version="1",
        path=PATH,
        render_plugins=[JsonRenderPlugin(path="/")],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "writeKey": SecurityScheme(type="http", scheme="basic"),
                "token": SecurityScheme(type="http", scheme="bearer"),
            }
        ),
    )
