"""The engine runs without Django, network or Celery; types are guessed from names and values."""

import subprocess
import sys

from apps.matching import engine


def test_importing_the_engine_loads_no_framework():
    program = (
        "import sys, apps.matching.engine\n"
        "bad = {'django', 'rest_framework', 'celery', 'psycopg', 'httpx2', 'redis'}\n"
        "print(sorted(bad & {m.partition('.')[0] for m in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONPATH": "."}
    )
    assert done.stdout.strip() == "[]"


def test_types_are_inferred_from_names_and_values():
    columns = {
        "company": ["Acme Ltd", "Zenith plc"],
        "addr": ["1 Mill Lane", "2 High Street"],
        "zip": ["60302", "60304"],
        "contact": ["a@b.com", "c@d.org"],
        "VAT No": ["GB123", "GB456"],
        "founded": ["1999-01-01", "2001-05-06"],
        "empty": [None, None],
    }
    kind = engine.infer_kind(columns)
    assert kind == "organisation"
    assert engine.infer_types(columns, kind) == {
        "company": "organisation_name",
        "addr": "street",
        "zip": "postcode",
        "contact": "email",
        "VAT No": "tax_id",
        "founded": "date",
    }
    assert engine.infer_kind({"first_name": [], "dob": []}) == "person"
    assert engine.infer_kind({}, "product") == "generic"


def test_hub_attributes_have_a_default_configuration():
    customer = {
        "legal_name": "organisation_name", "trade_name": "organisation_name", "tax_ids": "tax_id",
        "registration_no": "identifier", "duns": "identifier", "lei": "identifier", "domain": "domain",
        "email": "email", "phone": "phone", "street": "street", "city": "city", "postcode": "postcode",
        "country": "country",
    }  # fmt: skip
    config = engine.default_config(customer, "organisation")
    assert config.attribute("legal_name").sources == ("legal_name", "trade_name")
    assert config.attribute("domain").sources == ("domain", "email")
    assert ("tax_ids",) in config.passes
    resource = {
        "name": "person_name", "given_name": "given_name", "family_name": "family_name", "email": "email",
        "phone": "phone", "worker_id": "identifier", "employing_entity": "category", "location": "city",
        "hire_date": "date",
    }  # fmt: skip
    person = engine.default_config(resource, "person")
    assert ("given_name", "family_name") in person.passes
    assert engine.Config.from_json(person.to_json()) == person
