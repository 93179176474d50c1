"""What the cleaners know of language: legal forms, abbreviations, nicknames, common words, free mail domains.

All entries are written folded (lower case, no accents, no punctuation), as `text.words` leaves them.
"""

# Legal form -> spellings. Two records with different forms are different companies more often than not.
_FORMS = {
    "ltd": "ltd limited", "plc": "plc|public limited company", "llp": "llp|limited liability partnership",
    "lp": "lp|limited partnership", "inc": "inc incorporated", "corp": "corp corporation",
    "llc": "llc|limited liability company", "pllc": "pllc", "co": "co company|and co|co ltd",
    "gmbh": "gmbh|gesellschaft mbh|g mbh|gesellschaft mit beschrankter haftung|ges mbh|gesmbh",
    "gmbhcokg": "gmbh co kg|gmbh und co kg|gmbh co|gmbh cokg|gmbhco kg",
    "ag": "ag aktiengesellschaft", "ug": "ug|ug haftungsbeschrankt|haftungsbeschrankt", "kg": "kg|co kg",
    "kgaa": "kgaa", "ohg": "ohg", "ev": "ev", "eg": "eg", "se": "se", "gbr": "gbr",
    "sa": "sa|societe anonyme|sociedad anonima|spolka akcyjna", "sarl": "sarl", "sas": "sas|sasu",
    "sci": "sci", "snc": "snc", "sca": "sca", "eurl": "eurl", "scs": "scs",
    "bv": "bv|besloten vennootschap", "nv": "nv|naamloze vennootschap", "vof": "vof", "cvba": "cvba", "bvba": "bvba",
    "sl": "sl|sociedad limitada|slu", "sau": "sau", "srl": "srl|societa a responsabilita limitata|srls",
    "spa": "spa|societa per azioni", "sapa": "sapa", "sas_it": "sas di",
    "spzoo": "spzoo|sp z oo|sp zoo|spolka z oo|spolka zoo|spolka z ograniczona odpowiedzialnoscia|sp z o o",
    "lda": "lda limitada", "ltda": "ltda", "oy": "oy oyj", "ab": "ab aktiebolag", "as": "as aksjeselskap",
    "aps": "aps", "a_s": "a s", "kft": "kft", "zrt": "zrt nyrt", "doo": "doo", "dd": "dd", "sro": "sro|s r o",
    "ooo": "ooo", "oao": "oao", "zao": "zao", "pao": "pao", "ao": "ao", "ae": "ae", "epe": "epe",
    "pty": "pty|pty ltd|proprietary limited|pty limited", "pvt": "pvt|pvt ltd|private limited|pvt limited",
    "pte": "pte|pte ltd", "sdn": "sdn bhd", "bhd": "bhd", "kk": "kk|kabushiki kaisha", "tbk": "tbk",
    "cic": "cic", "lllp": "lllp", "pc": "pc", "pa": "pa", "uk": "", "eood": "eood", "ood": "ood",
}  # fmt: skip


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _cases(word: str) -> tuple[str, ...]:
    return word, word.upper(), word.title(), word.capitalize()


def _spellings() -> dict[str, str]:
    table: dict[str, str] = {}
    for form, written in _FORMS.items():
        groups = written.split("|")
        phrases = (
            groups[0].split() if " " in groups[0] and form not in {"a_s", "sdn", "sas_it"} else groups[:1]
        )
        if form == "gmbhcokg":
            phrases = groups[:1]
        for phrase in [*phrases, *groups[1:]]:
            if phrase:
                table[phrase] = form
    return table


LEGAL_FORMS: dict[str, str] = _spellings()
# Last words that can end a legal form: a cheap test before the longer look-up.
LEGAL_ENDS = frozenset(p.split()[-1] for p in LEGAL_FORMS)
LEGAL_SIZES: dict[str, tuple[int, ...]] = {
    end: tuple(sorted({p.count(" ") + 1 for p in LEGAL_FORMS if p.split()[-1] == end}, reverse=True))
    for end in LEGAL_ENDS
}
"""How many words the legal forms have that end in a word, the longest first."""

