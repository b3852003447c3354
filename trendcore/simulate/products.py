"""The goods that the simulated world trades: HS codes of two editions, with short descriptions of our own.

A code's `tilt` names the profile of who exports it; `share` is its part of world trade in thousandths of a
per cent (100,000 in all, roughly).
"""

from __future__ import annotations

from typing import NamedTuple


class Product(NamedTuple):
    """One HS code of one edition."""

    code: str
    tilt: str  # chips, tools, phones, computers, space, farm, fuel, cloth, metal, machine
    share: int
    description: str


#: codes that the fields of the taxonomy are made of: code, editions (7 = HS07, 2 = HS22), tilt, share, text
_FIELD_TABLE = """
280461 72 tools 60 Silicon of high purity
381800 72 tools 150 Chemical elements doped for use in electronics, wafers
370790 72 tools 90 Chemical preparations for photographic uses
848610 72 tools 70 Machines for making boules or wafers
848620 72 tools 950 Machines for making semiconductor devices or integrated circuits
848630 72 tools 190 Machines for making flat panel displays
848640 72 tools 130 Machines specified in note 11 (C) to chapter 84
848690 72 tools 330 Parts of machines of heading 8486
903082 72 tools 90 Instruments for measuring semiconductor wafers or devices
903141 72 tools 110 Optical instruments for inspecting semiconductor wafers or devices
847150 72 computers 900 Processing units
847180 72 computers 330 Other units of automatic data processing machines
847330 72 computers 950 Parts of automatic data processing machines
851761 72 phones 110 Base stations
851762 72 phones 1300 Machines for receiving and transmitting voice, images or data
851770 7 phones 700 Parts of telephone sets and transmission apparatus
851771 2 phones 130 Aerials and aerial reflectors
851779 2 phones 600 Other parts of telephone sets and transmission apparatus
854110 72 chips 90 Diodes
854121 72 chips 60 Transistors, below 1 W
854129 72 chips 170 Transistors, other
854130 72 chips 30 Thyristors, diacs and triacs
854140 7 chips 480 Photosensitive semiconductor devices and light-emitting diodes
854141 2 chips 150 Light-emitting diodes
854142 2 chips 40 Photovoltaic cells, not assembled
854143 2 chips 330 Photovoltaic cells in modules
854149 2 chips 60 Photosensitive semiconductor devices, other
854150 7 chips 60 Semiconductor devices, other
854151 2 chips 30 Semiconductor-based transducers
854159 2 chips 40 Semiconductor devices, other
854160 72 chips 40 Mounted piezo-electric crystals
854190 72 chips 70 Parts of semiconductor devices
854231 72 chips 2300 Processors and controllers
854232 72 chips 1500 Memories
854233 72 chips 110 Amplifiers
854239 72 chips 1900 Other integrated circuits
854290 72 chips 90 Parts of integrated circuits
852351 72 chips 260 Solid-state storage devices
852691 72 space 60 Radio navigational aid apparatus
880260 72 space 25 Spacecraft, satellites and launch vehicles
901320 72 tools 60 Lasers other than laser diodes
841960 72 machine 20 Machines for liquefying air or gases
"""

#: one or two goods of every other chapter, codes that both editions have: code, tilt, share
_OTHER_TABLE = """
010290 farm 40|020110 farm 60|020742 farm 50|030339 farm 120|040630 farm 130|050400 farm 20
060220 farm 30|070110 farm 60|080211 farm 60|081010 farm 90|090111 farm 180|100510 farm 120
100630 farm 130|110812 farm 20|120300 farm 150|130219 farm 20|140490 farm 5|151221 farm 110
160412 farm 70|170199 farm 90|180100 farm 110|190110 farm 120|200490 farm 110|210390 farm 140
220300 farm 170|230110 farm 130|240220 farm 110|250100 metal 40|260111 metal 550|261800 metal 40
270111 fuel 500|271112 fuel 700|270750 fuel 2600|280110 machine 90|290542 machine 180
300490 machine 1700|300590 machine 130|310430 metal 120|320413 machine 90|330300 machine 150
340290 machine 90|350691 machine 60|360490 cloth 10|370390 machine 20|380400 machine 100
390110 machine 480|392112 machine 260|400110 farm 160|401320 machine 80|410320 cloth 20
420229 cloth 240|430190 cloth 10|440791 farm 130|450310 farm 10|460199 cloth 10|470319 metal 90
481960 machine 130|491000 cloth 20|500400 cloth 10|510529 cloth 30|520100 cloth 90|520942 cloth 60
530310 cloth 10|540753 cloth 110|550921 cloth 60|560121 cloth 60|570249 cloth 40|580620 cloth 40
590290 cloth 50|600191 cloth 60|610462 cloth 420|610910 cloth 460|620342 cloth 430|630231 cloth 150
640391 cloth 420|650610 cloth 40|660199 cloth 10|670290 cloth 30|680293 metal 60|691110 metal 70
700719 machine 110|710812 metal 1500|720110 metal 120|721090 metal 350|730630 metal 160
740811 metal 130|750210 metal 60|760120 metal 260|780110 metal 20|790111 metal 50|800110 metal 30
810520 metal 20|820790 machine 90|830210 machine 90|840734 machine 380|841480 machine 320
843143 machine 150|850440 machine 500|850710 machine 300|852872 phones 420|853400 phones 330
853690 machine 420|854430 machine 260|860110 machine 40|870323 machine 2100|870899 machine 900
880240 machine 700|890190 machine 330|900190 machine 130|901890 machine 600|910111 machine 70
920210 machine 10|930320 metal 10|940360 cloth 330|950300 cloth 300|960810 machine 60
970400 machine 9
"""

