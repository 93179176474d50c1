"""Names of organisations and people: kept as their bearers write them, shouting and noise removed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.quality.contracts import LegalName
from apps.quality.registry import standardizers
from apps.quality.selectors import split_legal_form
from apps.quality.standardizers import names
from tests.quality.outcomes import codes, standard


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  Acme   Ltd ", "Acme Ltd"),
        ("BROOK STREET (UK) LTD", "Brook Street (UK) Ltd"),
        ("ADDISON LEE plc", "Addison Lee plc"),
        ("BRITISH TELECOMMUNICATIONS plc (BT)", "British Telecommunications plc (BT)"),
        ("ROYAL BANK OF SCOTLAND PLC", "Royal Bank of Scotland plc"),
        ("FOREIGN AND COMMONWEALTH OFFICE (FCO)", "Foreign and Commonwealth Office (FCO)"),
        ("FCO SERVICES", "FCO Services"),
        ("EC HARRIS LLP", "EC Harris LLP"),
        ("BAE SYSTEMS", "BAE Systems"),
        ("G4S SECURE SOLUTIONS (UK) LTD", "G4S Secure Solutions (UK) Ltd"),
        ("DEUTSCHE BANK AG", "Deutsche Bank AG"),
        ("A.B.C. SYSTEMS GMBH", "A.B.C. Systems GmbH"),
        ("O'NEILL & SONS LIMITED", "O'Neill & Sons Limited"),
        ("McDONALD\u2019S RESTAURANTS LTD", "McDonald's Restaurants Ltd"),
        ("HEWLETT-PACKARD LTD", "Hewlett-Packard Ltd"),
        ("ST JOHN AMBULANCE", "St John Ambulance"),
        ("MÜLLER MASCHINENBAU GMBH", "Müller Maschinenbau GmbH"),
        ("IBM", "IBM"),
        ("KPMG LLP", "KPMG LLP"),
        ("easyJet", "easyJet"),
        ("acme consulting", "acme consulting"),
        ('"Foo Ltd"', "Foo Ltd"),
        ("Smith &amp; Co", "Smith & Co"),
        ("SociÃ©tÃ© GÃ©nÃ©rale", "Société Générale"),
        ("Ａｃｍｅ Ltd", "Acme Ltd"),
        ("Acme\u200b Ltd\u00ad", "Acme Ltd"),
        ("Acme,", "Acme"),
        ("三菱商事株式会社", "三菱商事株式会社"),
        ("N/A", None),
        ("Not Applicable", None),
        ("--", None),
        ("TBC", None),
        ("   ", None),
    ],
)
def test_organisation_names(raw: str, expected: str | None) -> None:
    assert standard("organisation_name", raw) == expected


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("Acme Ltd", []),
        ("ACME WIDGETS LTD", ["name.case"]),
        ("Dean Taxis Ltd T/A Grosvenor Cars", ["name.trading_as"]),
        ("Smith &amp; Co", ["text.html_entity"]),
        ("SociÃ©tÃ©", ["text.encoding"]),
        ("Acme\u202e Ltd", ["text.bidi"]),
        ("Ac\u200bme Ltd", ["text.invisible"]),
        ("Acme\0 Ltd", ["text.control"]),
        ("Acme \ud800Ltd", ["text.surrogate"]),
        ("P\u0430ypal Ltd", ["text.mixed_scripts"]),
        ("Caf\ufffd Ltd", ["text.replacement"]),
        ("unknown", ["value.placeholder"]),
    ],
)
def test_what_is_found_in_organisation_names(raw: str, found: list[str]) -> None:
    assert codes("organisation_name", raw) == found


def test_text_that_hides_in_layers_of_encoding_is_refused() -> None:
    assert standard("organisation_name", "&" + "amp;" * 30 + "lt;") is None
    assert codes("organisation_name", "&" + "amp;" * 30 + "lt;") == ["text.unstable"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("John Smith", "John Smith"),
        ("smith, john", "John Smith"),
        ("O'BRIEN, MARY ANN", "Mary Ann O'Brien"),
        ("DR. JUAN Q. XAVIER DE LA VEGA III", "Juan Q. Xavier de la Vega III"),
        ("Mr John Smith", "John Smith"),
        ("Prof. Dr. Hans Müller", "Hans Müller"),
        ("Jean-Luc PICARD", "Jean-Luc Picard"),
        ("van der Berg, Jan", "Jan van der Berg"),
        ("Dean Smith", "Dean Smith"),
        ("Ó Briain, Seán", "Seán Ó Briain"),
        ("李小龙", "李小龙"),
        ("Jennifer Null", "Jennifer Null"),
        ("Mr Na", "Mr Na"),
        ("(A)0", "(A)0"),
        ("Null", "Null"),
        ("NULL", None),
        ("a@b.com", None),
        ("12345", None),
        ("-", None),
    ],
)
def test_person_names(raw: str, expected: str | None) -> None:
    assert standard("person_name", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("SMITH-JONES", "Smith-Jones"),
        ("DE LA VEGA", "de la Vega"),
        ("O'BRIEN", "O'Brien"),
        ("MCDONALD", "McDonald"),
        ("josé", "José"),
        ("MacLeod", "MacLeod"),
        ("Anne-Marie", "Anne-Marie"),
        ("J", "J"),
        ("weiß", "Weiß"),
        ("", None),
        ("n/a", None),
    ],
)
def test_parts_of_names(raw: str, expected: str | None) -> None:
    assert standard("name_part", raw) == expected


def test_digits_in_a_persons_name_are_flagged() -> None:
    assert standard("person_name", "Bob Miller2") == "Bob Miller2"
    assert codes("person_name", "Bob Miller2") == ["person_name.digits"]


@pytest.mark.parametrize(
    ("name", "base", "form"),
    [
        ("Acme Ltd", "Acme", "limited"),
        ("Acme Limited", "Acme", "limited"),
        ("Acme Holdings GmbH & Co. KG", "Acme Holdings", "limited partnership"),
        ("Acme S.A.", "Acme", "public limited"),
        ("Acme plc", "Acme", "public limited"),
        ("Acme, Inc.", "Acme", "corporation"),
        ("Acme Pty. Ltd.", "Acme", "limited"),
        ("Acme sp. z o.o.", "Acme", "limited"),
        ("Acme LLP", "Acme", "limited liability partnership"),
        ("Acme (UK) Ltd", "Acme (UK)", "limited"),
        ("UAB Baltija", "Baltija", "limited"),
        ("Acme", "Acme", None),
        ("Limited", "Limited", None),
        ("Acme Trading Company Limited", "Acme Trading", "limited"),
    ],
)
def test_legal_forms(name: str, base: str, form: str | None) -> None:
    assert split_legal_form(name) == LegalName(base, form)


def test_what_the_parser_leaves_at_the_edges_goes_too() -> None:
    once = standardizers.get("person_name")("0:, A").value

    assert (once, standardizers.get("person_name")(once).value) == ("A 0", "A 0")


USUAL = (
    "Juan Zoé Björn Łukasz Anne Van De Della Von Al St Santa Junior Esq Jr Dr Prof Sir And Y Of Ibn Ter Los Ma Vega"
    " Müller"
)
names_as_written = st.sampled_from(USUAL.split())


@given(names_as_written, names_as_written, st.sampled_from(["{} {}", "{}, {}"]))
def test_what_is_told_without_the_parser_is_what_the_parser_tells(one: str, other: str, form: str) -> None:
    written = form.format(one, other)
    told = names._turned(written) or (written if names._is_plain(written) and not written.isascii() else None)
    if told is not None:
        assert names._parsed_person(written) == told


def test_usual_names_are_told_without_the_parser() -> None:
    assert names._turned("Vega, Juan") == "Juan Vega"
    assert names._turned("Bélanger, Zoé") == "Zoé Bélanger"
    assert (
        names._turned("Vega, Dr") is names._turned("de la Vega, Juan") is names._turned("Picard, Van") is None
    )