# What people and programs write where they have nothing to say. "Null", "None" and "Na" are names of people: of these
# only the spellings of programs.
_NOTHING = """
    n/a|n.a.|n.a|#n/a|<na>|unknown|not available|not applicable|not known|not specified|not provided|unspecified
    |undefined|tbd|tbc|t.b.d.|missing|no data|(null)|(none)|[null]|unbekannt|k.a.|keine angabe|nicht bekannt
    |inconnu|inconnue|non renseign\u00e9|desconocido|desconocida|sin datos|no disponible|sconosciuto|non disponibile
    |onbekend|nieznany|brak danych|-|--|---|?|??|???|.|..|...
"""
_NOTHING_OR_NAME = _words("null none nil na nan")
NOTHING = frozenset(
    [s for word in _NOTHING.split("|") for s in _cases(word.strip())]
    + [s for word in _NOTHING_OR_NAME for s in (word, word.upper())]
)
_LONGEST_NOTHING = max(map(len, NOTHING))


def says_nothing(value: str) -> bool:
    """Whether a raw value stands for a missing one: "N/A", "unknown", "-"."""
    return len(value) <= _LONGEST_NOTHING + 2 and value.strip() in NOTHING


CONNECTIVES = _words(
    """
    and und et y e i en og och the der die das le la les el los las il lo gli de du des di del della van
    of for a an & plus
    """
)

_ORGANISATION_ABBREVIATIONS = {
    "international": "intl int internat internatl", "engineering": "eng engg engrg", "construction": "constr const",
    "manufacturing": "mfg manuf manufac", "services": "svcs svc serv service srvcs", "management": "mgmt mgt mngmt",
    "technologies": "tech technology techs technol", "associates": "assoc assocs association assn associated",
    "logistics": "log logist", "immobilien": "immo", "group": "grp gruppe groupe grupo gruppo groep",
    "ingenierie": "ing", "holdings": "hldgs hldg holding", "university": "univ universitat universite universita "
    "universidad universiteit universidade", "department": "dept dpt dep", "institute": "inst institut instituto",
    "hospital": "hosp", "national": "natl nat", "laboratory": "lab labs laboratories",
    "center": "centre ctr cntr cent",
    "school": "sch", "college": "coll", "instruments": "instr instrument", "company": "comp", "brothers": "bros",
    "saint": "st", "council": "cncl", "government": "govt", "limited": "", "industries": "ind inds industry",
    "systems": "sys system", "solutions": "soln solns solution", "pharmaceuticals": "pharma pharm pharmaceutical",
    "products": "prod prods", "communications": "comm comms", "development": "dev devt", "research": "res",
    "sciences": "sci science", "transport": "transp trans", "distribution": "distrib distr", "consulting": "consult "
    "consultants consultancy", "financial": "fin", "insurance": "ins insur", "academy": "acad", "chemicals": "chem",
    "electronics": "elec electron electronic", "partners": "ptnrs", "properties": "prop props",
    "foundation": "fdn found",
    "corporation": "", "mountain": "mt", "community": "cmty", "education": "educ edu", "medical": "med",
    "restaurant": "rest", "brasserie": "brass", "municipal": "muni", "authority": "auth",
}  # fmt: skip
_STREET_ABBREVIATIONS = {
    "st": "street str strasse straat saint", "rd": "road", "ln": "lane laan", "ave": "avenue av avenida avda",
    "blvd": "boulevard bd blv boul", "dr": "drive", "pkwy": "parkway", "sq": "square", "pk": "park", "c": "calle cl",
    "pl": "place platz plaza pza pza piazza pza plac", "r": "rue", "v": "via", "cso": "corso", "gr": "gracht",
    "al": "aleja aleje", "n": "north", "s": "south", "e": "east", "w": "west", "ct": "court crt", "hwy": "highway",
    "ter": "terrace tce", "cres": "crescent crs", "cl": "close", "sw": "southwest", "se": "southeast",
    "nw": "northwest", "ne": "northeast", "ul": "ulica ulitsa", "fl": "floor flr", "ste": "suite", "apt": "apartment",
    "pde": "parade", "cct": "circuit", "cir": "circle",
}  # fmt: skip


def _short_to_canonical(table: dict[str, str]) -> dict[str, str]:
    return {short: word for word, shorts in table.items() for short in shorts.split()}


