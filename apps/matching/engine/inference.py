"""Guess the semantic types of columns and the kind of records from names and values."""

import re
from collections.abc import Mapping, Sequence

from .contracts import Cell
from .text import unaccent, words
from .vocabulary import COUNTRIES, LEGAL_ENDS, says_nothing

_BY_NAME = (
    ("tax_id", r"(^|_)(tax|vat|ein|tin|ust|nif|cif|nip|siret|siren|fiscal|tva|steuer|p_?iva"
     r"|partita|cnpj|abn|gstin|btw)"),
    ("given_name", r"given|first_?name|forename|(^|_)f_?name($|_)|vorname|prenom|^nombres?$|^nome$|(^|_)imie|fornamn"
     r"|voornaam"),
    ("family_name", r"family|sur_?name|last_?name|(^|_)l_?name($|_)|nachname|familienname|^nom(_de_famille)?$"
     r"|apellido|cognome|nazwisko|efternamn|achternaam|sobrenome"),
    ("email", r"e_?mail|^mail|correo|courriel"),
    ("domain", r"web_?(site|seite|page)|domain|homepage|^web|url|sitio|site_internet|pagina_web"),
    ("phone", r"phone|mobile|fax|(^|_)tel($|_|e)|mobil|handy|cellular|telef"),
    ("house_number", r"street_?num|house|building_?n|street_?no|hausn|huisn|numero_civico"),
    ("date", r"date|birth|dob|(^|_)day$|datum|geboren|naissance|nacimiento|nascita|fecha"),
    ("postcode", r"post_?code|postal|(^|_)zip|plz|postleit|code_?post|(^|_)cap$|(^|_)cp$"),
    ("street", r"address|street|addr|strasse|adres|anschrift|direccion|indirizzo|calle|(^|_)rue($|_)|via$|ulica"
     r"|domicilio"),
    ("city", r"city|town|suburb|locality|municipality|(^|_)ort$|stadt|ville|ciudad|citta|localit|plaats|miasto|cidade"
     r"|gemeinde|poblacion|comm?une|municipio"),
    ("region", r"^state|region|province|county|bundesland|provin"),
    ("country", r"country|nation$|land$|(^|_)pays$|(^|_)pais$|paese|kraj$"),
    ("number", r"(^|_)age($|_)|^alter$|price|amount|cost|salary|preis|prix|precio"),
    ("identifier", r"(^|_)(id|ssn|duns|lei|isbn|sku|ean|upc|gtin|mpn|number|num|no|code|key|dni|nino|iban|kvk|hrb)$"
     r"|(^|_)regon$|soc_sec|registration|passport|model_?n|national_id"),
    ("category", r"year|type|industry|segment|status|venue|journal|gender|sexo?$|geschlecht|class|category|brand"
     r"|sector"
     r"|neighbou?rhood|source|jahr|branche|anno$|manufactur|cuisine|genre|language|publisher"),
    ("name", r"name|title|company|organi[sz]ation|firm|account|supplier|vendor|customer|employer|affiliation|kunde"
     r"|lieferant|unternehmen|societe|raison|empresa|razon|azienda|denominaz|ragione|bedrijf|klant|cliente?$|entity"
     r"|institution|business|merchant|restaurant|nazwa|naam|nombre|titel|titulo|comercial"),
    ("people", r"authors?$|creators?$|inventors?$|artists?$|actors?$|directors?$|editors?$|coauthors?$|autor(en|es)?$"),
    ("free_text", r"description|text|note|comment|abstract|remarks"),
)  # fmt: skip


def infer_kind(columns: Mapping[str, Sequence[Cell]], hint: str = "") -> str:
    """organisation, person or generic; `hint` is a word such as "org" or "product"."""
    word = hint.lower()
    types = {_by_name(c) for c in columns}
    either = word.startswith(("cust", "client", "account", "contact", "user", "party", "kund"))
    if (not word or either) and types & {"given_name", "family_name"}:
        return "person"
    if either or word.startswith(_ORGANISATIONS):
        return "organisation"
    if word.startswith(_PERSONS):
        return "person"
    if word:
        return "generic"
    return "organisation" if types & {"street", "phone", "domain", "tax_id", "postcode"} else "generic"


_ORGANISATIONS = (
    "org", "comp", "suppl", "restaurant", "site", "busi", "affil", "instit", "hotel", "hospital", "school", "vendor",
    "merchant", "store", "firm", "legal", "universit", "bank", "venue", "agenc", "partner",
)  # fmt: skip
_PERSONS = (
    "person", "people", "resource", "employee", "patient", "voter", "author", "citizen", "individual", "member",
    "human", "student", "consultant", "staff", "candidate", "census",
)  # fmt: skip


def infer_types(columns: Mapping[str, Sequence[Cell]], kind: str) -> dict[str, str]:
    """Semantic type of every column that has values; names first, then what the values look like."""
    out: dict[str, str] = {}
    copies = copied_columns(columns)
    for column, cells in columns.items():
        sample = [c for c in cells if isinstance(c, str) and c and not says_nothing(c)][:2000]
        if not sample or column in copies:
            continue
        semantic = _by_name(column) or _by_values(sample)
        if semantic in _SHAPES and not _fits(semantic, sample):
            semantic = _by_values(sample)
        if semantic == "name":
            semantic = _name_type(column, kind, out)
        elif semantic == "category" and _long(sample):
            semantic = "free_text"
        if semantic == "identifier" and _names_rows(cells):
            continue
        out[column] = semantic
    return _with_a_name(out, columns, kind)


