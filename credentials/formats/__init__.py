"""The table of credential formats, by OpenID4VCI format identifier."""

from credentials.formats.base import CredentialFormat
from credentials.formats.sd_jwt_vc import SD_JWT_VC

FORMATS: dict[str, CredentialFormat] = {
    "dc+sd-jwt": SD_JWT_VC,
}
