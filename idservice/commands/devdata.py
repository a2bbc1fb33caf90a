"""What `init --dev` sets up beside the keys: staff accounts, and the agency `bank` with its purposes."""

from typing import Any

STAFF = {
    "registrar": ("registrar",),
    "registrar2": ("registrar",),
    "approver": ("approver",),
    "auditor": ("auditor",),
    "admin": ("admin",),
}
"""Dev account -> roles (contract.md 1)."""

TRANSACTION_TYPES = ("document-sign", "tax-return", "payment", "deed", "case-decision")

_FIRST_VISIT = ("personal_administrative_number", "family_name", "given_name", "birthdate", "assurance_level")
_KYC_BOTH = (("family_name",), ("given_name",), ("birthdate",), ("nationalities", None))


def _ask(id: str, kind: str, *paths: tuple[str | None, ...], **values: str) -> dict[str, Any]:
    claims = [
        {"path": list(path), **({"values": [values[str(path[0])]]} if path[0] in values else {})} for path in paths
    ]
    return {"id": id, "format": "dc+sd-jwt", "meta": {"vct_values": [kind]}, "claims": claims}


DEV_PURPOSES: list[dict[str, Any]] = [
    {
        "name": "login",
        "description": {
            "en": "Sign in to online banking",
            "et": "Internetipanka sisenemine",
            "pt": "Entrar no banco em linha",
            "de": "Anmeldung beim Online-Banking",
            "ar": "تسجيل الدخول إلى الخدمات المصرفية عبر الإنترنت",
        },
        "claims": {"e-residency": [*((name,) for name in _FIRST_VISIT), ("pairwise_sub",)]},
        "retention": "P5Y",
        "query": {
            "credentials": [
                _ask("e", "e-residency", *((name,) for name in _FIRST_VISIT), assurance_level="high"),
            ]
        },
    },
    {
        "name": "kyc",
        "description": {
            "en": "Open a bank account",
            "et": "Pangakonto avamine",
            "pt": "Abrir uma conta bancária",
            "de": "Ein Bankkonto eröffnen",
            "ar": "فتح حساب مصرفي",
        },
        "claims": {
            "e-residency": [*_KYC_BOTH, ("personal_administrative_number",)],
            "pid": [*_KYC_BOTH, ("address", "country")],
        },
        "retention": "P5Y",
        "query": {
            "credentials": [
                _ask("e", "e-residency", *_KYC_BOTH, ("personal_administrative_number",)),
                _ask("p", "pid", *_KYC_BOTH, ("address", "country")),
            ],
            "credential_sets": [{"options": [["e"], ["p"]]}],
        },
    },
    {
        "name": "any",
        "description": {
            "en": "Any claim, for development",
            "et": "Iga väide, arenduseks",
            "pt": "Qualquer dado, para desenvolvimento",
            "de": "Jede Angabe, für die Entwicklung",
            "ar": "أي بيان، لأغراض التطوير",
        },
        "everything": True,
        "retention": "PT0S",
        "transaction_data_types": list(TRANSACTION_TYPES),
    },
]
"""The purposes of the dev agency: S03, S06, and everything."""
