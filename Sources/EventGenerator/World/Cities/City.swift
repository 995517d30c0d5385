/// A city that users are in.
struct City {
  var name: String
  var state: String
  var zip: String
  var lon: Double
  var lat: Double
  /// Population in thousands; users are spread over the cities in this proportion.
  var weight: Double

  /// Cities of all fifty states and the capital, with coordinates of the city and one of its zip
  /// codes: city, state, zip, latitude, longitude, population in thousands about 2020.
  static let unitedStates: [City] = table.split(separator: "\n").compactMap { line in
    let fields = line.split(separator: "|")
    guard fields.count == 6, let lat = Double(fields[3]), let lon = Double(fields[4]),
      let weight = Double(fields[5])
    else { return nil }
    return City(
      name: String(fields[0]), state: String(fields[1]), zip: String(fields[2]), lon: lon,
      lat: lat, weight: weight)
  }

  private static let table = """
    New York|NY|10001|40.7128|-74.0060|8336
    Brooklyn|NY|11201|40.6782|-73.9442|900
    Buffalo|NY|14201|42.8864|-78.8784|278
    Rochester|NY|14604|43.1566|-77.6088|211
    Yonkers|NY|10701|40.9312|-73.8988|211
    Syracuse|NY|13202|43.0481|-76.1474|148
    Albany|NY|12207|42.6526|-73.7562|99
    Los Angeles|CA|90012|34.0522|-118.2437|3898
    San Diego|CA|92101|32.7157|-117.1611|1386
    San Jose|CA|95113|37.3382|-121.8863|1013
    San Francisco|CA|94103|37.7749|-122.4194|873
    Fresno|CA|93721|36.7378|-119.7871|542
    Sacramento|CA|95814|38.5816|-121.4944|524
    Long Beach|CA|90802|33.7701|-118.1937|466
    Oakland|CA|94612|37.8044|-122.2712|440
    Bakersfield|CA|93301|35.3733|-119.0187|403
    Anaheim|CA|92805|33.8366|-117.9143|346
    Riverside|CA|92501|33.9806|-117.3755|314
    Stockton|CA|95202|37.9577|-121.2908|320
    Santa Barbara|CA|93101|34.4208|-119.6982|88
    Chicago|IL|60601|41.8781|-87.6298|2746
    Aurora|IL|60505|41.7606|-88.3201|180
    Rockford|IL|61101|42.2711|-89.0940|148
    Springfield|IL|62701|39.7817|-89.6501|114
    Peoria|IL|61602|40.6936|-89.5890|113
    Houston|TX|77002|29.7604|-95.3698|2304
    San Antonio|TX|78205|29.4241|-98.4936|1434
    Dallas|TX|75201|32.7767|-96.7970|1304
    Austin|TX|78701|30.2672|-97.7431|961
    Fort Worth|TX|76102|32.7555|-97.3308|918
    El Paso|TX|79901|31.7619|-106.4850|678
    Arlington|TX|76010|32.7357|-97.1081|394
    Corpus Christi|TX|78401|27.8006|-97.3964|317
    Lubbock|TX|79401|33.5779|-101.8552|257
    Laredo|TX|78040|27.5306|-99.4803|255
    Amarillo|TX|79101|35.2220|-101.8313|200
    Phoenix|AZ|85004|33.4484|-112.0740|1608
    Tucson|AZ|85701|32.2226|-110.9747|542
    Mesa|AZ|85201|33.4152|-111.8315|504
    Flagstaff|AZ|86001|35.1983|-111.6513|76
    Philadelphia|PA|19102|39.9526|-75.1652|1603
    Pittsburgh|PA|15222|40.4406|-79.9959|302
    Allentown|PA|18101|40.6023|-75.4714|125
    Erie|PA|16501|42.1292|-80.0851|94
    Scranton|PA|18503|41.4090|-75.6624|76
    Jacksonville|FL|32202|30.3322|-81.6557|949
    Miami|FL|33130|25.7617|-80.1918|442
    Tampa|FL|33602|27.9506|-82.4572|384
    Orlando|FL|32801|28.5384|-81.3789|307
    St. Petersburg|FL|33701|27.7676|-82.6403|258
    Tallahassee|FL|32301|30.4383|-84.2807|196
    Fort Lauderdale|FL|33301|26.1224|-80.1373|182
    Columbus|OH|43215|39.9612|-82.9988|905
    Cleveland|OH|44113|41.4993|-81.6944|372
    Cincinnati|OH|45202|39.1031|-84.5120|309
    Toledo|OH|43604|41.6528|-83.5379|270
    Akron|OH|44308|41.0814|-81.5190|190
    Dayton|OH|45402|39.7589|-84.1916|137
    Indianapolis|IN|46204|39.7684|-86.1581|887
    Fort Wayne|IN|46802|41.0793|-85.1394|263
    Evansville|IN|47708|37.9716|-87.5711|117
    South Bend|IN|46601|41.6764|-86.2520|103
    Charlotte|NC|28202|35.2271|-80.8431|874
    Raleigh|NC|27601|35.7796|-78.6382|467
    Greensboro|NC|27401|36.0726|-79.7920|299
    Durham|NC|27701|35.9940|-78.8986|283
    Asheville|NC|28801|35.5951|-82.5515|94
    Seattle|WA|98101|47.6062|-122.3321|737
    Spokane|WA|99201|47.6588|-117.4260|228
    Tacoma|WA|98402|47.2529|-122.4443|219
    Vancouver|WA|98660|45.6387|-122.6615|190
    Denver|CO|80202|39.7392|-104.9903|715
    Colorado Springs|CO|80903|38.8339|-104.8214|478
    Fort Collins|CO|80521|40.5853|-105.0844|169
    Boulder|CO|80302|40.0150|-105.2705|108
    Washington|DC|20001|38.9072|-77.0369|689
    Boston|MA|02108|42.3601|-71.0589|675
    Worcester|MA|01608|42.2626|-71.8023|206
    Springfield|MA|01103|42.1015|-72.5898|155
    Cambridge|MA|02139|42.3736|-71.1097|118
    Nashville|TN|37201|36.1627|-86.7816|689
    Memphis|TN|38103|35.1495|-90.0490|633
    Knoxville|TN|37902|35.9606|-83.9207|190
    Chattanooga|TN|37402|35.0456|-85.3097|181
    Detroit|MI|48226|42.3314|-83.0458|639
    Grand Rapids|MI|49503|42.9634|-85.6681|198
    Lansing|MI|48933|42.7325|-84.5555|112
    Ann Arbor|MI|48104|42.2808|-83.7430|123
    Flint|MI|48502|43.0125|-83.6875|81
    Oklahoma City|OK|73102|35.4676|-97.5164|681
    Tulsa|OK|74103|36.1540|-95.9928|413
    Norman|OK|73069|35.2226|-97.4395|128
    Portland|OR|97204|45.5152|-122.6784|652
    Salem|OR|97301|44.9429|-123.0351|175
    Eugene|OR|97401|44.0521|-123.0868|176
    Bend|OR|97701|44.0582|-121.3153|99
    Las Vegas|NV|89101|36.1699|-115.1398|641
    Henderson|NV|89015|36.0395|-114.9817|317
    Reno|NV|89501|39.5296|-119.8138|264
    Louisville|KY|40202|38.2527|-85.7585|633
    Lexington|KY|40507|38.0406|-84.5037|322
    Bowling Green|KY|42101|36.9685|-86.4808|72
    Baltimore|MD|21202|39.2904|-76.6122|585
    Frederick|MD|21701|39.4143|-77.4105|78
    Rockville|MD|20850|39.0840|-77.1528|67
    Milwaukee|WI|53202|43.0389|-87.9065|577
    Madison|WI|53703|43.0731|-89.4012|269
    Green Bay|WI|54301|44.5133|-88.0133|107
    Albuquerque|NM|87102|35.0844|-106.6504|564
    Las Cruces|NM|88001|32.3199|-106.7637|111
    Santa Fe|NM|87501|35.6870|-105.9378|87
    Atlanta|GA|30303|33.7490|-84.3880|498
    Augusta|GA|30901|33.4735|-82.0105|202
    Savannah|GA|31401|32.0809|-81.0912|147
    Athens|GA|30601|33.9519|-83.3576|127
    Kansas City|MO|64106|39.0997|-94.5786|508
    St. Louis|MO|63101|38.6270|-90.1994|301
    Springfield|MO|65806|37.2090|-93.2923|169
    Columbia|MO|65201|38.9517|-92.3341|126
    Omaha|NE|68102|41.2565|-95.9345|486
    Lincoln|NE|68508|40.8136|-96.7026|291
    Virginia Beach|VA|23451|36.8529|-75.9780|459
    Norfolk|VA|23510|36.8508|-76.2859|238
    Richmond|VA|23219|37.5407|-77.4360|227
    Roanoke|VA|24011|37.2710|-79.9414|100
    Minneapolis|MN|55401|44.9778|-93.2650|430
    St. Paul|MN|55101|44.9537|-93.0900|311
    Duluth|MN|55802|46.7867|-92.1005|87
    Wichita|KS|67202|37.6872|-97.3301|398
    Overland Park|KS|66204|38.9822|-94.6708|197
    Topeka|KS|66603|39.0473|-95.6752|127
    New Orleans|LA|70112|29.9511|-90.0715|384
    Baton Rouge|LA|70801|30.4515|-91.1871|227
    Shreveport|LA|71101|32.5252|-93.7502|188
    Lafayette|LA|70501|30.2241|-92.0198|121
    Honolulu|HI|96813|21.3069|-157.8583|351
    Hilo|HI|96720|19.7074|-155.0885|44
    Newark|NJ|07102|40.7357|-74.1724|312
    Jersey City|NJ|07302|40.7178|-74.0431|292
    Trenton|NJ|08608|40.2206|-74.7597|91
    Anchorage|AK|99501|61.2181|-149.9003|291
    Fairbanks|AK|99701|64.8378|-147.7164|33
    Juneau|AK|99801|58.3019|-134.4197|32
    Salt Lake City|UT|84101|40.7608|-111.8910|200
    Provo|UT|84601|40.2338|-111.6585|115
    Ogden|UT|84401|41.2230|-111.9738|87
    Birmingham|AL|35203|33.5186|-86.8104|201
    Huntsville|AL|35801|34.7304|-86.5861|215
    Montgomery|AL|36104|32.3792|-86.3077|201
    Mobile|AL|36602|30.6954|-88.0399|187
    Des Moines|IA|50309|41.5868|-93.6250|214
    Cedar Rapids|IA|52401|41.9779|-91.6656|138
    Davenport|IA|52801|41.5236|-90.5776|102
    Boise|ID|83702|43.6150|-116.2023|236
    Idaho Falls|ID|83402|43.4917|-112.0333|65
    Little Rock|AR|72201|34.7465|-92.2896|203
    Fayetteville|AR|72701|36.0822|-94.1719|94
    Fort Smith|AR|72901|35.3859|-94.3985|89
    Providence|RI|02903|41.8240|-71.4128|191
    Warwick|RI|02886|41.7001|-71.4162|83
    Bridgeport|CT|06604|41.1792|-73.1894|149
    New Haven|CT|06510|41.3083|-72.9279|134
    Hartford|CT|06103|41.7658|-72.6734|121
    Sioux Falls|SD|57104|43.5446|-96.7311|193
    Rapid City|SD|57701|44.0805|-103.2310|75
    Jackson|MS|39201|32.2988|-90.1848|154
    Gulfport|MS|39501|30.3674|-89.0928|73
    Columbia|SC|29201|34.0007|-81.0348|137
    Charleston|SC|29401|32.7765|-79.9311|150
    Greenville|SC|29601|34.8526|-82.3940|71
    Fargo|ND|58102|46.8772|-96.7898|126
    Bismarck|ND|58501|46.8083|-100.7837|74
    Manchester|NH|03101|42.9956|-71.4548|116
    Nashua|NH|03060|42.7654|-71.4676|91
    Billings|MT|59101|45.7833|-108.5007|117
    Missoula|MT|59801|46.8721|-113.9940|74
    Bozeman|MT|59715|45.6770|-111.0429|53
    Wilmington|DE|19801|39.7391|-75.5398|71
    Dover|DE|19901|39.1582|-75.5244|39
    Portland|ME|04101|43.6591|-70.2568|68
    Bangor|ME|04401|44.8012|-68.7778|32
    Cheyenne|WY|82001|41.1400|-104.8202|65
    Casper|WY|82601|42.8501|-106.3252|59
    Charleston|WV|25301|38.3498|-81.6326|49
    Huntington|WV|25701|38.4192|-82.4452|47
    Morgantown|WV|26501|39.6295|-79.9559|30
    Burlington|VT|05401|44.4759|-73.2121|45
    Rutland|VT|05701|43.6106|-72.9726|16
    """
}
