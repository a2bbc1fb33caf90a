"""What a page says of a request and of a verdict, in words. No disclosed value ever comes here."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.units import format_unit

from credentials.claims import ClaimPath, format_path
from credentials.openid.dcql import CredentialQuery, Query, parse_query
from credentials.type_metadata import TypeMetadata, parse_type_metadata
from idservice.access import Purpose
from idservice.catalogue import CredentialType
from idservice.service import Service
from idservice.web.help_texts import HELP
from idservice.web.texts import mark, translations

from .presentation import EndedRequest

MAX_NOT_ASKED = 6

STATE_WORDS: Mapping[str, str] = {
    "waiting": mark("Waiting for your wallet. Nothing has been sent yet."),
    "opened": mark("Your wallet has opened the request. Nothing has been sent yet."),
    "answered": mark("Answer received, checking."),
    "refused": mark("Nothing was shared."),
    "expired": mark("The request has run out. Nothing was shared."),
    "done": mark("The answer has been received."),
}

CHECKS: Mapping[str, tuple[str, str]] = {
    "size": (mark("Message size"), mark("The message is not larger than is sensible.")),
    "shape": (mark("Message shape"), mark("The message has the form that its standard demands.")),
    "type": (mark("Type and format"), mark("It is the kind of credential that was asked for.")),
    "algorithm": (mark("Algorithm"), mark("It was signed by a method on the list of safe ones.")),
    "issuer_trust": (mark("Issuer is trusted"), mark("The issuer is on the list for this kind of credential.")),
    "signature": (mark("Signature"), mark("Nothing was changed since the issuer signed it.")),
    "time": (mark("Dates"), mark("It has begun and has not ended.")),
    "holder_binding": (
        mark("Made by your key"),
        mark("It was shown by the wallet it was issued to, for this request."),
    ),
    "transaction": (mark("Transaction"), mark("What was confirmed is what was shown.")),
    "disclosures": (mark("Shown facts"), mark("Every fact that was shown belongs to the credential.")),
    "query": (mark("Matches the question"), mark("Exactly what was asked for was shown, and nothing else.")),
    "status": (mark("Status"), mark("The issuer has not withdrawn or suspended it.")),
}
"""Title and meaning of each check, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One credential that is asked for: its name, the labels of the claims, and a word if it is not simply needed."""

    type: str
    claims: tuple[str, ...]
    note: str = ""


def asked(service: Service, query: Mapping[str, Any], language: str) -> tuple[list[Asked], list[str]]:
    """Return what a query asks for, and labels of what the same credentials hold and nobody asks."""
    parsed = parse_query(query)
    groups: list[Asked] = []
    left_out: dict[str, None] = {}
    for entry in parsed.credentials:
        known = [found for vct in _types(entry) if (found := _known(service, vct)) is not None]
        metadata = [parse_type_metadata(one.metadata, vct=one.vct) for one in known]
        paths = [claim.path for claim in entry.claims or ()]
        names = tuple(dict.fromkeys(_label(metadata, path, language) for path in paths))
        title = ", ".join(one.name(language, "en") for one in metadata) or ", ".join(_types(entry)) or entry.format
        groups.append(Asked(type=title, claims=names, note=_note(parsed, entry)))
        tops = {path[0] for path in paths}
        left_out |= dict.fromkeys(
            _label(metadata, (name,), language) for one in known for name in one.mandatory if name not in tops
        )
    wanted = {label for group in groups for label in group.claims}
    return groups, [label for label in left_out if label not in wanted][:MAX_NOT_ASKED]


def purpose_words(purposes: Iterable[Purpose], language: str) -> str:
    """Return the registered words for what the data are for."""
    return "; ".join(one.description.get(language) or one.description.get("en", one.name) for one in purposes)


_RETENTION = re.compile(r"P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+S)?)?")


def retention_words(purposes: Sequence[Purpose], language: str) -> str | None:
    """Return how long the agency keeps what it gets, the longest of its purposes; None for not at all."""
    longest: tuple[int, tuple[int, int, int], str] = (0, (0, 0, 0), "")
    for one in purposes:
        match = _RETENTION.fullmatch(one.retention)
        if match is None:
            return one.retention
        years, months, days = (int(part or 0) for part in match.groups())
        longest = max(longest, (years * 366 + months * 31 + days, (years, months, days), one.retention))
    total, counts, text = longest
    if total == 0:
        return None if all(one.retention in ("PT0S", "P0D") for one in purposes) else text or purposes[0].retention
    units = ("duration-year", "duration-month", "duration-day")
    return ", ".join(
        format_unit(count, unit, locale=language) for count, unit in zip(counts, units, strict=True) if count
    )


def check_rows(verdict: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the checks of a verdict as a page shows them, with titles and meanings for people."""
    shown = []
    for check in verdict["checks"]:
        title, meaning = CHECKS.get(check["name"], (check["name"], ""))
        shown.append({"code": None, **check, "title": title, "meaning": meaning})
    return shown


def failures(verdict: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return code and title of every failed check, each code once."""
    codes = dict.fromkeys(
        check["code"] for check in verdict["checks"] if check["outcome"] == "failed" and "code" in check
    )
    return [{"code": code, "title": HELP[code].title} for code in codes if code in HELP]


def _types(entry: CredentialQuery) -> list[str]:
    return list(dict.fromkeys(kind for alternative in entry.types for kind in alternative))


def _known(service: Service, vct: str) -> CredentialType | None:
    return next((one for one in service.types if one.vct == vct), None)


def _label(metadata: Sequence[TypeMetadata], path: ClaimPath, language: str) -> str:
    return metadata[0].label(path, language, "en") if metadata else format_path(path)


def _note(query: Query, entry: CredentialQuery) -> str:
    for one in query.credential_sets or ():
        if any(entry.id in option for option in one.options):
            if not one.required:
                return mark("if you have it")
            return mark("or another of these") if len(one.options) > 1 else ""
    return ""


def outcome(found: EndedRequest, language: str) -> dict[str, Any]:
    """Return headline, sign, code and next step of a request that is over."""
    words = translations(language).gettext
    verdict = found.verdict
    if verdict is None:
        code = "request_expired" if found.state == "expired" else "access_denied"
        return _headline(words, "look", "–", STATE_WORDS[found.state if found.state == "expired" else "refused"], code)
    failed: str = verdict.get("code") or ""
    if verdict["verdict"] == "valid":
        headline = _headline(words, "good", "✓", mark("Accepted."), "")
        return {**headline, "step": words(mark("nothing more. The agency has been told."))}
    sign, mood = ("!", "look") if verdict["verdict"] == "undetermined" else ("✕", "bad")
    lead = mark("Could not be checked") if mood == "look" else mark("Not accepted")
    title = HELP[failed].title if failed in HELP else ""
    headline = _headline(words, mood, sign, lead, failed)
    return {**headline, "headline": f"{words(lead)}: {words(title)}." if title else f"{words(lead)}."}


def _headline(words: Callable[[str], str], mood: str, sign: str, text: str, code: str) -> dict[str, Any]:
    step = words(HELP[code].step) if code in HELP else ""
    return {"mood": mood, "sign": sign, "headline": words(text), "code": code, "step": step}
