"""British counties, which people write between the post town and the postcode."""

from apps.quality.reference.countries import plain

_NAMES = """
Bedfordshire|Berks|Bucks|Cambs|Cheshire|Cleveland|Cornwall|Cumbria|County Durham|Devon|Dorset|Sussex|East Sussex|
West Sussex|Essex|Glos|Greater London|Greater Manchester|Hants|Herts|Isle of Wight|Kent|Lancs|Leics|Lincs|
Merseyside|Middlesex|Middx|Norfolk|Northants|Northumberland|Notts|Oxon|Rutland|Shropshire|Salop|Somerset|
Suffolk|Surrey|Tyne and Wear|West Midlands|Wilts|Worcs|Yorks|North Yorkshire|South Yorkshire|West Yorkshire|
East Yorkshire|Co Antrim|Co Armagh|Co Down|Co Fermanagh|Co Londonderry|Co Tyrone|County Antrim|County Armagh|
County Down|County Fermanagh|County Londonderry|County Tyrone|Gwent|Gwynedd|Dyfed|Clwyd|Powys|Mid Glamorgan|
South Glamorgan|West Glamorgan|Fife|Lothian|Midlothian|West Lothian|East Lothian|Angus|Caithness|Sutherland|
Perth and Kinross|Highland
"""
_COUNTIES = frozenset(plain(name) for name in _NAMES.split("|"))


def is_british_county(text: str) -> bool:
    """Tell whether a text is a county of the United Kingdom, by its full or usual short name."""
    name = plain(text)
    return name in _COUNTIES or (name.endswith("shire") and len(name) > 8)
