/// A whole run: who is on the site, what there is to hear, and when it begins and ends. Together with
/// the program, and nothing else, it fixes every byte that comes out.
public struct Scenario: Sendable {
  /// Users that share a config. Several groups make an A/B test.
  public struct Group: Sendable {
    public var config: GeneratorConfig
    /// The group's share of the users, against the other groups' weights; above 0.
    public var weight: Double

    public init(_ config: GeneratorConfig, weight: Double = 1) {
      self.config = config
      self.weight = weight
    }
  }

  /// Not empty. What is of the run and not of a user comes from the first: seed, start, end, users,
  /// first user id and growth.
  public let groups: [Group]
  public let catalogue: Catalogue
  /// The first users, where they are given from outside; those beyond them are invented.
  public let listeners: [Listener]
  /// Where users are.
  public let countries: CountryMix
  /// Sessions that are under way at the end go on to theirs; otherwise they are cut.
  public let finishesSessions: Bool
  /// Day, night and weekend are those of each user's place; otherwise all go by UTC, as in eventsim.
  public let usesLocalTime: Bool
  let site: SiteModel.Joined

  /// - Parameters:
  ///   - groups: not empty.
  ///   - catalogue: the songs; the default catalogue of the first config's seed where nil.
  public init(
    groups: [Group], catalogue: Catalogue? = nil, listeners: [Listener] = [],
    countries: CountryMix = .unitedStates, finishesSessions: Bool = false,
    usesLocalTime: Bool = false
  ) throws(GeneratorError) {
    let states = groups.reduce(0) { $0 + $1.config.site.states.count }
    guard groups.count <= SiteModel.mostGroups, states <= SiteModel.mostStates else {
      throw GeneratorError(
        .badValue,
        "--groups: \(groups.count) groups with \(states) states are too many; there is room for "
          + "\(SiteModel.mostGroups) groups and \(SiteModel.mostStates) states in all")
    }
    for group in groups {
      try Self.checkNewUsers(group.config, growing: groups[0].config.growthRate > 0)
      if finishesSessions { try Self.checkSessionsEnd(group.config) }
    }
    self.init(
      checked: groups, catalogue, listeners, countries, finishesSessions, usesLocalTime)
  }

  /// A config that does not grow by itself need not say how new users begin. In a run that does, they
  /// come to all groups.
  private static func checkNewUsers(
    _ config: GeneratorConfig, growing: Bool
  ) throws(GeneratorError) {
    guard growing, config.site.newUserStart < 0 else { return }
    throw GeneratorError(
      .noWayIn,
      "\(config.file): new-session: no session can begin as (\(config.newUserAuth), "
        + "\(config.newUserLevel)), which new-user-auth and new-user-level ask for, and the first "
        + "group's growth-rate brings new users; add one")
  }

  private static func checkSessionsEnd(_ config: GeneratorConfig) throws(GeneratorError) {
    guard let state = config.site.endlessState else { return }
    throw GeneratorError(
      .badValue,
      "\(config.file): transitions: a session that gets to \(state) never ends, and "
        + "--finish-sessions would wait for it; give p that sum below 1, or leave the flag out")
  }

  /// All users of one config.
  public init(_ config: GeneratorConfig, catalogue: Catalogue? = nil) {
    self.init(checked: [Group(config)], catalogue, [], .unitedStates, false, false)
  }

  private init(
    checked groups: [Group], _ catalogue: Catalogue?, _ listeners: [Listener],
    _ countries: CountryMix, _ finishesSessions: Bool, _ usesLocalTime: Bool
  ) {
    site = SiteModel.join(groups.map(\.config.site))
    self.groups = groups
    self.catalogue = catalogue ?? Catalogue(seed: groups[0].config.seed)
    self.listeners = listeners
    self.countries = countries
    self.finishesSessions = finishesSessions
    self.usesLocalTime = usesLocalTime
  }

  /// What the run itself goes by.
  public var config: GeneratorConfig { groups[0].config }

  /// The pages of the site, as lines number them.
  public var pages: [String] {
    var pages: [String] = []
    for request in site.requests where !pages.contains(request.page) { pages.append(request.page) }
    return pages
  }

  /// One sentence for each value of a later group that has no effect, since the first group's counts.
  public var warnings: [String] {
    let first = config
    return groups.dropFirst().flatMap { group in
      let other = group.config
      let differing: [(String, Bool)] = [
        ("seed", other.seed != first.seed), ("start-date", other.start != first.start),
        ("end-date", other.end != first.end), ("n-users", other.users != first.users),
        ("first-user-id", other.firstUserId != first.firstUserId),
        ("growth-rate", other.growthRate != first.growthRate),
      ]
      return differing.filter(\.1).map { key, _ in
        "group \(other.tag ?? ""): its \(key) has no effect; the run has the first group's"
      }
    }
  }

  /// What the number of a user beyond the given ones is added to for its id, so that no given one has
  /// it too.
  var firstInventedId: Int64 {
    guard let last = listeners.map(\.id).max() else { return config.firstUserId }
    return last + 1 - Int64(listeners.count)
  }
}

/// Which users a simulation has: those whose number leaves `index` when divided by `count`.
public struct Shard: Sendable, Equatable {
  public let index: Int
  public let count: Int

  public init(index: Int, of count: Int) {
    self.index = index
    self.count = count
  }

  /// All users.
  public static let whole = Shard(index: 0, of: 1)
}
