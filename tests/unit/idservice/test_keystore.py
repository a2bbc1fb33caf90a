import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509 import load_der_x509_certificate

from credentials import x509
from did.keyfile import KdfParams
from did.keys import PublicKey
from idservice.clock import OFFSET_FILE
from idservice.keystore import PURPOSES, ROOTS, Installation, KeyStore
from idservice.opening import check_base_url, create, open_service
from idservice.problems import Refused
from idservice.service import Service
from idservice.settings import Options
from idservice.timeguard import TimeGuard
from idservice.vault import Vault, open_vault
from tests.factories import BASE_URL, NOW, FixedClock


@pytest.fixture
def data(tmp_path: Path, data_template: Path) -> Path:
    return Path(shutil.copytree(data_template, tmp_path / "keys-only"))


def keystore(data: Path, clock: FixedClock) -> KeyStore:
    return KeyStore(data, open_vault(data, Options()), clock)


def test_T77_every_purpose_has_a_key_of_its_own(data: Path, clock: FixedClock) -> None:
    keys = keystore(data, clock)
    thumbprints = {keys.signer(purpose).public_key.thumbprint() for purpose in PURPOSES}
    for root in keys.roots().values():
        thumbprints.add(PublicKey.from_crypto(load_der_x509_certificate(root).public_key()).thumbprint())
    assert len(thumbprints) == len(PURPOSES) + len(ROOTS)


@pytest.mark.parametrize(
    ("purpose", "usage", "root"),
    [
        ("credentials", "credential_signing", "service"),
        ("status", "status_signing", "service"),
        ("metadata", "metadata", "service"),
        ("requests", "request_signing", "requests"),
    ],
)
def test_leaves_chain_to_their_root_and_name_the_base_url(
    data: Path, clock: FixedClock, purpose: str, usage: str, root: str
) -> None:
    keys = keystore(data, clock)
    leaf = x509.check_chain(keys.x5c(purpose), anchors=[keys.roots()[root]], now=NOW, usage=usage)  # type: ignore[arg-type]
    assert leaf.public_key == keys.signer(purpose).public_key  # type: ignore[arg-type]
    assert BASE_URL in leaf.uris


def test_a_signature_is_the_purposes_own(data: Path, clock: FixedClock) -> None:
    signer = keystore(data, clock).signer("credentials")
    signer.public_key.verify(signer.sign(b"data"), b"data")


def test_keys_are_the_same_after_reopening(data: Path, clock: FixedClock) -> None:
    first, second = keystore(data, clock), keystore(data, clock)
    assert first.signer("status").public_key == second.signer("status").public_key
    assert first.mac("offer", b"x") == second.mac("offer", b"x")
    assert first.unseal(second.seal(b"plain", "row 1"), "row 1") == b"plain"


def test_macs_differ_by_purpose(data: Path, clock: FixedClock) -> None:
    keys = keystore(data, clock)
    assert len({keys.mac(purpose, b"x") for purpose in ("offer", "tx-code", "pairwise")}) == 3
    assert len(keys.mac("offer", b"x")) == 32


def test_sealed_bytes_are_bound_to_their_context() -> None:
    vault = Vault(b"\1" * 32)
    sealed = vault.seal(b"plain", "offers.claims:1")
    assert vault.unseal(sealed, b"offers.claims:1") == b"plain"
    assert b"plain" not in sealed
    assert vault.seal(b"plain", "offers.claims:1") != sealed
    for wrong in ("offers.claims:2", ""):
        with pytest.raises(Refused):
            vault.unseal(sealed, wrong)
    for broken in (b"", sealed[:-1], sealed + b"\0", b"\2" + sealed[1:], sealed[:10]):
        with pytest.raises(Refused) as refused:
            vault.unseal(broken, "offers.claims:1")
        assert refused.value.code == "unavailable"
    with pytest.raises(Refused):
        Vault(b"\2" * 32).unseal(sealed, "offers.claims:1")


# --- T79: keys at rest ----------------------------------------------------------------------------


def test_T79_no_key_lies_in_clear(data: Path) -> None:
    for path in (data / "keys").rglob("*"):
        if path.is_file() and path.suffix != ".pem":
            content = path.read_bytes()
            assert b"PRIVATE" not in content
            assert bytes.fromhex("06072a8648ce3d0201") not in content  # id-ecPublicKey of PKCS #8


