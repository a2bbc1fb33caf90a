"""The OpenAPI 3.1 documents, one for each audience: registrar (staff listener), agency and wallet (public listener).

Made from the routers, which know paths, parameters and bodies, and from the rooms' tables (`api.py`), which know
words, examples and refusals. A route without a row, or a row without a route, stops the making. Nothing in a document
depends on the installation.
"""

import importlib.metadata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from idservice.apidoc import PARAMETERS, Content, Operation, Table
from idservice.apirefusals import SCHEMAS, SHARED, refusals
from idservice.app import public_routers, staff_routers
from idservice.issuer import api as issuer
from idservice.registrar import api as registrar
from idservice.registry import api as registry
from idservice.registry.routes import health_router
from idservice.service import Service
from idservice.verifier import api as verifier

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who a document is for, and the tables whose operations it holds."""

    title: str
    description: str
    tables: tuple[Table, ...]

    @property
    def rows(self) -> dict[str, Operation]:
        """Every operation of the audience."""
        return {key: row for table in self.tables for key, row in table.items()}


_ERRORS = (
    "Refusals of `/v1` are problem documents (RFC 9457) with a stable `code`, what was wrong (`detail`), the next step "
    "(`hint`) and an `id` that the operator finds in the logs; `type` is a page about the code. Endpoints of a "
    "standard answer in its own shape, with the house code before the colon of `error_description`."
)

AUDIENCES: Mapping[str, Audience] = {
    "registrar": Audience(
        title="OpenResidency: registrar API",
        description="For officers and their machines, on the staff listener: cases from application to renewal, "
        f"decisions that take two persons, offers, the audit trail.\n\n{_ERRORS}",
        tables=(registrar.STAFF, issuer.STAFF, registry.HEALTH),
    ),
    "agency": Audience(
        title="OpenResidency: agency API",
        description="For registered verifiers: ask a person to show credentials, read what came of it, judge a "
        f"credential that is at hand.\n\n{_ERRORS}",
        tables=(verifier.AGENCY,),
    ),
    "wallet": Audience(
        title="OpenResidency: wallet API",
        description="For wallets: OpenID4VCI 1.0, OpenID4VP 1.0, what residents do by themselves, and what anybody "
        "may read. The addresses for people, `/r/{handle}` and `/offer/{handle}`, answer the link as JSON "
        f"(`request` or `offer`) where only `application/json` is accepted.\n\n{_ERRORS}",
        tables=(issuer.WALLET, verifier.WALLET, registrar.RESIDENT, registry.PUBLIC, registry.HEALTH),
    ),
}

_SECURITY: Mapping[str, tuple[Json, ...]] = {
    "public": (),
    "staff": ({"staffToken": []},),
    "agency": ({"agencyToken": []},),
    "resident": ({"dpopProof": []},),
    "wallet": ({"accessToken": []}, {"dpopToken": [], "dpopProof": []}),
}
_SCHEMES: Mapping[str, Json] = {
    "staffToken": {"type": "http", "scheme": "bearer", "description": "Token of a member of staff."},
    "agencyToken": {"type": "http", "scheme": "bearer", "description": "Token of a registered agency."},
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "Access token of a direct offer redeemed without DPoP.",
    },
    "dpopToken": {
        "type": "http",
        "scheme": "DPoP",
        "description": "Access token bound to a key (RFC 9449); a proof with `ath` goes with it.",
    },
    "dpopProof": {
        "type": "apiKey",
        "in": "header",
        "name": "DPoP",
        "description": "DPoP proof (RFC 9449) for this method and address, with a fresh `jti`.",
    },
}
_KEY_PARAMETER: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A fresh random value. The same request under the same key gets the same answer for 24 h.",
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,200}$"},
}
_OWN_HEADERS = frozenset({"idempotency-key"})


def documents(service: Service) -> dict[str, Json]:
    """Return audience -> OpenAPI 3.1 document. Raises LookupError where a table and the routes differ."""
    public = _routes(public_routers(service))
    staff = _routes([health_router(service), *staff_routers(service)])
    by_listener = {"registrar": staff, "agency": public, "wallet": public}
    described = {key for name in ("agency", "wallet") for key in AUDIENCES[name].rows}
    _compare(public.keys(), described)
    _compare(staff.keys(), AUDIENCES["registrar"].rows.keys())
    return {name: _document(audience, by_listener[name]) for name, audience in AUDIENCES.items()}


def _routes(routers: Iterable[APIRouter]) -> dict[str, APIRoute]:
    routes = (route for router in routers for route in router.routes)
    shown = [route for route in routes if isinstance(route, APIRoute) and route.include_in_schema]
    return {f"{method} {route.path}": route for route in shown for method in sorted(route.methods or ())}


def _compare(routes: Iterable[str], rows: Iterable[str]) -> None:
    differing = sorted(set(routes) ^ set(rows))
    if differing:
        raise LookupError(f"described or routed, but not both: {', '.join(differing)}")


def _document(audience: Audience, routes: Mapping[str, APIRoute]) -> Json:
    rows = audience.rows
    made = get_openapi(
        title=audience.title,
        version=importlib.metadata.version("openresidency"),
        description=audience.description,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        routes=[routes[key] for key in rows],
    )
    models = _Models(row for row in rows.values())
    for key, row in rows.items():
        method, _, path = key.partition(" ")
        made["paths"][path][method.lower()] = _operation(made["paths"][path][method.lower()], key, row, models)
    schemas = made.get("components", {}).get("schemas", {}) | models.definitions | SCHEMAS
    used = [scheme for row in rows.values() for choice in _SECURITY[row.access] for scheme in choice]
    named = {name: SHARED[name] for name in sorted(_references(made["paths"], "responses"))}
    shown = [made["paths"], named]
    made["components"] = {"schemas": dict(sorted(_reached(shown, schemas))), "responses": named}
    if used:
        made["components"]["securitySchemes"] = {name: _SCHEMES[name] for name in sorted(set(used))}
    made["tags"] = [{"name": tag} for tag in sorted({tag for op in _operations(made) for tag in op["tags"]})]
    return made


def _operation(found: Json, key: str, row: Operation, models: "_Models") -> Json:
    method, _, path = key.partition(" ")
    operation: Json = {
        "operationId": row.id,
        "summary": row.summary,
        "description": row.description,
        "tags": found["tags"],
        "security": list(_SECURITY[row.access]),
    }
    parameters = [_parameter(one) for one in found.get("parameters", []) if not _is_own(one, row)]
    parameters += [_KEY_PARAMETER] if row.keyed else []
    if parameters:
        operation["parameters"] = parameters
    body = _body(found, row, models)
    if body is not None:
        operation["requestBody"] = body
    responses = {str(status): models.response(contents) for status, contents in row.answers.items()}
    if row.cached:
        responses["304"] = {"description": "Unchanged since the `ETag` that `If-None-Match` names."}
    refused = refusals(path, row, posts=method == "POST", asks=bool(parameters))
    operation["responses"] = dict(sorted((responses | refused).items()))
    return operation


def _is_own(parameter: Json, row: Operation) -> bool:
    """Say whether a header parameter is said elsewhere: by `keyed`, or by the security scheme."""
    if parameter["in"] != "header":
        return False
    return parameter["name"].lower() in _OWN_HEADERS or (parameter["name"] == "DPoP" and row.access == "resident")


def _parameter(parameter: Json) -> Json:
    words, example = PARAMETERS[parameter["name"]]
    schema = {name: value for name, value in parameter["schema"].items() if name != "title"}
    if parameter["in"] == "path":
        schema["minLength"] = 1
    value: Any = int(example) if schema.get("type") == "integer" else example
    return {**parameter, "description": words, "schema": schema, "example": value}


def _body(found: Json, row: Operation, models: "_Models") -> Json | None:
    if row.body is not None:
        return {"required": True, "content": models.content((row.body,))}
    declared: Json | None = found.get("requestBody")
    if declared is None:
        return None
    [(media, content)] = declared["content"].items()
    examples = {name: {"value": value} for name, value in row.sends.items()}
    if not examples:
        raise LookupError(f"{row.id} has a body and no example of it")
    schema = {name: value for name, value in content["schema"].items() if name != "title"}
    return {**declared, "content": {media: {"schema": schema, "examples": examples}}}


# --- models ---------------------------------------------------------------------------------------


class _Models:
    """The schemas of answers and of bodies that routes read by themselves."""

    def __init__(self, rows: Iterable[Operation]) -> None:
        listed = list(rows)
        contents = [one for row in listed for found in row.answers.values() for one in found]
        contents += [row.body for row in listed if row.body is not None]
        types = {repr(one.model): one.model for one in contents if not isinstance(one.model, Mapping)}
        inputs: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
            (name, "serialization", TypeAdapter(model)) for name, model in types.items()
        ]
        made, definitions = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
        self._schemas = {name: schema for (name, _), schema in made.items()}
        self.definitions: Json = definitions.get("$defs", {})

    def content(self, contents: Iterable[Content]) -> Json:
        """Return the `content` of a body or an answer."""
        return {
            one.media: {
                "schema": self._schema(one.model),
                "examples": {name: {"value": value} for name, value in one.examples.items()},
            }
            for one in contents
        }

    def response(self, contents: tuple[Content, ...]) -> Json:
        """Return the response object of a success; no contents, no body."""
        return {"description": "Done.", **({"content": self.content(contents)} if contents else {})}

    def _schema(self, model: Any) -> Json:
        return dict(model) if isinstance(model, Mapping) else self._schemas[repr(model)]


def _reached(found: Any, schemas: Json) -> Iterator[tuple[str, Json]]:
    """Yield the schemas that `found` leads to; what FastAPI adds for its own refusals is not among them."""
    seen: set[str] = set()
    waiting = list(_references(found, "schemas"))
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name, schemas[name]
            waiting += _references(schemas[name], "schemas")


def _references(value: Any, kind: str) -> set[str]:
    """Return the names of the components of one kind that a value refers to."""
    if isinstance(value, list):
        return {name for member in value for name in _references(member, kind)}
    if not isinstance(value, dict):
        return set()
    reference = value.get("$ref")
    own = {reference.rpartition("/")[2]} if isinstance(reference, str) and f"/{kind}/" in reference else set()
    return own | {name for member in value.values() for name in _references(member, kind)}


def _operations(document: Json) -> Iterator[Json]:
    return (operation for path in document["paths"].values() for operation in path.values())
