extension CityTables {
  /// The Americas but for the United States.
  static let americas = """
    CA|Toronto|ON|M5H 2N2|43.6532|-79.3832|2794
    CA|Montréal|QC|H2Y 1C6|45.5017|-73.5673|1763
    CA|Calgary|AB|T2P 2M5|51.0447|-114.0719|1307
    CA|Ottawa|ON|K1P 1J1|45.4215|-75.6972|1017
    CA|Edmonton|AB|T5J 2R7|53.5461|-113.4938|1011
    CA|Winnipeg|MB|R3B 1B9|49.8951|-97.1384|750
    CA|Mississauga|ON|L5B 3C1|43.5890|-79.6441|718
    CA|Vancouver|BC|V5Y 1V4|49.2827|-123.1207|662
    CA|Hamilton|ON|L8P 4Y5|43.2557|-79.8711|569
    CA|Québec|QC|G1R 4S9|46.8139|-71.2080|549
    CA|Halifax|NS|B3J 3A5|44.6488|-63.5752|439
    CA|Saskatoon|SK|S7K 0J5|52.1332|-106.6700|266
    CA|Victoria|BC|V8W 1P6|48.4284|-123.3656|92
    CA|St. John's|NL|A1C 5M2|47.5615|-52.7126|111
    CA|Moncton|NB|E1C 1E8|46.0878|-64.7782|79
    MX|Ciudad de México|CDMX|06000|19.4326|-99.1332|9210
    MX|Tijuana|Baja California|22000|32.5149|-117.0382|1811
    MX|Ecatepec de Morelos|Estado de México|55000|19.6018|-99.0507|1645
    MX|León|Guanajuato|37000|21.1220|-101.6830|1580
    MX|Puebla|Puebla|72000|19.0414|-98.2063|1542
    MX|Ciudad Juárez|Chihuahua|32000|31.6904|-106.4245|1502
    MX|Guadalajara|Jalisco|44100|20.6597|-103.3496|1385
    MX|Monterrey|Nuevo León|64000|25.6866|-100.3161|1143
    MX|Mérida|Yucatán|97000|20.9674|-89.5926|922
    MX|Cancún|Quintana Roo|77500|21.1619|-86.8515|889
    MX|Querétaro|Querétaro|76000|20.5888|-100.3899|795
    MX|Oaxaca de Juárez|Oaxaca|68000|17.0732|-96.7266|259
    BR|São Paulo|SP|01001-000|-23.5505|-46.6333|12325
    BR|Rio de Janeiro|RJ|20040-020|-22.9068|-43.1729|6748
    BR|Brasília|DF|70040-010|-15.7939|-47.8828|3055
    BR|Salvador|BA|40020-000|-12.9777|-38.5016|2887
    BR|Fortaleza|CE|60025-100|-3.7319|-38.5267|2687
    BR|Belo Horizonte|MG|30130-000|-19.9167|-43.9345|2522
    BR|Manaus|AM|69005-010|-3.1190|-60.0217|2220
    BR|Curitiba|PR|80020-000|-25.4290|-49.2671|1949
    BR|Recife|PE|50030-230|-8.0476|-34.8770|1654
    BR|Goiânia|GO|74003-010|-16.6869|-49.2648|1537
    BR|Belém|PA|66010-000|-1.4558|-48.4902|1500
    BR|Porto Alegre|RS|90010-150|-30.0346|-51.2177|1489
    BR|Campinas|SP|13010-001|-22.9056|-47.0608|1214
    BR|Florianópolis|SC|88010-400|-27.5954|-48.5480|509
    AR|Buenos Aires|CABA|C1002|-34.6037|-58.3816|3075
    AR|Córdoba|Córdoba|X5000|-31.4201|-64.1888|1505
    AR|Rosario|Santa Fe|S2000|-32.9442|-60.6505|1028
    AR|La Plata|Buenos Aires|B1900|-34.9205|-57.9536|772
    AR|Mar del Plata|Buenos Aires|B7600|-38.0055|-57.5426|683
    AR|San Miguel de Tucumán|Tucumán|T4000|-26.8083|-65.2176|605
    AR|Salta|Salta|A4400|-24.7821|-65.4232|618
    AR|Mendoza|Mendoza|M5500|-32.8895|-68.8458|115
    AR|Neuquén|Neuquén|Q8300|-38.9516|-68.0591|231
    AR|Ushuaia|Tierra del Fuego|V9410|-54.8019|-68.3030|80
    CL|Santiago|Región Metropolitana|8320000|-33.4489|-70.6693|5250
    CL|Puente Alto|Región Metropolitana|8150000|-33.6117|-70.5758|568
    CL|Antofagasta|Antofagasta|1240000|-23.6509|-70.3975|362
    CL|Viña del Mar|Valparaíso|2520000|-33.0245|-71.5518|334
    CL|Valparaíso|Valparaíso|2340000|-33.0472|-71.6127|296
    CL|Temuco|La Araucanía|4780000|-38.7359|-72.5904|283
    CL|Concepción|Biobío|4030000|-36.8270|-73.0503|224
    CL|La Serena|Coquimbo|1700000|-29.9027|-71.2520|221
    CL|Punta Arenas|Magallanes|6200000|-53.1638|-70.9171|132
    CO|Bogotá|Bogotá D.C.|110311|4.7110|-74.0721|7743
    CO|Medellín|Antioquia|050010|6.2442|-75.5812|2533
    CO|Cali|Valle del Cauca|760044|3.4516|-76.5320|2252
    CO|Barranquilla|Atlántico|080001|10.9685|-74.7813|1274
    CO|Cartagena|Bolívar|130001|10.3910|-75.4794|1028
    CO|Cúcuta|Norte de Santander|540001|7.8939|-72.5078|777
    CO|Bucaramanga|Santander|680006|7.1193|-73.1227|607
    CO|Pereira|Risaralda|660001|4.8087|-75.6906|477
    CO|Santa Marta|Magdalena|470001|11.2408|-74.1990|538
    PE|Lima|Lima|15001|-12.0464|-77.0428|9752
    PE|Arequipa|Arequipa|04001|-16.4090|-71.5375|1008
    PE|Trujillo|La Libertad|13001|-8.1091|-79.0215|919
    PE|Chiclayo|Lambayeque|14001|-6.7714|-79.8409|553
    PE|Piura|Piura|20001|-5.1945|-80.6328|484
    PE|Cusco|Cusco|08002|-13.5319|-71.9675|428
    PE|Iquitos|Loreto|16001|-3.7437|-73.2516|377
    PE|Huancayo|Junín|12001|-12.0651|-75.2049|456
    """
}
