"""What is stored of prepared records stays comparable with what the engine of today makes."""

from hashlib import blake2b
from uuid import UUID

from apps.golden.registry import entity
from apps.matching.engine import default_config, default_model
from apps.matching.features import types_of
from apps.matching.prepared import forms_of
from apps.matching.rule import Rule

DOCUMENTS = {
    "customer": [
        {
            "legal_name": "Société Générale d'Électricité & Fils S.à r.l.",
            "domain": "electricite.example",
            "phone": "+33142000000",
            "addresses": [
                {"kind": "registered", "line1": "12 rue St. Honoré", "city": "Paris", "postcode": "75001"}
            ],
            "tax_ids": [{"country": "FR", "kind": "vat", "value": "FR61954506077"}],
        },
        {"legal_name": "Müller Maschinenbau GmbH & Co. KG", "email": "info@mueller.example"},
    ],
    "resource": [
        {"given_name": "J. R.", "family_name": "O'Neill-Smith", "email": "jr.oneill@firm.example"},
        {"given_name": "Bob", "family_name": "Жуков", "phone": "+442079460000"},
    ],
}
FORMS = "84d513e23e83ed0f"


def digest() -> str:
    told = blake2b(digest_size=8)
    for name, documents in DOCUMENTS.items():
        spec = entity(name)
        config = default_config(types_of(spec), spec.match.kind)
        rule = Rule(name, 1, config, default_model(config))
        forms = forms_of(spec, rule, {UUID(int=at): each for at, each in enumerate(documents, 1)})
        told.update(repr([(sorted(form.keys), form.cells) for form in forms.values()]).encode())
    return told.hexdigest()


def test_another_form_is_another_version() -> None:
    assert digest() == FORMS, (
        "Forms are made otherwise: raise FORM in apps/matching/rule.py, then note the new digest."
    )
