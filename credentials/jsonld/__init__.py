"""JSON-LD 1.1 for credentials: compiled contexts from a bundled allow-list, straight to RDF, always in safe mode."""

from credentials.jsonld.contexts import (
    CREDENTIALS_V1,
    CREDENTIALS_V2,
    DATA_INTEGRITY_V2,
    Contexts,
    bundled,
    default_contexts,
    standard,
)
from credentials.jsonld.errors import ContextRefused, DataLoss, JsonLdError
from credentials.jsonld.rdf import Dataset, canonical, dataset, expanded_types, to_quads

__all__ = [
    "CREDENTIALS_V1",
    "CREDENTIALS_V2",
    "DATA_INTEGRITY_V2",
    "ContextRefused",
    "Contexts",
    "DataLoss",
    "Dataset",
    "JsonLdError",
    "bundled",
    "canonical",
    "dataset",
    "default_contexts",
    "expanded_types",
    "standard",
    "to_quads",
]
