"""W3C Data Integrity: the table of cryptosuites, and proofs made and verified with them."""

from credentials.data_integrity.base import Cryptosuite, ProofOptions
from credentials.data_integrity.bbs import Bbs2023
from credentials.data_integrity.ecdsa_sd import EcdsaSd2023
from credentials.data_integrity.plain import ECDSA_JCS_2019, ECDSA_RDFC_2019, EDDSA_JCS_2022, EDDSA_RDFC_2022

__all__ = ["CRYPTOSUITES", "Cryptosuite", "ProofOptions"]

CRYPTOSUITES: dict[str, Cryptosuite] = {
    "eddsa-rdfc-2022": EDDSA_RDFC_2022,
    "eddsa-jcs-2022": EDDSA_JCS_2022,
    "ecdsa-rdfc-2019": ECDSA_RDFC_2019,
    "ecdsa-jcs-2019": ECDSA_JCS_2019,
    "ecdsa-sd-2023": EcdsaSd2023(),
    "bbs-2023": Bbs2023(),
}
