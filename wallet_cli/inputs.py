"""From what a person typed, pasted or photographed to a link or a JSON text; nothing here acts on it (T43, T93, T96).

A link only fills in a question. Schemes that are not ours are refused; pictures are read as pictures,
with a limit on their size; a page's link is asked for its JSON twin.
"""

import re
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from credentials.openid import haip
from did.encoding import json_object
from wallet_cli.client import JSON, need_json
from wallet_cli.errors import MissingInput, NotFound, WalletError
from wallet_cli.folder import read_private_file
from wallet_cli.text import clean

if TYPE_CHECKING:
    from wallet_cli.session import Session

Kind = Literal["offer", "request"]
MAX_INPUT_BYTES: Final = 1 << 20
MAX_PICTURE_BYTES: Final = 8 << 20
MAX_PICTURE_PIXELS: Final = 40_000_000
_SCHEMES: Final[dict[Kind, tuple[str, ...]]] = {"offer": haip.OFFER_SCHEMES, "request": haip.REQUEST_SCHEMES}
_PATHS: Final[dict[Kind, str]] = {"offer": "/offer/", "request": "/r/"}
_CODE: Final = re.compile(r"[0-9A-Za-z]{4}-?[0-9A-Za-z]{4}")
_PICTURES: Final = ((b"\x89PNG\r\n\x1a\n", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"RIFF", "WEBP"), (b"GIF8", "GIF"))


def read_link(session: "Session", argument: str, *, kind: Kind) -> str:
    """Return the protocol link (or JSON text) behind an argument: link, page address, code, file or QR picture.

    Raises MissingInput for what is none of these, NotFound for a file that is not there.
    """
    text = argument.strip()
    if text == "-":
        text = session.world.stdin.read(MAX_INPUT_BYTES).strip()
    elif not _is_link(text, kind) and not text.startswith(("https://", "http://", "{")) and not _CODE.fullmatch(text):
        text = read_file(Path(argument)).strip()
    if _CODE.fullmatch(text):
        text = _page_of_code(session, text, kind)
    if text.startswith(("https://", "http://")) and not _carries_parameters(text, kind):
        return _from_page(session, text, kind)
    if _is_link(text, kind) or text.startswith(("{", "https://", "http://")):
        return text
    scheme = text.partition(":")[0]
    raise MissingInput(
        f"This is not {'an offer' if kind == 'offer' else 'a request'} ({clean(scheme, limit=30)}).",
        why=f"The wallet reads {' and '.join(one + '://' for one in _SCHEMES[kind])} links and page addresses.",
        hint="copy the link from the page again",
    )


def read_file(path: Path) -> str:
    """Return the text of a file, or of the one QR code on a picture."""
    try:
        data = read_private_file(path, max_bytes=MAX_PICTURE_BYTES)
    except NotFound:
        raise NotFound(
            f"There is no file {clean(path.name, limit=60)}, and it is no link or code either.",
            hint="copy the link from the page again, or check the file's name",
        ) from None
    if any(data.startswith(start) for start, _ in _PICTURES):
        return read_qr(data)
    if len(data) > MAX_INPUT_BYTES:
        raise MissingInput("The file is too large to be a link or a message.", hint="name the right file")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise MissingInput("The file is neither text nor a picture.", hint="name the right file") from None


def read_qr(data: bytes) -> str:
    """Return what the one QR code on a picture says. Raises MissingInput for none, several, or no picture."""
    import warnings

    import zxingcpp
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=[name for _, name in _PICTURES]) as picture:
                if picture.width * picture.height > MAX_PICTURE_PIXELS:
                    raise MissingInput("The picture is too large.", hint="cut it down to the code")
                grey = picture.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise MissingInput("The picture cannot be read.", hint="save it as PNG or JPEG") from None
    found = {
        one.text
        for one in zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
        if one.valid
    }
    if len(found) != 1:
        raise MissingInput(
            "There is no QR code on the picture." if not found else "There are several QR codes on the picture.",
            hint="take the picture again with only the code on it",
        )
    return found.pop()


def _is_link(text: str, kind: Kind) -> bool:
    return text.lower().startswith(tuple(f"{scheme}:" for scheme in _SCHEMES[kind]))


def _carries_parameters(text: str, kind: Kind) -> bool:
    names = ("credential_offer=", "credential_offer_uri=") if kind == "offer" else ("request_uri=",)
    return any(name in text.partition("?")[2] for name in names)


def _page_of_code(session: "Session", code: str, kind: Kind) -> str:
    services = session.wallet.services
    if not services:
        raise MissingInput(
            "The wallet follows no service that a code could belong to.", hint="use the whole link from the page"
        )
    return f"{services[0].base_url}{_PATHS[kind]}{code.upper()}"


def _from_page(session: "Session", url: str, kind: Kind) -> str:
    """Ask a page for the link that it shows: its JSON twin (contract, paths)."""
    answer = session.client.get(url, accept=JSON)
    body = json_object(need_json(answer))
    link = body.get(kind)
    if not isinstance(link, str) or not _is_link(link, kind):
        raise WalletError(
            f"This page does not show {'an offer' if kind == 'offer' else 'a request'}.",
            why="Nothing left your wallet.",
            hint="open the page and copy the link from it",
        )
    return link
