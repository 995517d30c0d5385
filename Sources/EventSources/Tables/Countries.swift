import Foundation

/// English names of countries, as people and data generators write them, to ISO 3166-1 alpha-2.
public enum Countries {
  /// The code of a name or of a code (alpha-2 as `de` or `DE`, alpha-3 as `DEU`); nil where it is not
  /// known. Case, accents, punctuation and the words *the* and *and* do not matter.
  public static func code(of name: String) -> String? {
    let plain = plain(name)
    if plain.count == 2 {
      let code = plain.uppercased()
      return code == "UK" ? "GB" : codes.contains(code) ? code : nil
    }
    return byName[plain]
  }

  private static let entries: [(code: String, alpha3: String, names: [String])] =
    table.split(separator: "\n").map { line in
      let fields = line.split(separator: " ", maxSplits: 2)
      return (
        String(fields[0]), String(fields[1]), fields[2].split(separator: "|").map { String($0) }
      )
    }

  private static let codes = Set(entries.map(\.code))

  private static let byName: [String: String] = {
    var result: [String: String] = [:]
    for entry in entries {
      result[entry.alpha3.lowercased()] = entry.code
      for name in entry.names { result[plain(name)] = entry.code }
    }
    return result
  }()

  private static func plain(_ name: String) -> String {
    name.folding(options: [.diacriticInsensitive, .caseInsensitive], locale: nil)
      .split { !$0.isLetter && $0 != "'" && $0 != "’" && $0 != "." }
      .map { $0.filter(\.isLetter) }
      .filter { !["the", "and"].contains($0) }
      .joined()
  }

