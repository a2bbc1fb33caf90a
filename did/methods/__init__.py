"""`METHODS`, the table of DID methods, and `DEV_METHODS`, the same with plain http for loopback names."""

from collections.abc import Mapping

from did.methods.base import DidMethod
from did.methods.jwk import JwkMethod
from did.methods.key import KeyMethod
from did.methods.web import WebMethod
from did.methods.webvh import WebvhMethod

METHODS: Mapping[str, DidMethod] = {
    "key": KeyMethod(),
    "jwk": JwkMethod(),
    "web": WebMethod(),
    "webvh": WebvhMethod(),
}

DEV_METHODS: Mapping[str, DidMethod] = {
    **METHODS,
    "web": WebMethod(allow_http_loopback=True),
    "webvh": WebvhMethod(allow_http_loopback=True),
}