ORGANISATION_WORDS = _short_to_canonical(_ORGANISATION_ABBREVIATIONS)
STREET_WORDS = _short_to_canonical(_STREET_ABBREVIATIONS)
_ORDINALS = "first=1st second=2nd third=3rd fourth=4th fifth=5th sixth=6th seventh=7th eighth=8th ninth=9th tenth=10th"
STREET_WORDS |= {pair.partition("=")[0]: pair.partition("=")[2] for pair in _ORDINALS.split()}

# Words so usual in names of organisations and titles that they make poor blocking keys.
COMMON_WORDS = _words(
    """
    group holdings services international company consulting management solutions technologies systems
    industries engineering construction logistics partners associates university department institute
    center school hospital college national research laboratory sciences software energy capital foods
    media security property transport financial insurance manufacturing products development
    distribution house restaurant cafe china usa with from using based on in at to by system data new
    model analysis design study approach black white set series pro edition inch the city county united
    states hotel club bar grill general american first community church public medical health education
    enterprises bau handels verwaltungs beteiligungs
    """
)

# Words that set companies of one group apart from each other.
SIBLING_WORDS = _words(
    """
    holdings international europe european uk usa us america americas asia pacific emea apac africa
    deutschland germany france espana italia polska nederland benelux belgium austria schweiz iberia
    nordic global worldwide north south east west northern southern eastern western ireland scotland
    wales canada australia india china japan
    """
)

CITY_NAMES = {
    "munchen": "munich", "koln": "cologne", "nurnberg": "nuremberg", "den haag": "hague", "the hague": "hague",
    "s gravenhage": "hague", "sgravenhage": "hague", "milano": "milan", "roma": "rome", "torino": "turin",
    "napoli": "naples", "firenze": "florence", "venezia": "venice", "genova": "genoa", "warszawa": "warsaw",
    "krakow": "cracow", "sevilla": "seville", "frankfurt am main": "frankfurt", "frankfurt m": "frankfurt",
    "frankfurt a m": "frankfurt", "new york city": "new york", "nyc": "new york", "ny": "new york",
    "greater london": "london", "city of london": "london", "wien": "vienna", "praha": "prague",
    "bruxelles": "brussels", "brussel": "brussels", "antwerpen": "antwerp", "anvers": "antwerp", "geneve": "geneva",
    "genf": "geneva", "zurich": "zurich", "lisboa": "lisbon", "kobenhavn": "copenhagen", "moskva": "moscow",
    "la": "los angeles", "sf": "san francisco", "hannover": "hanover", "braunschweig": "brunswick",
    "lyon": "lyons", "marseille": "marseilles", "zaragoza": "saragossa", "kiev": "kyiv", "kyyiv": "kyiv",
    "goteborg": "gothenburg", "bucuresti": "bucharest", "beograd": "belgrade", "athina": "athens",
    "luzern": "lucerne", "basle": "basel", "st louis": "saint louis", "saint louis": "saint louis",
}  # fmt: skip

_COUNTRIES = {
    "gb": "uk united kingdom|great britain|england|scotland|wales|gbr|united kingdom", "us": "usa|united states|"
    "united states of america|america", "de": "deu|germany|deutschland", "fr": "fra|france", "nl": "nld|netherlands|"
    "nederland|holland", "es": "esp|spain|espana", "it": "ita|italy|italia", "pl": "pol|poland|polska",
    "be": "bel|belgium", "ch": "che|switzerland|schweiz|suisse", "at": "aut|austria|osterreich", "ie": "irl|ireland",
    "pt": "prt|portugal", "se": "swe|sweden|sverige", "dk": "dnk|denmark|danmark", "no": "nor|norway|norge",
    "fi": "fin|finland|suomi", "au": "aus|australia", "ca": "can|canada", "in": "ind|india", "cn": "chn|china|"
    "pr china|peoples republic of china", "jp": "jpn|japan", "br": "bra|brazil|brasil", "mx": "mex|mexico",
    "cz": "cze|czech republic|czechia", "hu": "hun|hungary", "ro": "rou|romania", "gr": "grc|greece",
    "sg": "sgp|singapore", "za": "zaf|south africa", "lu": "lux|luxembourg", "ae": "are|united arab emirates",
}  # fmt: skip
COUNTRIES = {name: code for code, names in _COUNTRIES.items() for name in names.split("|")} | {"uk": "gb"}
DIALLING = {
    "gb": "44",
    "us": "1",
    "ca": "1",
    "de": "49",
    "fr": "33",
    "nl": "31",
    "es": "34",
    "it": "39",
    "pl": "48",
}

