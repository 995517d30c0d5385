extension CityTables {
  /// The British Isles, and Europe from the Atlantic to the Alps.
  static let westernEurope = """
    GB|London|England|SW1A 1AA|51.5074|-0.1278|8982
    GB|Birmingham|England|B1 1BB|52.4862|-1.8904|1141
    GB|Leeds|England|LS1 1UR|53.8008|-1.5491|793
    GB|Glasgow|Scotland|G2 1DU|55.8642|-4.2518|635
    GB|Sheffield|England|S1 2HH|53.3811|-1.4701|585
    GB|Manchester|England|M2 5DB|53.4808|-2.2426|553
    GB|Edinburgh|Scotland|EH1 1YJ|55.9533|-3.1883|525
    GB|Liverpool|England|L3 1DP|53.4084|-2.9916|498
    GB|Bristol|England|BS1 5TR|51.4545|-2.5879|463
    GB|Cardiff|Wales|CF10 4UW|51.4816|-3.1791|364
    GB|Leicester|England|LE1 9BG|52.6369|-1.1398|354
    GB|Belfast|Northern Ireland|BT1 5GS|54.5973|-5.9301|343
    GB|Newcastle upon Tyne|England|NE1 8QH|54.9783|-1.6178|302
    GB|Brighton|England|BN1 1EE|50.8225|-0.1372|290
    GB|Aberdeen|Scotland|AB10 1AB|57.1497|-2.0943|198
    IE|Dublin|Leinster|D01|53.3498|-6.2603|555
    IE|Cork|Munster|T12|51.8985|-8.4756|210
    IE|Limerick|Munster|V94|52.6638|-8.6267|94
    IE|Galway|Connacht|H91|53.2707|-9.0568|80
    IE|Waterford|Munster|X91|52.2593|-7.1101|53
    IE|Kilkenny|Leinster|R95|52.6541|-7.2448|27
    IE|Sligo|Connacht|F91|54.2766|-8.4761|19
    DE|Berlin|Berlin|10115|52.5200|13.4050|3664
    DE|Hamburg|Hamburg|20095|53.5511|9.9937|1852
    DE|München|Bayern|80331|48.1351|11.5820|1488
    DE|Köln|Nordrhein-Westfalen|50667|50.9375|6.9603|1083
    DE|Frankfurt am Main|Hessen|60311|50.1109|8.6821|764
    DE|Stuttgart|Baden-Württemberg|70173|48.7758|9.1829|630
    DE|Düsseldorf|Nordrhein-Westfalen|40213|51.2277|6.7735|620
    DE|Leipzig|Sachsen|04109|51.3397|12.3731|597
    DE|Dortmund|Nordrhein-Westfalen|44135|51.5136|7.4653|588
    DE|Bremen|Bremen|28195|53.0793|8.8017|567
    DE|Dresden|Sachsen|01067|51.0504|13.7373|556
    DE|Hannover|Niedersachsen|30159|52.3759|9.7320|534
    DE|Nürnberg|Bayern|90402|49.4521|11.0767|516
    DE|Freiburg im Breisgau|Baden-Württemberg|79098|47.9990|7.8421|231
    DE|Rostock|Mecklenburg-Vorpommern|18055|54.0924|12.0991|209
    FR|Paris|Île-de-France|75001|48.8566|2.3522|2161
    FR|Marseille|Provence-Alpes-Côte d'Azur|13001|43.2965|5.3698|870
    FR|Lyon|Auvergne-Rhône-Alpes|69001|45.7640|4.8357|522
    FR|Toulouse|Occitanie|31000|43.6047|1.4442|498
    FR|Nice|Provence-Alpes-Côte d'Azur|06000|43.7102|7.2620|343
    FR|Nantes|Pays de la Loire|44000|47.2184|-1.5536|320
    FR|Montpellier|Occitanie|34000|43.6108|3.8767|299
    FR|Strasbourg|Grand Est|67000|48.5734|7.7521|290
    FR|Bordeaux|Nouvelle-Aquitaine|33000|44.8378|-0.5792|259
    FR|Lille|Hauts-de-France|59000|50.6292|3.0573|236
    FR|Rennes|Bretagne|35000|48.1173|-1.6778|222
    FR|Grenoble|Auvergne-Rhône-Alpes|38000|45.1885|5.7245|158
    FR|Dijon|Bourgogne-Franche-Comté|21000|47.3220|5.0415|159
    NL|Amsterdam|Noord-Holland|1012 JS|52.3676|4.9041|873
    NL|Rotterdam|Zuid-Holland|3011 AD|51.9244|4.4777|651
    NL|Den Haag|Zuid-Holland|2511 BT|52.0705|4.3007|548
    NL|Utrecht|Utrecht|3512 JE|52.0907|5.1214|358
    NL|Eindhoven|Noord-Brabant|5611 EM|51.4416|5.4697|236
    NL|Groningen|Groningen|9712 HN|53.2194|6.5665|233
    NL|Tilburg|Noord-Brabant|5038 TC|51.5555|5.0913|221
    NL|Nijmegen|Gelderland|6511 KH|51.8126|5.8372|177
    NL|Maastricht|Limburg|6211 CK|50.8514|5.6910|121
    NL|Leeuwarden|Friesland|8911 DH|53.2012|5.7999|124
    BE|Antwerpen|Vlaanderen|2000|51.2194|4.4025|529
    BE|Gent|Vlaanderen|9000|51.0543|3.7174|264
    BE|Charleroi|Wallonie|6000|50.4108|4.4446|203
    BE|Liège|Wallonie|4000|50.6326|5.5797|197
    BE|Bruxelles|Bruxelles-Capitale|1000|50.8503|4.3517|185
    BE|Brugge|Vlaanderen|8000|51.2093|3.2247|118
    BE|Namur|Wallonie|5000|50.4674|4.8720|111
    BE|Leuven|Vlaanderen|3000|50.8798|4.7005|102
    AT|Wien|Wien|1010|48.2082|16.3738|1911
    AT|Graz|Steiermark|8010|47.0707|15.4395|291
    AT|Linz|Oberösterreich|4020|48.3069|14.2858|207
    AT|Salzburg|Salzburg|5020|47.8095|13.0550|155
    AT|Innsbruck|Tirol|6020|47.2692|11.4041|132
    AT|Klagenfurt|Kärnten|9020|46.6247|14.3053|101
    AT|Wels|Oberösterreich|4600|48.1575|14.0289|62
    AT|St. Pölten|Niederösterreich|3100|48.2047|15.6256|56
    CH|Zürich|Zürich|8001|47.3769|8.5417|421
    CH|Genève|Genève|1204|46.2044|6.1432|204
    CH|Basel|Basel-Stadt|4051|47.5596|7.5886|173
    CH|Lausanne|Vaud|1003|46.5197|6.6323|140
    CH|Bern|Bern|3011|46.9480|7.4474|134
    CH|Winterthur|Zürich|8400|47.4988|8.7237|114
    CH|Luzern|Luzern|6003|47.0502|8.3093|82
    CH|St. Gallen|St. Gallen|9000|47.4245|9.3767|76
    CH|Lugano|Ticino|6900|46.0037|8.9511|62
    ES|Madrid|Comunidad de Madrid|28013|40.4168|-3.7038|3334
    ES|Barcelona|Cataluña|08002|41.3851|2.1734|1664
    ES|Valencia|Comunidad Valenciana|46002|39.4699|-0.3763|801
    ES|Sevilla|Andalucía|41001|37.3891|-5.9845|691
    ES|Zaragoza|Aragón|50003|41.6488|-0.8891|681
    ES|Málaga|Andalucía|29015|36.7213|-4.4214|578
    ES|Murcia|Región de Murcia|30001|37.9922|-1.1307|460
    ES|Palma|Islas Baleares|07001|39.5696|2.6502|422
    ES|Las Palmas de Gran Canaria|Canarias|35002|28.1235|-15.4363|381
    ES|Bilbao|País Vasco|48001|43.2630|-2.9350|350
    ES|Valladolid|Castilla y León|47001|41.6523|-4.7245|299
    ES|Vigo|Galicia|36201|42.2406|-8.7207|296
    PT|Lisboa|Lisboa|1100-148|38.7223|-9.1393|546
    PT|Porto|Porto|4000-322|41.1579|-8.6291|232
    PT|Vila Nova de Gaia|Porto|4400-001|41.1239|-8.6118|304
    PT|Braga|Braga|4700-030|41.5454|-8.4265|193
    PT|Coimbra|Coimbra|3000-150|40.2033|-8.4103|141
    PT|Setúbal|Setúbal|2900-001|38.5244|-8.8882|123
    PT|Funchal|Madeira|9000-060|32.6669|-16.9241|106
    PT|Aveiro|Aveiro|3800-200|40.6405|-8.6538|81
    PT|Faro|Faro|8000-138|37.0194|-7.9304|68
    PT|Ponta Delgada|Açores|9500-150|37.7412|-25.6756|67
    IT|Roma|Lazio|00184|41.9028|12.4964|2783
    IT|Milano|Lombardia|20121|45.4642|9.1900|1372
    IT|Napoli|Campania|80133|40.8518|14.2681|940
    IT|Torino|Piemonte|10121|45.0703|7.6869|858
    IT|Palermo|Sicilia|90133|38.1157|13.3615|641
    IT|Genova|Liguria|16121|44.4056|8.9463|565
    IT|Bologna|Emilia-Romagna|40121|44.4949|11.3426|392
    IT|Firenze|Toscana|50122|43.7696|11.2558|367
    IT|Bari|Puglia|70122|41.1171|16.8719|317
    IT|Catania|Sicilia|95124|37.5079|15.0830|300
    IT|Verona|Veneto|37121|45.4384|10.9916|256
    IT|Venezia|Veneto|30124|45.4408|12.3155|255
    IT|Trieste|Friuli-Venezia Giulia|34121|45.6495|13.7768|201
    IT|Cagliari|Sardegna|09124|39.2238|9.1217|151
    """
}
