"""The applicant's photo: a data URL whose content, not its label, says what it is."""

from __future__ import annotations

import io
import re
from typing import Final

from PIL import Image, UnidentifiedImageError

from did.encoding import b64_decode
from did.errors import IdError
from idservice.problems import Refused

MAX_BYTES: Final = 400 * 1024
MIN_SIDE: Final = 120
MAX_SIDE: Final = 4096
_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG"}
_DATA_URL: Final = re.compile(r"data:(image/(?:jpeg|png));base64,([A-Za-z0-9+/]+={0,2})")


def check_photo(value: object) -> str:
    """Return the data URL of a portrait: JPEG or PNG, at most 400 KiB, 120 to 4096 pixels a side.

    The picture is read, so a renamed file of another kind, or one that claims a huge canvas, is
    refused. Raises Refused (`malformed`, or `too_large` above the byte limit).
    """
    hint = "a JPEG or PNG of your face as a base64 data URL, at most 400 KiB, 120 to 4096 pixels a side"
    if not isinstance(value, str):
        raise Refused("malformed", "form.photo must be a data URL", hint=hint)
    if len(value) > MAX_BYTES * 4 // 3 + 64:
        raise Refused("too_large", f"form.photo is over {MAX_BYTES // 1024} KiB", hint=hint)
    match = _DATA_URL.fullmatch(value)
    if match is None:
        raise Refused("malformed", "form.photo must be a base64 data URL of image/jpeg or image/png", hint=hint)
    try:
        content = b64_decode(match[2])
    except IdError as exc:
        raise Refused("malformed", "form.photo is not valid base64", hint=hint) from exc
    wanted = _FORMATS[match[1]]
    try:
        with Image.open(io.BytesIO(content), formats=[wanted]) as picture:
            width, height = picture.size
            # Sizes first: verify() must not be led through a decompression bomb.
            if not (min(width, height) >= MIN_SIDE and max(width, height) <= MAX_SIDE):
                raise Refused("malformed", f"form.photo must have {MIN_SIDE} to {MAX_SIDE} pixels a side", hint=hint)
            picture.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as exc:
        raise Refused("malformed", f"form.photo is not a readable {wanted} picture", hint=hint) from exc
    return value