FREE_MAIL = _words(
    """
    gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.fr hotmail.de live.com
    live.co.uk msn.com gmx.de gmx.net gmx.com web.de t-online.de freenet.de orange.fr wanadoo.fr free.fr
    laposte.net sfr.fr btinternet.com yahoo.com yahoo.co.uk yahoo.fr yahoo.de ymail.com aol.com
    icloud.com me.com mac.com mail.com mail.ru yandex.ru proton.me protonmail.com libero.it virgilio.it
    tin.it alice.it telefonica.net wp.pl o2.pl onet.pl interia.pl ziggo.nl kpnmail.nl planet.nl sky.com
    talktalk.net virginmedia.com ntlworld.com comcast.net verizon.net att.net sbcglobal.net
    bellsouth.net cox.net qq.com 163.com 126.com
    """
)
ROLE_MAILBOXES = _words(
    """
    info accounts account invoices invoice office contact sales admin mail billing hello support finance
    ap enquiries buchhaltung rechnung kontakt compta facturation administracion ufficio
    """
)
SECOND_LEVEL = _words(
    """
    co com org net gov edu ac ltd plc gob gouv nhs sch
    """
)

_NICKNAMES = """
robert:rob bob bobby robbie bert|william:will bill billy liam willy wim|richard:rick dick ricky rich|
james:jim jimmy
jamie|john:jack johnny jon|michael:mike mick mickey micky michel|thomas:tom tommy|
charles:charlie chuck chas|edward:ed
eddie ted ned teddy|joseph:joe joey jo|david:dave davey|daniel:dan danny|matthew:matt|andrew:andy drew|
anthony:tony|
christopher:chris topher|nicholas:nick nico nicolas|samuel:sam sammy|benjamin:ben benny|
alexander:alex sasha xander al|
peter:pete|stephen:steve steven stevie stefan|gregory:greg|jeffrey:jeff geoffrey geoff|kenneth:ken kenny|
ronald:ron
ronnie|donald:don donnie|timothy:tim|lawrence:larry laurence lars|patrick:pat paddy|
francis:frank frankie fran|henry:
harry hank|george:georgie|frederick:fred freddie fritz|philip:phil phillip|raymond:ray|
gerald:gerry jerry|leonard:len
lenny leo|walter:walt wally|arthur:art artie|albert:al bertie|vincent:vince vinny|eugene:gene|douglas:doug|
elizabeth:liz beth lizzie betty eliza elisabeth lisa|
katherine:kate kathy katie cathy catherine kathryn kat katharina|
margaret:maggie meg peggy marge greta|patricia:patty trish tricia|jennifer:jen jenny|
susan:sue susie suzanne susanne|
barbara:barb babs|deborah:deb debbie|rebecca:becky becca|victoria:vicky tori vicki|
alexandra:alexa sandra lexi|
jessica:jess jessie|christine:chrissy tina christina kristina|jacqueline:jackie|
theresa:terry tess teresa|dorothy:dot
dolly|judith:judy|janet:jan|pamela:pam|sandra:sandy|samantha:sam sammie|amanda:mandy|abigail:abby|
angela:angie|
gabrielle:gabby|josephine:josie|madeline:maddie madeleine|natalie:nat natasha|veronica:ronnie|
nathaniel:nathan nate|
zachary:zach zack|jonathan:jon jonny|joshua:josh|jacob:jake|maximilian:max|wilhelm:willi|
johannes:hans johann|friedrich:
fritz|heinrich:heinz|jose:pepe|maria:mary marie|ana:anna anne ann annie
"""


def _nickname_table() -> dict[str, str]:
    table: dict[str, str] = {}
    for entry in _NICKNAMES.replace("\n", " ").split("|"):
        name, _, short = entry.partition(":")
        for s in short.split():
            table.setdefault(s, name.strip())
    return table


NICKNAMES = _nickname_table()
TITLES = _words(
    """
    mr mrs ms miss dr prof sir dame mag dipl ing herr frau mme mlle sr sra dott jr snr jnr phd md
    """
)
