"""The simulated world: countries, their rough sizes, and who is close to whom.

Sizes are round numbers that only keep a realistic order (papers, US patents, trade); they are not data.
"""

from __future__ import annotations

from typing import NamedTuple

FIELDS = ("semiconductors", "ai", "qis", "5g", "space")
OUT_OF_FIELD = len(FIELDS)


class Country(NamedTuple):
    """One simulated country: codes, region and relative sizes (integers, so that sums are exact)."""

    alpha2: str
    alpha3: str
    numeric: int  # ISO 3166-1
    trade_code: int  # as UN Comtrade and CEPII BACI number it
    region: str
    papers: int
    patents: int
    trade: int
    name: str  # as UN Comtrade spells it


_TABLE = """
US USA 840 842 N 2300 4600 250 USA
CN CHN 156 156 A 2500 900 270 China
DE DEU 276 276 E 720 600 125 Germany
GB GBR 826 826 E 700 230 75 United Kingdom
JP JPN 392 392 A 640 1750 80 Japan
IN IND 356 699 S 700 210 55 India
KR KOR 410 410 A 480 850 65 Rep. of Korea
IT ITA 380 380 E 420 110 60 Italy
FR FRA 250 251 E 450 230 65 France
CA CAN 124 124 N 360 230 50 Canada
AU AUS 36 36 O 310 70 30 Australia
ES ESP 724 724 E 310 40 40 Spain
TW TWN 158 490 A 230 480 48 Other Asia, nes
BR BRA 76 76 L 240 15 28 Brazil
NL NLD 528 528 E 230 130 60 Netherlands
IR IRN 364 364 M 220 4 6 Iran
RU RUS 643 643 C 230 25 30 Russian Federation
TR TUR 792 792 M 170 12 24 Türkiye
CH CHE 756 757 E 190 130 36 Switzerland
PL POL 616 616 E 140 12 32 Poland
SE SWE 752 752 E 150 120 20 Sweden
BE BEL 56 56 E 120 60 44 Belgium
SG SGP 702 702 S 130 50 45 Singapore
HK HKG 344 344 A 120 25 40 China, Hong Kong SAR
MY MYS 458 458 S 110 20 30 Malaysia
SA SAU 682 682 M 110 20 26 Saudi Arabia
IL ISR 376 376 M 90 170 11 Israel
AT AUT 40 40 E 100 60 20 Austria
DK DNK 208 208 E 95 40 13 Denmark
PT PRT 620 620 E 90 6 9 Portugal
GR GRC 300 300 E 80 6 6 Greece
FI FIN 246 246 E 80 60 9 Finland
NO NOR 578 579 E 75 22 16 Norway
CZ CZE 203 203 E 80 12 22 Czechia
EG EGY 818 818 M 75 3 6 Egypt
PK PAK 586 586 S 75 2 5 Pakistan
MX MEX 484 484 N 70 14 52 Mexico
IE IRL 372 372 E 60 45 22 Ireland
TH THA 764 764 S 55 5 28 Thailand
VN VNM 704 704 S 55 3 36 Viet Nam
ID IDN 360 360 S 60 2 22 Indonesia
ZA ZAF 710 710 F 50 6 11 South Africa
RO ROU 642 642 E 50 4 11 Romania
HU HUN 348 348 E 40 8 15 Hungary
UA UKR 804 804 C 40 5 6 Ukraine
NZ NZL 554 554 O 45 14 5 New Zealand
CL CHL 152 152 L 40 3 9 Chile
AR ARG 32 32 L 38 3 7 Argentina
AE ARE 784 784 M 45 4 34 United Arab Emirates
CO COL 170 170 L 30 2 5 Colombia
IQ IRQ 368 368 M 28 1 7 Iraq
BD BGD 50 50 S 28 1 5 Bangladesh
DZ DZA 12 12 M 24 1 4 Algeria
MA MAR 504 504 M 22 1 4 Morocco
TN TUN 788 788 M 20 1 2 Tunisia
SI SVN 705 705 E 20 3 5 Slovenia
SK SVK 703 703 E 22 3 10 Slovakia
BG BGR 100 100 E 18 3 5 Bulgaria
RS SRB 688 688 E 20 1 3 Serbia
HR HRV 191 191 E 16 1 3 Croatia
LU LUX 442 442 E 14 12 3 Luxembourg
EE EST 233 233 E 9 2 2 Estonia
LT LTU 440 440 E 11 2 4 Lithuania
PH PHL 608 608 S 18 2 12 Philippines
QA QAT 634 634 M 18 1 8 Qatar
NG NGA 566 566 F 16 1 6 Nigeria
KZ KAZ 398 398 C 12 1 6 Kazakhstan
LK LKA 144 144 S 10 1 2 Sri Lanka
PE PER 604 604 L 8 1 5 Peru
KE KEN 404 404 F 6 1 2 Kenya
CI CIV 384 384 F 3 1 2 Côte d'Ivoire
GH GHA 288 288 F 5 1 2 Ghana
NA NAM 516 516 F 2 1 1 Namibia
IS ISL 352 352 E 5 1 1 Iceland
XK XKX 0 0 E 1 1 1 Kosovo
"""