def test_T79_everything_is_the_owners_alone(data: Path) -> None:
    for path in (data, *data.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("name", ["master.secret", "keys/credentials.key", "keys/master.sealed", "keys", "."])
def test_T79_a_readable_key_stops_the_start(data: Path, name: str) -> None:
    path = data / name
    path.chmod(path.stat().st_mode | 0o040)
    with pytest.raises(Refused, match="others than the owner") as refused:
        open_service(data)
    assert "chmod" in refused.value.hint


def test_T79_a_wrong_secret_opens_nothing(data: Path) -> None:
    with pytest.raises(Refused, match="cannot be unsealed"):
        open_vault(data, Options.model_validate({"master_secret": "another"}))


def test_T79_the_secret_may_lie_elsewhere(tmp_path: Path, clock: FixedClock) -> None:
    secret = tmp_path / "elsewhere"
    secret.write_text("a long secret\n")
    secret.chmod(0o600)
    options = Options.model_validate({"master_secret_file": secret})
    installation = Installation(base_url="https://id.example", staff_url="https://staff.example", dev=False)
    create(tmp_path / "data", installation, options=options, clock=clock, kdf=FAST)
    assert not (tmp_path / "data" / "master.secret").exists()
    assert KeyStore(tmp_path / "data", open_vault(tmp_path / "data", options), clock).installation == installation
    secret.chmod(0o644)
    with pytest.raises(Refused, match="others than the owner"):
        open_vault(tmp_path / "data", options)


FAST = KdfParams(memory_kib=1024, iterations=1, lanes=1)


def test_T79_a_signer_does_not_print_its_key(data: Path, clock: FixedClock) -> None:
    keys = keystore(data, clock)
    assert "PRIVATE" not in repr(keys.signer("credentials")) + repr(vars(keys))


def test_a_changed_key_file_is_refused(data: Path, clock: FixedClock) -> None:
    shutil.copy(data / "keys" / "list.key", data / "keys" / "credentials.key")
    with pytest.raises(Refused, match="sealed value cannot be read"):
        keystore(data, clock).signer("credentials")


def test_a_missing_key_is_named(data: Path, clock: FixedClock) -> None:
    (data / "keys" / "status.key").unlink()
    with pytest.raises(Refused, match="status") as refused:
        keystore(data, clock).check()
    assert refused.value.code == "unavailable"


def test_an_unknown_place_for_keys_is_refused(data: Path, clock: FixedClock) -> None:
    keys = KeyStore(data, open_vault(data, Options()), clock, signers={"credentials": "cloud:x"})
    with pytest.raises(Refused, match="cannot live under"):
        keys.signer("credentials")


# --- T88: time --------------------------------------------------------------------------------------


def test_T88_no_signature_on_a_time_that_stepped_back(data: Path, clock: FixedClock) -> None:
    signer = keystore(data, clock).signer("credentials")
    signer.sign(b"now")
    clock.advance(timedelta(seconds=-60))
    signer.sign(b"within the skew")
    clock.advance(timedelta(seconds=-1))
    with pytest.raises(Refused, match="signed already") as refused:
        signer.sign(b"too early")
    assert refused.value.code == "unavailable"
    clock.advance(timedelta(seconds=30))
    signer.sign(b"right again")


def test_T88_the_last_signed_time_outlives_the_process(data: Path, clock: FixedClock) -> None:
    keystore(data, clock).signer("credentials").sign(b"x")
    clock.advance(timedelta(minutes=-5))
    with pytest.raises(Refused, match="signed already"):
        keystore(data, clock).check()


def test_T88_the_service_refuses_to_start_on_an_earlier_time(data: Path) -> None:
    ahead = datetime.now(UTC) + timedelta(days=1)
    TimeGuard(data / "last-signed", FixedClock(ahead)).signing()
    with pytest.raises(Refused, match="signed already"):
        open_service(data)


def test_T88_one_workers_time_reaches_the_other(data: Path, clock: FixedClock) -> None:
    later = FixedClock(NOW + timedelta(hours=1))
    first, second = TimeGuard(data / "t", clock), TimeGuard(data / "t", later)
    first.signing()
    second.signing()
    clock.advance(timedelta(seconds=11))
    first.signing()  # learns the later time when it saves its own
    with pytest.raises(Refused):
        first.check()


def test_the_dev_clock_moves_a_dev_service(data: Path) -> None:
    (data / OFFSET_FILE).write_text("P2D")
    service = open_service(data, migrate=True)
    assert service.clock.now() - datetime.now(UTC) > timedelta(days=1)
    service.engine.dispose()


# --- certificates -----------------------------------------------------------------------------------


def test_a_leaf_is_renewed_before_it_ends(data: Path, clock: FixedClock) -> None:
    keys = keystore(data, clock)
    before = keys.leaf("credentials")
    clock.advance(timedelta(days=300))
    assert keys.leaf("credentials") == before
    clock.advance(timedelta(days=10))
    after = keys.leaf("credentials")
    assert after != before
    assert load_der_x509_certificate(after).not_valid_after_utc > clock.now() + timedelta(days=300)
    assert keystore(data, clock).leaf("credentials") == after


def test_another_worker_takes_up_a_renewed_leaf(data: Path, clock: FixedClock) -> None:
    one, two = keystore(data, clock), keystore(data, clock)
    one.leaf("status")
    clock.advance(timedelta(days=320))
    assert two.leaf("status") == one.leaf("status")


def test_an_agency_has_a_key_and_a_certificate_of_its_own(service: Service) -> None:
    keys = service.keys
    leaf = x509.check_chain(
        keys.agency_x5c("bank"), anchors=[keys.roots()["requests"]], now=NOW, usage="request_signing"
    )
    assert leaf.public_key == keys.agency_signer("bank").public_key
    assert service.agency_did("bank") in leaf.uris
    assert keys.agency_kid("bank") == f"{service.agency_did('bank')}#{leaf.public_key.thumbprint()}"


def test_an_agencys_next_key_is_listed_before_it_signs(service: Service, clock: FixedClock) -> None:
    keys, did = service.keys, service.agency_did("bank")
    first = keys.agency_signer("bank").public_key
    assert keys.renew_agency("bank", name="Bank", did=did) is False
    clock.advance(timedelta(days=330))
    assert keys.renew_agency("bank", name="Bank", did=did) is True
    assert len(keys.agency_certificates("bank")) == 2
    assert keys.agency_signer("bank").public_key == first
    clock.advance(timedelta(days=3))
    second = keys.agency_signer("bank").public_key
    assert second != first
    assert keys.agency_keys("bank") == [second, first]
    clock.advance(timedelta(days=40))
    assert keys.agency_keys("bank") == [second]


def test_an_agency_whose_time_ran_out_signs_with_its_newest_key(service: Service, clock: FixedClock) -> None:
    clock.advance(timedelta(days=800))
    with pytest.raises(Refused, match="no request certificate in force"):
        service.keys.agency_x5c("bank")
    service.keys.renew_agency("bank", name="Bank", did=service.agency_did("bank"))
    assert len(service.keys.agency_certificates("bank")) == 1
    service.keys.agency_signer("bank").sign(b"x")


def test_the_residents_root_certifies_sign_keys(service: Service) -> None:
    root, signer = service.keys.resident_ca()
    assert service.keys.roots().keys() == set(ROOTS)
    assert root == service.keys.roots()["residents"]
    assert signer.public_key != service.keys.signer("credentials").public_key


# --- init ---------------------------------------------------------------------------------------------


def test_init_leaves_a_used_folder_alone(tmp_path: Path, clock: FixedClock) -> None:
    (tmp_path / "something").write_text("x")
    installation = Installation(base_url=BASE_URL, staff_url=BASE_URL, dev=True)
    with pytest.raises(Refused, match="not empty"):
        create(tmp_path, installation, options=Options(), clock=clock, kdf=FAST)


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example",
        "https://id.example/path",
        "https://user@id.example",
        "https://ID.example",
        "ftp://id.example",
        "https://",
        "id.example",
        "https://id.example?x",
        "http://localhost:8000",
        "https://id.example:99999",
    ],
)
def test_a_base_url_is_https_host_and_port(url: str) -> None:
    with pytest.raises(Refused):
        check_base_url(url, dev=False)


def test_dev_takes_plain_http_on_loopback_names_only() -> None:
    check_base_url("http://localhost:8000", dev=True)
    check_base_url("http://127.0.0.1:8000", dev=True)
    with pytest.raises(Refused):
        check_base_url("http://id.example:8000", dev=True)
