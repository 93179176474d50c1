"""Words with a meaning of their own in names and cells: placeholders, acronyms, small words."""


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CERTAIN_PLACEHOLDERS = words(
    """
    n/a #n/a #na #null! #ref! #value! #name? #div/0! null <null> (null) [null] nil none (none)
    [none] undefined nan tbd tbc tba unknown (unknown) unspecified unassigned (blank) blank empty
    missing xxx xxxx xxxxx void dummy
    """
) | {
    "not available",
    "not applicable",
    "not known",
    "not provided",
    "not specified",
    "no value",
    "to be confirmed",
}

PLACEHOLDERS = (
    CERTAIN_PLACEHOLDERS
    | words(
        """
        na n.a. n.a nd k.a. s/o test testing asdf qwerty deleted duplicate default
        """
    )
    | {"do not use", "test account", "test customer", "test company"}
)

SMALL_WORDS = words(
    """
    a an and the of for in on at by to from with de la le les du des d' l' del della di da do dos
    das von van der den dem zu zum zur und et e y i en og och
    """
)

# Names that are written in capitals, and are pronounceable enough to be mistaken for words.
ACRONYMS = words(
    """
    UK USA US EU UAE NATO NHS BBC IBM SAP BAE RAC AA NEC BMW KLM HSBC UBS ING AXA IKEA ACCA CIPD
    CIMA ICAEW RICS RIBA UCL LSE MIT YMCA YWCA RSPCA RNIB RSA NFU TUC GMB ITV BP EDF EON SSE IT HR
    AI ICT UX R&D M&A B2B QA AV DHL UPS TNT DPD PWC KPMG EY BDO RSM II III IV VI VII VIII IX XI XII
    ISO IEC IEEE OECD UNESCO UNICEF WHO IMF CEO CFO CTO COO VP PA PC TV DVD GP GB NI BT O2 EE PO
    """
)

# Short words and abbreviations that are no acronyms, though they could be by their letters.
SHORT_WORDS = words(
    """
    the pro tri spa ski flu gnu who she two we us my is me no up go do so if as or al ed jo big see
    act ada age aid air ale alf all amy and ann any ape apt arc are ark arm art ash ask ate ava axe
    bay bee bon box boy bus buy car cat coe cox cup day dee des don dry ear east easy eat egg ego
    eli elm end era eve eye far fay fee fit fly fox fry fun gas gem guy hay hub ian ice ink inn isle
    ivy jam jay jet jim job joe jon joy kay ken key kim kit lab law lay lea lee leo les lie lou low
    mae map max may mid new nue oak odd off oil old one our out owl own pay pet ray red ron roy sky
    son sue sun tax tea ted tim tom top toy urn use van vet via way web wes win yes you zoe zoo st
    rd ln ave blvd hwy ct dr sq pl pk gdns mt ft flr bldg mr mrs ms jr sr mgmt intl svcs mfg natl
    dept bros
    """
)
