"""Schemes of tax and registration numbers, the names they go by, and who checks them."""

SCHEMES = (
    "vat", "ein", "coh", "utr", "abn", "acn", "gst", "bn", "uen", "cn", "cnpj", "uid", "orgnr", "cvr",
    "siren", "siret", "kvk", "hrb", "pan", "tin", "cif", "chc", "schc", "ird", "other",
)  # fmt: skip

ALIASES = {
    "vat": "vat vatno vatnumber vatid vatregno vatregnumber vatregistrationnumber ust ustid ustidnr tva nif "
    "iva btw mwst moms euvat gbvat vatidentificationnumber umsatzsteuerid partitaiva",
    "ein": "ein fein irsein usein employeridentificationnumber federaltaxid irs",
    "coh": "coh gbcoh gbsc gbni companieshouse companynumber companyno companyregistrationnumber crn "
    "registrationno companyreg",
    "chc": "chc gbchc charitycommission charitynumber",
    "schc": "gbschc scottishcharity oscr",
    "abn": "abn auabn",
    "acn": "acn",
    "gst": "gst gstin ingst",
    "bn": "bn cabn hst",
    "uen": "uen sguen",
    "cn": "cn jpcn corporatenumber",
    "cnpj": "cnpj brcnpj",
    "uid": "uid cheuid che",
    "orgnr": "orgnr orgno organisasjonsnummer organisationsnummer noorgnr seorgnr",
    "cvr": "cvr dkcvr",
    "siren": "siren frsiren rcs",
    "siret": "siret frsiret",
    "kvk": "kvk nlkvk",
    "hrb": "hrb hra handelsregister handelsregisternummer dehrb",
    "pan": "pan inpan",
    "tin": "tin taxid taxno taxnumber taxregistrationnumber tax taxidentificationnumber",
    "cif": "cif escif",
    "ird": "ird nzird",
    "utr": "utr gbutr",
}
SCHEME_OF = {alias: scheme for scheme, aliases in ALIASES.items() for alias in aliases.split()}

# (scheme, country) to the python-stdnum module that validates the number.
VALIDATORS = {
    ("vat", "GB"): "stdnum.gb.vat",
    ("vat", "CH"): "stdnum.ch.vat",
    ("vat", "NO"): "stdnum.no.mva",
    ("ein", "US"): "stdnum.us.ein",
    ("utr", "GB"): "stdnum.gb.utr",
    ("abn", "AU"): "stdnum.au.abn",
    ("acn", "AU"): "stdnum.au.acn",
    ("gst", "IN"): "stdnum.in_.gstin",
    ("pan", "IN"): "stdnum.in_.pan",
    ("bn", "CA"): "stdnum.ca.bn",
    ("uen", "SG"): "stdnum.sg.uen",
    ("cn", "JP"): "stdnum.jp.cn",
    ("cnpj", "BR"): "stdnum.br.cnpj",
    ("uid", "CH"): "stdnum.ch.uid",
    ("orgnr", "NO"): "stdnum.no.orgnr",
    ("orgnr", "SE"): "stdnum.se.orgnr",
    ("cvr", "DK"): "stdnum.dk.cvr",
    ("siren", "FR"): "stdnum.fr.siren",
    ("siret", "FR"): "stdnum.fr.siret",
    ("cif", "ES"): "stdnum.es.cif",
    ("ird", "NZ"): "stdnum.nz.ird",
}

# The scheme a number without one has, by country.
USUAL_SCHEME = {

    "GB": "vat", "US": "ein", "AU": "abn", "CA": "bn", "IN": "gst", "SG": "uen", "JP": "cn", "BR": "cnpj",
    "CH": "uid", "NO": "orgnr", "NZ": "ird",
}  # fmt: skip

# The country a scheme belongs to where the number does not say.
COUNTRY_OF = {

    "ein": "US", "coh": "GB", "utr": "GB", "chc": "GB", "schc": "GB", "abn": "AU", "acn": "AU",
    "gst": "IN", "pan": "IN", "bn": "CA", "uen": "SG", "cn": "JP", "cnpj": "BR", "uid": "CH", "cvr": "DK",
    "siren": "FR", "siret": "FR", "kvk": "NL", "hrb": "DE", "cif": "ES", "ird": "NZ",
}  # fmt: skip