#: names of the chapters 0 to 97
_CHAPTERS = """
-| Live animals| Meat| Fish| Dairy and eggs| Animal products| Plants and flowers| Vegetables|
Fruit and nuts| Coffee, tea and spices| Cereals| Milling products| Oil seeds| Gums and resins|
Vegetable plaiting materials| Fats and oils| Preparations of meat or fish| Sugars| Cocoa|
Preparations of cereals| Preparations of vegetables or fruit| Other food| Beverages| Food residues|
Tobacco| Salt, stone and cement| Ores| Mineral fuels| Inorganic chemicals| Organic chemicals|
Pharmaceuticals| Fertilisers| Dyes and paints| Perfumery and cosmetics| Soap and waxes|
Albuminoids and glues| Explosives| Photographic goods| Other chemicals| Plastics| Rubber|
Hides and skins| Leather goods| Furskins| Wood| Cork| Basketwork| Pulp| Paper| Printed matter| Silk|
Wool| Cotton| Other vegetable fibres| Man-made filaments| Man-made staple fibres| Wadding| Carpets|
Special woven fabrics| Coated textiles| Knitted fabrics| Knitted clothes| Woven clothes| Other made-
up textiles| Footwear| Headgear| Umbrellas| Feathers and hair| Stone articles| Ceramics| Glass|
Precious metals and stones| Iron and steel| Articles of iron or steel| Copper| Nickel| Aluminium| -|
Lead| Zinc| Tin| Other base metals| Tools| Articles of base metal| Machinery| Electrical machinery|
Railway| Vehicles| Aircraft| Ships| Optical and medical instruments| Clocks| Musical instruments|
Arms| Furniture| Toys| Various manufactures| Works of art
"""


def products(edition: str) -> tuple[Product, ...]:
    """Return the goods of an edition sorted by code; edition is "HS07" or "HS22".

    Raises
    ------
    ValueError
        Where the edition is another one.

    Examples
    --------
    >>> any(good.code == "854140" for good in products("HS07"))
    True
    >>> any(good.code == "854140" for good in products("HS22"))
    False
    """
    if edition not in {"HS07", "HS22"}:
        raise ValueError(f"no simulated goods of the edition {edition!r}: HS07 or HS22")
    chapters = [name.strip() for name in _CHAPTERS.replace("\n", " ").split("|")]
    found = []
    for line in _FIELD_TABLE.strip().splitlines():
        code, editions, tilt, share, text = line.split(" ", 4)
        if edition[-1] in editions:
            found.append(Product(code, tilt, int(share), text))
    for entry in _OTHER_TABLE.replace("\n", "|").split("|"):
        if entry:
            code, tilt, share = entry.split()
            found.append(Product(code, tilt, int(share), f"{chapters[int(code[:2])]}: {code}"))
    return tuple(sorted(found))


#: how much more than its size a country exports of a profile of goods: profile, then country and per cent
_STRENGTH_TABLE = """
chips TW 1500 KR 900 JP 260 SG 700 MY 500 CN 220 US 130 HK 500 PH 600 VN 150 DE 60 NL 80 IE 150
chips IL 200
tools JP 900 NL 900 US 320 KR 350 DE 170 SG 500 TW 260 AT 150 IL 260 CN 60
phones CN 600 VN 700 HK 500 KR 230 TW 250 SE 230 FI 230 MX 200 US 70 JP 60
computers CN 500 TW 700 MX 400 SG 300 US 100 JP 50 TH 300 VN 200
space US 420 FR 500 DE 180 LU 400 JP 110 RU 160 GB 150
farm BR 600 US 170 NL 300 AR 600 ID 300 TH 300 AU 400 NZ 900 CI 900 VN 230 CN 60 JP 10 KR 15 TW 15
farm CO 400 GH 900 KE 500
fuel SA 1200 RU 1000 AE 500 NO 1000 QA 1500 KZ 1500 AU 600 NG 1500 IQ 1900 DZ 1500 US 110 CA 400
fuel JP 5 CN 15 DE 10 TW 5 KR 40
cloth CN 350 BD 1500 VN 500 TR 400 IN 300 PK 900 IT 250 LK 900 MA 400 US 20 JP 10 TW 40 KR 30
metal AU 600 BR 350 CL 900 PE 900 ZA 700 CH 300 RU 350 CN 130 KZ 500 JP 110 IN 170 NA 900
machine DE 230 CN 170 JP 250 US 130 IT 190 KR 170 MX 230 FR 150 CH 200 CZ 230 HU 230 SK 300
"""


def _strengths() -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for line in _STRENGTH_TABLE.strip().splitlines():
        tilt, *cells = line.split()
        pairs = zip(cells[::2], cells[1::2], strict=True)
        found.setdefault(tilt, {}).update((alpha2, int(percent)) for alpha2, percent in pairs)
    return found


STRENGTH = _strengths()
