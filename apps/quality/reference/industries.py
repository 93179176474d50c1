"""Industry codes: NACE divisions, NAICS sectors, and the industry lists CRM systems ship with."""

from apps.quality.reference.countries import plain
from apps.quality.reference.words import words

NACE_DIVISIONS = frozenset(
    f"{n:02d}"
    for first, last in (
        (1, 3), (5, 9), (10, 33), (35, 39), (41, 43), (45, 47), (49, 53), (55, 56), (58, 66), (68, 75),
        (77, 82), (84, 88), (90, 99),
    )
    for n in range(first, last + 1)
    if n not in (34, 40, 44, 48, 54, 57, 67, 76, 83, 89)
)  # fmt: skip
NAICS_SECTORS = words(
    """
    11 21 22 23 31 32 33 42 44 45 48 49 51 52 53 54 55 56 61 62 71 72 81 92
    """
)

# Names of the pick lists of Salesforce, Dynamics and HubSpot to the NACE division that fits best.
_NAMES = {
    "01": "agriculture|farming|agriculture and non-petrol natural resource extraction|"
    "agriculture forestry and fishing",
    "10": "food|food production|food and beverages|food & beverage|food processing",
    "13": "textiles",
    "14": "apparel|apparel & fashion",
    "18": "printing",
    "20": "chemicals|chemical",
    "21": "pharmaceuticals|biotechnology|pharma|life sciences",
    "26": "electronics|semiconductors|consumer electronics|computer hardware",
    "28": "machinery|manufacturing|industrial manufacturing|engineering products|durable manufacturing",
    "29": "automotive",
    "30": "aviation & aerospace|aerospace|shipbuilding|defense & space",
    "35": "energy|utilities|oil & energy|renewables & environment",
    "38": "environmental|environmental services|waste management",
    "41": "construction|building construction",
    "46": "wholesale|distribution|distributors dispatchers and processors|import and export",
    "47": "retail|consumer goods|inbound repair and services",
    "49": "transportation|transport|trucking|transportation/trucking/railroad",
    "50": "shipping|maritime",
    "51": "airlines",
    "52": "logistics|logistics and supply chain|warehousing",
    "55": "hospitality|hotels",
    "56": "restaurants|food services|eating and drinking places",
    "58": "publishing|newspapers",
    "59": "entertainment|media|motion pictures and film|broadcasting printing and publishing",
    "61": "telecommunications|communications|telecoms",
    "62": "technology|software|computer software|information technology|"
    "information technology and services|it services|"
    "it consulting",
    "63": "internet|information services",
    "64": "banking|finance|financial|financial services|capital markets|investment banking|"
    "investment management",
    "65": "insurance",
    "68": "real estate|commercial real estate|property",
    "69": "legal services|law practice|accounting|legal|brokers",
    "70": "consulting|management consulting|professional services",
    "71": "engineering|architecture & planning|architecture|civil engineering",
    "72": "research",
    "73": "marketing and advertising|advertising|market research",
    "78": "staffing and recruiting|recruitment|human resources",
    "79": "leisure travel & tourism|travel|tourism",
    "80": "security and investigations|security",
    "84": "government|public sector|government administration|local government|central government|"
    "public administration",
    "85": "education|higher education|primary/secondary education|universities|e-learning",
    "86": "healthcare|health care|hospital & health care|hospitals|medical practice|"
    "doctors offices and clinics",
    "88": "charity|social assistance",
    "90": "arts|performing arts",
    "91": "museums and institutions|libraries",
    "93": "recreation|sports|leisure",
    "94": "not for profit|nonprofit|non-profit|nonprofit organization management|civic & social organization",
}
DIVISION_OF = {plain(name): division for division, names in _NAMES.items() for name in names.split("|")}
NACE_TITLES = tuple(
    (division, names.partition("|")[0].capitalize()) for division, names in sorted(_NAMES.items())
)
"""Divisions that have a name here, with the most usual one."""
