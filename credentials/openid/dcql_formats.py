"""What DCQL says differently per credential format (OpenID4VP 1.0 Appendix B): one row per format identifier."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from credentials.claims import ClaimPath

Types = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatRules:
    """`types(meta)` returns the alternatives that `meta` allows, None when `meta` does not fit the format;
    `path_fits(path)` tells whether a claims path can exist in it."""

    types: Callable[[Mapping[str, Any]], Types | None]
    path_fits: Callable[[ClaimPath], bool]


def _strings(value: object) -> list[str] | None:
    if isinstance(value, list) and value and all(isinstance(item, str) and item for item in value):
        return value
    return None


def _vct_values(meta: Mapping[str, Any]) -> Types | None:
    values = _strings(meta.get("vct_values"))
    return None if values is None else tuple((value,) for value in values)


def _doctype(meta: Mapping[str, Any]) -> Types | None:
    value = meta.get("doctype_value")
    return ((value,),) if isinstance(value, str) and value else None


def _type_values(meta: Mapping[str, Any]) -> Types | None:
    values = meta.get("type_values")
    if not isinstance(values, list) or not values:
        return None
    alternatives = [_strings(value) for value in values]
    found = tuple(tuple(value) for value in alternatives if value is not None)
    return found if len(found) == len(values) else None


def _any_path(path: ClaimPath) -> bool:
    return bool(path)


def _namespace_and_element(path: ClaimPath) -> bool:
    return len(path) == 2 and all(isinstance(part, str) for part in path)


DCQL_FORMATS: Mapping[str, FormatRules] = {
    "dc+sd-jwt": FormatRules(types=_vct_values, path_fits=_any_path),
    "mso_mdoc": FormatRules(types=_doctype, path_fits=_namespace_and_element),
    "ldp_vc": FormatRules(types=_type_values, path_fits=_any_path),
    "jwt_vc_json": FormatRules(types=_type_values, path_fits=_any_path),
}
