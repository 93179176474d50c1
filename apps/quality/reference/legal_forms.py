"""Legal forms of organisations: how they are written, and how to tell them from the name."""

import unicodedata
from functools import lru_cache

from apps.quality.contracts import LegalName

DISPLAY = {
    form.lower().replace(".", "").replace("/", ""): form
    for form in [
        "Ltd",
        "Limited",
        "LLP",
        "LP",
        "plc",
        "Inc",
        "Incorporated",
        "Corp",
        "Corporation",
        "LLC",
        "PLLC",
        "Co",
        "Company",
        "GmbH",
        "AG",
        "KG",
        "KGaA",
        "OHG",
        "UG",
        "eG",
        "eV",
        "SE",
        "SA",
        "SAS",
        "SASU",
        "SARL",
        "EURL",
        "SNC",
        "NV",
        "BV",
        "VOF",
        "CV",
        "BVBA",
        "SPRL",
        "Pty",
        "Pte",
        "Sdn",
        "Bhd",
        "SpA",
        "Srl",
        "SL",
        "SLU",
        "Lda",
        "Ltda",
        "AB",
        "AS",
        "ASA",
        "ApS",
        "Oy",
        "Oyj",
        "A/S",
        "CIC",
        "CIO",
        "DAC",
    ]
}
_KINDS = {
    "limited": "ltd limited|private limited|pvt ltd|pte ltd|pty ltd|pty limited|gmbh|ug|bv|sarl|srl|"
    "sl|slu|sprl|bvba|lda|"
    "ltda|oy|aps|doo|sro|kft|dac|sdn bhd|co ltd|company limited|co limited|ltd|limited|sp zoo|"
    "sp z oo|ood|uab|cyfyngedig",
    "public limited": "plc|public limited company|ag|sa|nv|spa|ab|asa|as|oyj|kgaa|se|pjsc|jsc|ccc|nyrt|tbk",
    "limited liability company": "llc|pllc|l l c",
    "limited liability partnership": "llp|lllp",
    "limited partnership": "lp|kg|gmbh & co kg|gmbh and co kg|gmbh co kg|ag & co kg|cv|scs|ky",
    "general partnership": "ohg|vof|snc|og|partners",
    "corporation": "inc|incorporated|corp|corporation|co|company|& co|and co|& company|and company",
    "simplified joint stock": "sas|sasu",
    "cooperative": "eg|coop",
    "association": "ev|asbl|vzw|cic|cio",
}
_PREFIXES = {"ooo", "oao", "zao", "pao", "pt", "uab", "ab", "sia", "as", "oü"}
_WITHOUT_DOTS = str.maketrans({".": "", ",": "", "-": "", "(": "", ")": "", "/": ""})


@lru_cache(maxsize=1)
def _forms() -> dict[tuple[str, ...], str]:
    """Return normalised form tokens to kind: cleanco's terms, ours before them."""
    from cleanco.termdata import terms_by_type  # loaded on first use to keep start-up short

    forms: dict[tuple[str, ...], str] = {}
    for kind, texts in _KINDS.items():
        for text in texts.split("|"):
            forms.setdefault(tuple(text.split()), kind)
    for kind, terms in terms_by_type.items():
        for term in terms:
            tokens = tuple(_plain(token) for token in term.split())
            if all(tokens):
                forms.setdefault(tokens, kind.lower())
    return forms


def _plain(token: str) -> str:
    token = token.translate(_WITHOUT_DOTS).casefold()
    if token.isascii():
        return token
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", token) if not unicodedata.combining(letter)
    )


@lru_cache(maxsize=16_384)
def split_legal_form(name: str) -> LegalName:
    """Return a name without its legal forms, and the kind of the last one.

    "Acme Holdings GmbH & Co. KG" gives ("Acme Holdings", "limited partnership"). At least one word stays.
    """
    forms = _forms()
    words = name.split()
    plain = [_plain(word) for word in words]
    end, start, kind = len(words), 0, None
    shrinking = True
    while shrinking and end > 1:
        shrinking = False
        if not plain[end - 1]:
            end -= 1
            shrinking = True
            continue
        for size in range(min(4, end - 1), 0, -1):
            if form := forms.get(tuple(token for token in plain[end - size : end] if token)):
                end, kind, shrinking = end - size, kind or form, True
                break
    if kind is None and len(words) > 1 and plain[0] in _PREFIXES and words[0].isupper():
        start, kind = 1, "limited"
    return LegalName(" ".join(words[start:end]).rstrip(" ,&-") or name, kind)