def _parse(line: str) -> Country:
    alpha2, alpha3, numeric, trade_code, region, papers, patents, trade, name = line.split(" ", 8)
    sizes = (int(papers), int(patents), int(trade))
    return Country(alpha2, alpha3, int(numeric), int(trade_code), region, *sizes, name)


COUNTRIES: tuple[Country, ...] = tuple(_parse(line) for line in _TABLE.strip().splitlines())
POSITION = {country.alpha2: position for position, country in enumerate(COUNTRIES)}

#: extra weight of a field in a country, in per cent of its size in papers and patents
TILT = {
    "semiconductors": {"TW": 420, "KR": 260, "JP": 220, "SG": 200, "NL": 160, "BE": 170, "US": 110, "CN": 90},
    "ai": {"US": 120, "CN": 130, "GB": 115, "CA": 130, "SG": 140, "HK": 170, "JP": 110, "IL": 130, "IN": 115},
    "qis": {
        "AT": 260,
        "CH": 200,
        "JP": 170,
        "GB": 150,
        "DE": 150,
        "CA": 170,
        "AU": 180,
        "NL": 170,
        "US": 130,
    },
    "5g": {"CN": 130, "KR": 200, "FI": 320, "SE": 260, "JP": 200, "US": 110, "TW": 130},
    "space": {"US": 170, "FR": 170, "IT": 160, "JP": 200, "RU": 140, "DE": 120, "LU": 300, "IN": 110},
}

#: closeness of two countries in papers and patents, in per cent; 100 where nothing is said
CLOSE = {
    ("US", "CN"): 150, ("US", "JP"): 270, ("US", "KR"): 220, ("US", "TW"): 200, ("US", "GB"): 130,
    ("US", "CA"): 190, ("US", "IN"): 150, ("US", "AU"): 110, ("US", "IL"): 220, ("JP", "IN"): 130,
    ("JP", "AU"): 130, ("JP", "CN"): 150, ("JP", "KR"): 170, ("JP", "TW"): 170, ("AU", "IN"): 150,
    ("AU", "CN"): 190, ("HK", "CN"): 700, ("SG", "CN"): 230, ("GB", "AU"): 160, ("GB", "CN"): 110,
    ("PT", "BR"): 400, ("ES", "MX"): 250, ("ES", "CL"): 250, ("RU", "CN"): 90, ("SA", "EG"): 500,
    ("PK", "CN"): 200, ("PK", "SA"): 300, ("MY", "IQ"): 400, ("UA", "PL"): 300, ("NA", "ZA"): 900,
    ("CI", "FR"): 900, ("XK", "DE"): 900,
}  # fmt: skip
#: the same where one field differs from the rest
CLOSE_IN_FIELD = {
    "semiconductors": {("JP", "TW"): 420, ("US", "TW"): 330, ("US", "JP"): 340, ("NL", "TW"): 400,
                       ("BE", "TW"): 400, ("US", "CN"): 80},
    "qis": {("US", "JP"): 360, ("US", "AU"): 190, ("AT", "CN"): 260, ("US", "CN"): 80},
    "space": {("US", "JP"): 360, ("JP", "AU"): 190, ("US", "CN"): 12, ("US", "RU"): 60},
    "5g": {("US", "CN"): 90, ("SE", "CN"): 180, ("FI", "CN"): 170},
}  # fmt: skip
#: closeness of two countries of one region, in per cent
SAME_REGION = {"E": 260, "A": 140, "S": 130, "N": 150, "L": 320, "M": 300, "F": 400, "O": 500, "C": 400}

#: trade closeness in per cent; the rest follows size and region
TRADE_CLOSE = {
    ("US", "MX"): 420, ("US", "CA"): 400, ("US", "JP"): 170, ("US", "TW"): 170, ("US", "KR"): 150,
    ("JP", "TW"): 230, ("JP", "KR"): 170, ("JP", "CN"): 170, ("JP", "TH"): 230, ("TW", "CN"): 260,
    ("KR", "CN"): 210, ("HK", "CN"): 600, ("HK", "TW"): 300, ("SG", "MY"): 420, ("SG", "TW"): 260,
    ("VN", "CN"): 230, ("VN", "KR"): 260, ("NL", "DE"): 170, ("AU", "CN"): 230, ("NL", "TW"): 160,
}  # fmt: skip
TRADE_SAME_REGION = {"E": 300, "A": 180, "S": 220, "N": 250, "L": 300, "M": 250, "F": 300, "O": 350, "C": 350}
