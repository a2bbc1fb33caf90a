"""Two words and a number that verifier and wallet show for one request: `amber-river-42`.

They are a help for people against a relayed QR code, not a secret: both sides take them from what the
request fixes, `SHA-256(client_id || 0x00 || nonce)`, so two screens that show the same words talk about
the same request. Changing a list changes what people see, so a list is only ever replaced as a whole.
"""

from hashlib import sha256
from typing import Final

_FIRST_TEXT = """
able amber ancient arctic autumn basic bold brave brief bright broad bronze busy calm careful cheerful
clean clear clever close coastal common copper coral cosy crimson crisp curious daily dark deep dense
distant double dry eager early earnest east easy elder empty equal even evening exact faint fair famous
fancy fast final fine firm first flat fluent formal fresh full gentle giant glad global gold good grand
great green grey happy hardy heavy helpful hidden high honest humble ideal indigo inner ivory joint
jolly keen kind large late level light little lively local lone long loud lucky lunar major merry mild
modern modest morning narrow native neat new noble north novel olive open orange outer patient pearl
plain polar polite proud pure quick quiet rapid royal silent smooth
"""
FIRST: Final[tuple[str, ...]] = tuple(_FIRST_TEXT.split())
"""128 adjectives; the first byte of the digest picks one."""

_SECOND_TEXT = """
anchor apple arrow badge bamboo barn basin basket beacon bell bench berry bird boat book bottle bridge
brook brush bucket button cabin camel candle canyon carpet castle cedar chair cherry clock cloud coast
comet cotton cradle crane creek crown cup desert diamond dolphin door dove drum eagle engine falcon
feather fern field finch flute forest fountain fox garden garnet gate glacier glove grape guitar hammer
harbour hat hazel heron hill horse island jacket jar kettle key kite ladder lake lamp lantern leaf
lemon lighthouse lily lion lotus maple market meadow melon mirror moon mountain nest oak ocean orchard
otter owl paddle palm paper pebble pencil piano pine planet plum pond rabbit rainbow ribbon river
robin rocket saddle sail salmon seed shell silver spoon stone tiger tower violin window
"""
SECOND: Final[tuple[str, ...]] = tuple(_SECOND_TEXT.split())
"""128 nouns; the second byte of the digest picks one."""


def session_words(client_id: str, nonce: str) -> str:
    """Return the words of a request, such as `amber-river-42`; `client_id` is the full one, with its prefix."""
    digest = sha256(client_id.encode() + b"\0" + nonce.encode()).digest()
    number = 10 + int.from_bytes(digest[2:4], "big") % 90
    return f"{FIRST[digest[0] % len(FIRST)]}-{SECOND[digest[1] % len(SECOND)]}-{number}"
