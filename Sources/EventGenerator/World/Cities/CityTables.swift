/// Cities outside the United States, a line each: ISO 3166-1 alpha-2, city, state or province, one
/// of the city's postal codes, latitude, longitude, population in thousands about 2020. Names are
/// those used there, in Latin letters.
enum CityTables {
  /// By country.
  static let abroad: [String: [City]] = {
    var result: [String: [City]] = [:]
    for table in [westernEurope, northernAndEasternEurope, americas, asia, africaAndOceania] {
      for line in table.split(separator: "\n") {
        let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 7, let lat = Double(fields[4]), let lon = Double(fields[5]),
          let weight = Double(fields[6])
        else { continue }
        result[fields[0], default: []].append(
          City(
            name: fields[1], state: fields[2], zip: fields[3], lon: lon, lat: lat, weight: weight))
      }
    }
    return result
  }()
}