  /// A country a line: alpha-2, alpha-3, and the names.
  private static let table = """
    AD AND Andorra
    AE ARE United Arab Emirates|UAE
    AF AFG Afghanistan
    AG ATG Antigua and Barbuda
    AI AIA Anguilla
    AL ALB Albania
    AM ARM Armenia
    AO AGO Angola
    AQ ATA Antarctica|Antarctica (the territory South of 60 deg S)
    AR ARG Argentina
    AS ASM American Samoa
    AT AUT Austria
    AU AUS Australia
    AW ABW Aruba
    AX ALA Åland Islands|Aland
    AZ AZE Azerbaijan
    BA BIH Bosnia and Herzegovina|Bosnia
    BB BRB Barbados
    BD BGD Bangladesh
    BE BEL Belgium
    BF BFA Burkina Faso
    BG BGR Bulgaria
    BH BHR Bahrain
    BI BDI Burundi
    BJ BEN Benin
    BL BLM Saint Barthélemy|St. Barthélemy
    BM BMU Bermuda
    BN BRN Brunei|Brunei Darussalam
    BO BOL Bolivia|Bolivia (Plurinational State of)|Bolivia, Plurinational State of
    BQ BES Caribbean Netherlands|Bonaire, Sint Eustatius and Saba
    BR BRA Brazil|Brasil
    BS BHS Bahamas
    BT BTN Bhutan
    BV BVT Bouvet Island|Bouvet Island (Bouvetoya)
    BW BWA Botswana
    BY BLR Belarus
    BZ BLZ Belize
    CA CAN Canada
    CC CCK Cocos Islands|Cocos (Keeling) Islands
    CD COD Democratic Republic of the Congo|Congo, Democratic Republic of the|Congo, The Democratic Republic of the|DR Congo|Congo-Kinshasa|DRC
    CF CAF Central African Republic
    CG COG Congo|Republic of the Congo|Congo-Brazzaville
    CH CHE Switzerland
    CI CIV Côte d'Ivoire|Ivory Coast
    CK COK Cook Islands
    CL CHL Chile
    CM CMR Cameroon
    CN CHN China|People's Republic of China|Mainland China
    CO COL Colombia
    CR CRI Costa Rica
    CU CUB Cuba
    CV CPV Cape Verde|Cabo Verde
    CW CUW Curaçao
    CX CXR Christmas Island
    CY CYP Cyprus
    CZ CZE Czechia|Czech Republic
    DE DEU Germany|Deutschland
    DJ DJI Djibouti
    DK DNK Denmark
    DM DMA Dominica
    DO DOM Dominican Republic
    DZ DZA Algeria
    EC ECU Ecuador
    EE EST Estonia
    EG EGY Egypt
    EH ESH Western Sahara
    ER ERI Eritrea
    ES ESP Spain|España
    ET ETH Ethiopia
    FI FIN Finland
    FJ FJI Fiji
    FK FLK Falkland Islands|Falkland Islands (Malvinas)
    FM FSM Micronesia|Micronesia, Federated States of|Federated States of Micronesia
    FO FRO Faroe Islands
    FR FRA France
    GA GAB Gabon
    GB GBR United Kingdom|Great Britain|Britain|England|Scotland|Wales|Northern Ireland|United Kingdom of Great Britain and Northern Ireland
    GD GRD Grenada
    GE GEO Georgia
    GF GUF French Guiana
    GG GGY Guernsey
    GH GHA Ghana
    GI GIB Gibraltar
    GL GRL Greenland
    GM GMB Gambia
    GN GIN Guinea
    GP GLP Guadeloupe
    GQ GNQ Equatorial Guinea
    GR GRC Greece
    GS SGS South Georgia|South Georgia and the South Sandwich Islands
    GT GTM Guatemala
    GU GUM Guam
    GW GNB Guinea-Bissau
    GY GUY Guyana
    HK HKG Hong Kong|Hong Kong SAR China
    HM HMD Heard Island and McDonald Islands
    HN HND Honduras
    HR HRV Croatia
    HT HTI Haiti
    HU HUN Hungary
    ID IDN Indonesia
    IE IRL Ireland|Republic of Ireland
    IL ISR Israel
    IM IMN Isle of Man
    IN IND India
    IO IOT British Indian Ocean Territory|British Indian Ocean Territory (Chagos Archipelago)
    IQ IRQ Iraq
    IR IRN Iran|Iran, Islamic Republic of|Islamic Republic of Iran
    IS ISL Iceland
    IT ITA Italy|Italia
    JE JEY Jersey
    JM JAM Jamaica
    JO JOR Jordan
    JP JPN Japan
    KE KEN Kenya
    KG KGZ Kyrgyzstan|Kyrgyz Republic
    KH KHM Cambodia
    KI KIR Kiribati
    KM COM Comoros
    KN KNA Saint Kitts and Nevis|St. Kitts and Nevis
    KP PRK North Korea|Korea, Democratic People's Republic of|Democratic People's Republic of Korea
    KR KOR South Korea|Korea|Korea, Republic of|Republic of Korea
    KW KWT Kuwait
    KY CYM Cayman Islands
    KZ KAZ Kazakhstan
    LA LAO Laos|Lao People's Democratic Republic
    LB LBN Lebanon
    LC LCA Saint Lucia|St. Lucia
    LI LIE Liechtenstein
    LK LKA Sri Lanka
    LR LBR Liberia
    LS LSO Lesotho
    LT LTU Lithuania
    LU LUX Luxembourg
    LV LVA Latvia
    LY LBY Libya|Libyan Arab Jamahiriya
    MA MAR Morocco
    MC MCO Monaco
    MD MDA Moldova|Moldova, Republic of|Republic of Moldova
    ME MNE Montenegro
    MF MAF Saint Martin|St. Martin|Saint Martin (French part)
    MG MDG Madagascar
    MH MHL Marshall Islands
    MK MKD North Macedonia|Macedonia|Macedonia, the former Yugoslav Republic of
    ML MLI Mali
    MM MMR Myanmar|Burma|Myanmar (Burma)
    MN MNG Mongolia
    MO MAC Macao|Macau|Macao SAR China
    MP MNP Northern Mariana Islands
    MQ MTQ Martinique
    MR MRT Mauritania
    MS MSR Montserrat
    MT MLT Malta
    MU MUS Mauritius
    MV MDV Maldives
    MW MWI Malawi
    MX MEX Mexico|México
    MY MYS Malaysia
    MZ MOZ Mozambique
    NA NAM Namibia
    NC NCL New Caledonia
    NE NER Niger
    NF NFK Norfolk Island
    NG NGA Nigeria
    NI NIC Nicaragua
    NL NLD Netherlands|Holland|Netherlands, Kingdom of the
    NO NOR Norway
    NP NPL Nepal
    NR NRU Nauru
    NU NIU Niue
    NZ NZL New Zealand
    OM OMN Oman
    PA PAN Panama
    PE PER Peru
    PF PYF French Polynesia
    PG PNG Papua New Guinea
    PH PHL Philippines
    PK PAK Pakistan
    PL POL Poland
    PM SPM Saint Pierre and Miquelon|St. Pierre and Miquelon
    PN PCN Pitcairn|Pitcairn Islands
    PR PRI Puerto Rico
    PS PSE Palestine|Palestine, State of|State of Palestine|Palestinian Territory|Palestinian Territories
    PT PRT Portugal
    PW PLW Palau
    PY PRY Paraguay
    QA QAT Qatar
    RE REU Réunion
    RO ROU Romania
    RS SRB Serbia
    RU RUS Russia|Russian Federation
    RW RWA Rwanda
    SA SAU Saudi Arabia
    SB SLB Solomon Islands
    SC SYC Seychelles
    SD SDN Sudan
    SE SWE Sweden
    SG SGP Singapore
    SH SHN Saint Helena|St. Helena|Saint Helena, Ascension and Tristan da Cunha
    SI SVN Slovenia
    SJ SJM Svalbard and Jan Mayen|Svalbard & Jan Mayen Islands
    SK SVK Slovakia|Slovakia (Slovak Republic)|Slovak Republic
    SL SLE Sierra Leone
    SM SMR San Marino
    SN SEN Senegal
    SO SOM Somalia
    SR SUR Suriname
    SS SSD South Sudan
    ST STP São Tomé and Príncipe
    SV SLV El Salvador
    SX SXM Sint Maarten|Sint Maarten (Dutch part)
    SY SYR Syria|Syrian Arab Republic
    SZ SWZ Eswatini|Swaziland
    TC TCA Turks and Caicos Islands
    TD TCD Chad
    TF ATF French Southern Territories
    TG TGO Togo
    TH THA Thailand
    TJ TJK Tajikistan
    TK TKL Tokelau
    TL TLS Timor-Leste|East Timor
    TM TKM Turkmenistan
    TN TUN Tunisia
    TO TON Tonga
    TR TUR Turkey|Türkiye
    TT TTO Trinidad and Tobago|Trinidad
    TV TUV Tuvalu
    TW TWN Taiwan|Taiwan, Province of China
    TZ TZA Tanzania|Tanzania, United Republic of|United Republic of Tanzania
    UA UKR Ukraine
    UG UGA Uganda
    UM UMI United States Minor Outlying Islands
    US USA United States|United States of America|America
    UY URY Uruguay
    UZ UZB Uzbekistan
    VA VAT Vatican City|Holy See|Holy See (Vatican City State)|Vatican
    VC VCT Saint Vincent and the Grenadines|St. Vincent and the Grenadines
    VE VEN Venezuela|Venezuela, Bolivarian Republic of|Venezuela (Bolivarian Republic of)
    VG VGB British Virgin Islands|Virgin Islands, British
    VI VIR US Virgin Islands|United States Virgin Islands|Virgin Islands, U.S.
    VN VNM Vietnam|Viet Nam
    VU VUT Vanuatu
    WF WLF Wallis and Futuna
    WS WSM Samoa
    YE YEM Yemen
    YT MYT Mayotte
    ZA ZAF South Africa
    ZM ZMB Zambia
    ZW ZWE Zimbabwe
    """
}
