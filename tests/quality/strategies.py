"""What hypothesis feeds standardizers with: pieces of real cells, pieces that break parsers, any JSON."""

from hypothesis import strategies as st

from apps.quality.contracts import Near

_REAL = """
0 1 5 12 31 99 2026 1,234 .50 , . - ( ) / : ; + # % & @ ' " _ £ € $ kr GBP EUR x X N/A null NaN 1e9 e-5
Jan february acme Acme ACME LTD Ltd plc GmbH & Co KG Müller O'Neill McDonald van der DE GB IE NO CHE 00
ext 12 @acme.com www. https:// .co.uk gmail.com &amp; &#8203; &lt; Ã© â€™ SW1A 1AA net 30 days EOM 62.01
"""
_HOSTILE = (
    "\u200b\u202e\ufeff\0\ud800\u0301\u0430\u0130\ufb03\ufdfa\u00df李ı\u01c6\u0663\uff11½\u0345\u1e9e\ufffd\U000e0041"
    "\n\t \u00a0\u2028\u3000"
)
PIECES = (*_REAL.split(), *_HOSTILE, "  ")

texts = st.one_of(
    st.text(st.characters(), max_size=30),
    st.lists(st.sampled_from(PIECES), max_size=9).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=7).map(" ".join),
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
nears = st.builds(
    Near,
    country=st.sampled_from((None, "GB", "US", "DE", "SE", "CH")),
    date_order=st.sampled_from((None, "dmy", "mdy")),
    decimal_mark=st.sampled_from((None, ",", ".")),
    choices=st.sampled_from(((), ("part_paid", "paid", "x"))),
)