def _names_rows(cells: Sequence[Cell]) -> bool:
    """Whether a column numbers the records themselves: no two share a value, so it tells nothing of who is who."""
    values = [c for c in cells if isinstance(c, str) and c]
    return len(values) >= _MANY and len(set(values)) == len(values)


def copied_columns(columns: Mapping[str, Sequence[Cell]]) -> set[str]:
    """Columns that say what an earlier one says: compared as well, they would count the same evidence twice."""
    heads = {column: cells[:_HEAD] for column, cells in columns.items()}
    names, copies = list(columns), set[str]()
    for at, column in enumerate(names):
        own = sum(1 for c in heads[column] if c)
        for earlier in names[:at]:
            both = [(a, b) for a, b in zip(heads[earlier], heads[column], strict=True) if a and b]
            equal = sum(1 for a, b in both if a == b)
            if earlier not in copies and len(both) >= max(_ENOUGH, own * 0.9) and equal >= len(both) * 0.98:
                copies.add(column)
                break
    return copies


_HEAD, _ENOUGH, _MANY = 2000, 10, 50

_SHAPES = {
    "email": r"@",
    "domain": r"\w\.\w",
    "date": r"\d",
    "phone": r"\d{3}",
    "house_number": r"\d",
    "number": r"\d",
    "tax_id": r"\d",
}
"""What most values of a type must hold, whatever their column is called."""


def _fits(semantic: str, sample: Sequence[str]) -> bool:
    return sum(1 for v in sample if re.search(_SHAPES[semantic], v)) > 0.5 * len(sample)


def _with_a_name(types: dict[str, str], columns: Mapping[str, Sequence[Cell]], kind: str) -> dict[str, str]:
    """An organisation or person without a name column gets one: the text of few words with the most values."""
    wanted = {"organisation": {"organisation_name"}, "person": {"person_name", "given_name", "family_name"}}
    if kind not in wanted or wanted[kind] & set(types.values()):
        return types
    texts = {
        column: len({c for c in columns[column] if isinstance(c, str)})
        for column, semantic in types.items()
        if semantic == "free_text"
    }
    if texts:
        chosen = max(texts, key=lambda c: texts[c])
        types[chosen] = "organisation_name" if kind == "organisation" else "person_name"
    return types


_POSTCODE = (
    r"^(?:[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}|\d{4} ?[A-Za-z]{2}|\d{2}-\d{3}|\d{3} \d{2}|\d{5}-\d{4})$"
)
_STREET = (
    r"(?i)\b(?:street|road|avenue|lane|drive|boulevard|st|rd|ave|blvd|dr|ln)\b\.?|stra(?:ss|\u00df)e|str\.|\bweg\b|platz"
    r"|straat|^(?:\d+,? )?(?:rue|via|calle|avenida|ulica|ul\.|piazza|corso|chemin) |gatan|v\u00e4gen"
)


def _forms(sample: Sequence[str]) -> float:
    """Share of values that end in a legal form."""
    folded = words(list(sample))
    return sum(1 for v in folded if " " in v and v.rpartition(" ")[2] in LEGAL_ENDS) / len(folded)


def _by_name(column: str) -> str:
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column)
    word = re.sub(r"[^a-z0-9]+", "_", unaccent([parted])[0])
    return next((t for t, pattern in _BY_NAME if re.search(pattern, word)), "")


def _name_type(column: str, kind: str, sofar: Mapping[str, str]) -> str:
    if kind == "person":
        parts = {"given_name", "family_name"} & set(sofar.values())
        bare = re.sub(r"[^a-z]", "", column.lower()) == "name"
        return "family_name" if bare and parts == {"given_name"} else "free_text" if parts else "person_name"
    return "organisation_name" if kind == "organisation" else "free_text"


def _long(sample: Sequence[str]) -> bool:
    """Few words a value make a category; text with many different values does not."""
    words = sum(len(v.split()) for v in sample) / len(sample)
    return words > 3 or (len(set(sample)) > 0.2 * len(sample) and len(sample) > 50 and words > 1.5)


def _by_values(sample: Sequence[str]) -> str:
    def share(pattern: str) -> float:
        return sum(1 for v in sample if re.search(pattern, v)) / len(sample)

    if share(r"^[^@\s]+@[^@\s]+\.\w+$") > 0.8:
        return "email"
    if share(r"^\d{4}-\d\d-\d\d|^\d{1,2}/\d{1,2}/\d{4}") > 0.8:
        return "date"
    if share(r"^(https?://|www\.)") > 0.8:
        return "domain"
    if share(r"^(?=.*\d)[0-9a-fA-F-]{12,}$") > 0.9:
        return "identifier"
    if share(r"^\+?[\d\s()/.-]{7,}$") > 0.8:
        return "phone" if share(r"[\s()+/-]") > 0.3 else "identifier"
    if share(_POSTCODE) > 0.8 and len(set(sample)) > 20:
        return "postcode"
    if share(_STREET) > 0.5:
        return "street"
    if share(r"^-?\d+(\.\d+)?$") > 0.9:
        # A year, a month, a day: few whole numbers are names of things, not quantities.
        few = len(set(sample)) <= 150 and len(sample) > 3 * len(set(sample)) and share(r"^\d{1,4}$") > 0.9
        return "category" if few else "number"
    if sum(1 for v in sample if v.strip().lower() in COUNTRIES) > 0.8 * len(sample):
        return "country"
    if _forms(sample) > 0.3:
        return "organisation_name"
    if len(set(sample)) < 0.1 * len(sample) + 5:
        return "category"
    return "free_text"
