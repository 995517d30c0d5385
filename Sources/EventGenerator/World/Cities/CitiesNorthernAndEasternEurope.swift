extension CityTables {
  /// The Nordic countries, and Europe east of the Oder with Turkey.
  static let northernAndEasternEurope = """
    SE|Stockholm|Stockholms län|111 29|59.3293|18.0686|976
    SE|Göteborg|Västra Götalands län|411 03|57.7089|11.9746|583
    SE|Malmö|Skåne län|211 22|55.6050|13.0038|348
    SE|Uppsala|Uppsala län|753 20|59.8586|17.6389|234
    SE|Linköping|Östergötlands län|582 23|58.4108|15.6214|164
    SE|Västerås|Västmanlands län|722 11|59.6099|16.5448|155
    SE|Örebro|Örebro län|702 11|59.2753|15.2134|156
    SE|Umeå|Västerbottens län|903 26|63.8258|20.2630|130
    SE|Luleå|Norrbottens län|972 31|65.5848|22.1547|78
    NO|Oslo|Oslo|0150|59.9139|10.7522|697
    NO|Bergen|Vestland|5003|60.3913|5.3221|285
    NO|Trondheim|Trøndelag|7011|63.4305|10.3951|207
    NO|Stavanger|Rogaland|4006|58.9700|5.7331|144
    NO|Kristiansand|Agder|4611|58.1599|8.0182|112
    NO|Drammen|Buskerud|3015|59.7441|10.2045|102
    NO|Tromsø|Troms|9008|69.6492|18.9553|77
    NO|Bodø|Nordland|8006|67.2804|14.4049|53
    NO|Ålesund|Møre og Romsdal|6002|62.4722|6.1495|67
    DK|København|Hovedstaden|1050|55.6761|12.5683|638
    DK|Aarhus|Midtjylland|8000|56.1629|10.2039|282
    DK|Odense|Syddanmark|5000|55.4038|10.4024|180
    DK|Aalborg|Nordjylland|9000|57.0488|9.9217|119
    DK|Esbjerg|Syddanmark|6700|55.4765|8.4594|72
    DK|Randers|Midtjylland|8900|56.4607|10.0364|62
    DK|Kolding|Syddanmark|6000|55.4904|9.4722|61
    DK|Roskilde|Sjælland|4000|55.6415|12.0803|51
    FI|Helsinki|Uusimaa|00100|60.1699|24.9384|657
    FI|Espoo|Uusimaa|02100|60.2055|24.6559|293
    FI|Tampere|Pirkanmaa|33100|61.4978|23.7610|241
    FI|Vantaa|Uusimaa|01300|60.2934|25.0378|237
    FI|Oulu|Pohjois-Pohjanmaa|90100|65.0121|25.4651|207
    FI|Turku|Varsinais-Suomi|20100|60.4518|22.2666|194
    FI|Jyväskylä|Keski-Suomi|40100|62.2426|25.7473|143
    FI|Kuopio|Pohjois-Savo|70100|62.8924|27.6770|120
    FI|Rovaniemi|Lappi|96200|66.5039|25.7294|64
    PL|Warszawa|Mazowieckie|00-001|52.2297|21.0122|1794
    PL|Kraków|Małopolskie|31-042|50.0647|19.9450|779
    PL|Łódź|Łódzkie|90-001|51.7592|19.4560|672
    PL|Wrocław|Dolnośląskie|50-101|51.1079|17.0385|643
    PL|Poznań|Wielkopolskie|61-772|52.4064|16.9252|533
    PL|Gdańsk|Pomorskie|80-831|54.3520|18.6466|471
    PL|Szczecin|Zachodniopomorskie|70-001|53.4285|14.5528|398
    PL|Bydgoszcz|Kujawsko-Pomorskie|85-001|53.1235|18.0084|344
    PL|Lublin|Lubelskie|20-001|51.2465|22.5684|339
    PL|Białystok|Podlaskie|15-001|53.1325|23.1688|296
    PL|Katowice|Śląskie|40-001|50.2649|19.0238|290
    PL|Rzeszów|Podkarpackie|35-001|50.0412|21.9991|197
    CZ|Praha|Praha|110 00|50.0755|14.4378|1335
    CZ|Brno|Jihomoravský kraj|602 00|49.1951|16.6068|382
    CZ|Ostrava|Moravskoslezský kraj|702 00|49.8209|18.2625|285
    CZ|Plzeň|Plzeňský kraj|301 00|49.7384|13.3736|175
    CZ|Liberec|Liberecký kraj|460 01|50.7663|15.0543|104
    CZ|Olomouc|Olomoucký kraj|779 00|49.5938|17.2509|100
    CZ|České Budějovice|Jihočeský kraj|370 01|48.9747|14.4743|94
    CZ|Hradec Králové|Královéhradecký kraj|500 03|50.2104|15.8252|92
    HU|Budapest|Budapest|1051|47.4979|19.0402|1752
    HU|Debrecen|Hajdú-Bihar|4024|47.5316|21.6273|201
    HU|Szeged|Csongrád-Csanád|6720|46.2530|20.1414|160
    HU|Miskolc|Borsod-Abaúj-Zemplén|3525|48.1035|20.7784|154
    HU|Pécs|Baranya|7621|46.0727|18.2323|142
    HU|Győr|Győr-Moson-Sopron|9021|47.6875|17.6504|132
    HU|Nyíregyháza|Szabolcs-Szatmár-Bereg|4400|47.9495|21.7244|117
    HU|Kecskemét|Bács-Kiskun|6000|46.8964|19.6897|109
    RO|București|București|030167|44.4268|26.1025|1833
    RO|Cluj-Napoca|Cluj|400006|46.7712|23.6236|325
    RO|Timișoara|Timiș|300006|45.7489|21.2087|319
    RO|Iași|Iași|700028|47.1585|27.6014|290
    RO|Constanța|Constanța|900001|44.1598|28.6348|284
    RO|Craiova|Dolj|200585|44.3302|23.7949|270
    RO|Brașov|Brașov|500007|45.6427|25.5887|253
    RO|Galați|Galați|800008|45.4353|28.0080|250
    RO|Oradea|Bihor|410068|47.0465|21.9189|196
    RO|Sibiu|Sibiu|550160|45.7983|24.1256|147
    GR|Athina|Attiki|105 57|37.9838|23.7275|664
    GR|Thessaloniki|Kentriki Makedonia|546 24|40.6401|22.9444|325
    GR|Patra|Dytiki Ellada|262 21|38.2466|21.7346|168
    GR|Peiraias|Attiki|185 31|37.9429|23.6470|164
    GR|Larissa|Thessalia|412 22|39.6390|22.4191|145
    GR|Irakleio|Kriti|712 02|35.3387|25.1442|141
    GR|Volos|Thessalia|382 21|39.3622|22.9420|86
    GR|Ioannina|Ipeiros|452 21|39.6650|20.8537|66
    TR|İstanbul|İstanbul|34110|41.0082|28.9784|15462
    TR|Ankara|Ankara|06420|39.9334|32.8597|5663
    TR|İzmir|İzmir|35250|38.4237|27.1428|4395
    TR|Bursa|Bursa|16010|40.1885|29.0610|3102
    TR|Antalya|Antalya|07100|36.8969|30.7133|2548
    TR|Adana|Adana|01010|37.0000|35.3213|2259
    TR|Konya|Konya|42030|37.8746|32.4932|2250
    TR|Gaziantep|Gaziantep|27010|37.0662|37.3833|2101
    TR|Kayseri|Kayseri|38010|38.7205|35.4826|1421
    TR|Diyarbakır|Diyarbakır|21070|37.9144|40.2306|1783
    TR|Trabzon|Trabzon|61030|41.0027|39.7168|812
    UA|Kyiv|Kyiv|01001|50.4501|30.5234|2963
    UA|Kharkiv|Kharkivska oblast|61000|49.9935|36.2304|1433
    UA|Odesa|Odeska oblast|65000|46.4825|30.7233|1015
    UA|Dnipro|Dnipropetrovska oblast|49000|48.4647|35.0462|980
    UA|Zaporizhzhia|Zaporizka oblast|69000|47.8388|35.1396|722
    UA|Lviv|Lvivska oblast|79000|49.8397|24.0297|717
    UA|Kryvyi Rih|Dnipropetrovska oblast|50000|47.9105|33.3918|612
    UA|Vinnytsia|Vinnytska oblast|21000|49.2331|28.4682|371
    UA|Poltava|Poltavska oblast|36000|49.5883|34.5514|284
    UA|Chernivtsi|Chernivetska oblast|58000|48.2921|25.9358|265
    """
}
