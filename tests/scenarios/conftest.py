"""One running service for all scenarios of a worker: real processes, nothing shared but HTTP and commands."""

from collections.abc import Iterator
from itertools import count

import pytest

from idservice.demo.people import FORM, Bank, Office, Resident
from idservice.demo.stage import Stage, staged
from tests.scenarios.play import approve, collect

_numbers = count(1)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("scenarios")) as running:
        yield running


@pytest.fixture(scope="session")
def office(stage: Stage) -> Office:
    return Office(stage)


@pytest.fixture(scope="session")
def bank(stage: Stage) -> Bank:
    return Bank(stage)


@pytest.fixture
def applicant(stage: Stage) -> Resident:
    """A person with a wallet who has applied; each one is somebody else."""
    number = next(_numbers)
    person = Resident(stage, f"person{number}")
    assert person.start().exit_code == 0
    document = {"number": f"AB{number:06d}", "issuing_country": "BR", "date_of_expiry": "2031-03-01"}
    form = {**FORM, "family_name": f"Tamm-{_letters(number)}", "document": document, "fee_receipt": f"R-{number}"}
    ran = person.apply(form)
    assert ran.exit_code == 0, ran.stderr
    return person


@pytest.fixture
def resident(applicant: Resident, office: Office) -> Resident:
    """A person who has collected e-residency and signing."""
    approve(office, applicant)
    collect(office, applicant)
    return applicant


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))
