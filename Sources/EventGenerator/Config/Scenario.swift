/// A whole run: who is on the site, what there is to hear, and when the run begins and ends. Scenario and
/// program together fix every byte that comes out.
public struct Scenario: Sendable {
  /// Users that share a config. Several groups make an A/B test.
  public struct Group: Sendable {
    /// How the group's users behave, and the tag of their events.
    public var config: GeneratorConfig
    /// The group's share of the users, against the other groups' weights; above 0.
    public var weight: Double

    /// - Parameter weight: above 0.
    public init(_ config: GeneratorConfig, weight: Double = 1) {
      self.config = config
      self.weight = weight
    }
  }

  /// Not empty. The values that belong to the run as a whole come from the first group: seed, start, end,
  /// users, first user id and growth.
  public let groups: [Group]
  /// The songs that can be played.
  public let catalogue: Catalogue
  /// The first users of the run, given from outside. Users beyond these are invented; empty where all are.
  public let listeners: [Listener]
  /// Where users are.
  public let countries: CountryMix
  /// True where sessions that are under way at the run's end go on to their own end; otherwise they are cut.
  public let finishesSessions: Bool
  /// True where day, night and weekend are those of each user's place; otherwise all users go by UTC, as in
  /// eventsim.
  public let usesLocalTime: Bool
  let site: SiteModel.Joined

  /// - Parameters:
  ///   - groups: not empty.
  ///   - catalogue: the songs; the default catalogue of the first config's seed where nil.
  /// - Throws: `.badValue` for too many groups or states, or where sessions are to be finished and one need
  ///   not end; `.noWayIn` where the run grows and a group does not say how new users begin.
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

  /// Refuses a config that does not say how new users begin, in a run that grows: new users come to all
  /// groups, also to those whose own config has no growth.
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

  /// The first group's config, which holds for the run as a whole.
  public var config: GeneratorConfig { groups[0].config }

  /// The pages of the site, in the order of their numbers in `EventLine.Header.page`.
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

  /// An invented user's id is this plus the user's number in the run, so that no invented user has the id
  /// of a given one.
  var firstInventedId: Int64 {
    guard let last = listeners.map(\.id).max() else { return config.firstUserId }
    return last + 1 - Int64(listeners.count)
  }
}

/// The share of the users that one simulation has: those whose number leaves `index` when divided by `count`.
public struct Shard: Sendable, Equatable {
  /// Which of the shards this is, 0 to `count` - 1.
  public let index: Int
  /// The number of shards, at least 1.
  public let count: Int

  /// - Parameter index: 0 to `count` - 1.
  public init(index: Int, of count: Int) {
    self.index = index
    self.count = count
  }

  /// All users.
  public static let whole = Shard(index: 0, of: 1)
}
