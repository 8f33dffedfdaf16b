// Who listens to which channels and patterns, and the messages on their way to them. Publishing only notes what
// is to be delivered; the server sends it after the command, and closes a subscriber that does not read.

struct Subscriptions {
    /// In the order of subscribing, which is the order of delivery.
    private var channels: [[UInt8]: [Int]] = [:]
    private var patterns: [(pattern: [UInt8], clients: [Int])] = []
    /// Of each client, in the order of subscribing.
    private var ofClient: [Int: (channels: [[UInt8]], patterns: [[UInt8]])] = [:]
    /// Waits for the server.
    var deliveries: [Delivery] = []

    /// Channels and patterns of one client; one more is refused.
    static let countMax = 10_000

    struct Delivery {
        let client: Int
        /// Set when the client listens by a pattern.
        let pattern: [UInt8]?
        let channel: [UInt8]
        let message: [UInt8]
    }

    enum Subject { case channel, pattern }

    func count(of client: Int) -> Int {
        ofClient[client].map { $0.channels.count + $0.patterns.count } ?? 0
    }

    func names(of client: Int, _ subject: Subject) -> [[UInt8]] {
        let own = ofClient[client]
        return (subject == .channel ? own?.channels : own?.patterns) ?? []
    }

    mutating func add(_ client: Int, to name: [UInt8], _ subject: Subject) {
        guard !names(of: client, subject).contains(name) else { return }
        switch subject {
        case .channel:
            channels[name, default: []].append(client)
            ofClient[client, default: ([], [])].channels.append(name)
        case .pattern:
            ofClient[client, default: ([], [])].patterns.append(name)
            if let place = patterns.firstIndex(where: { $0.pattern == name }) {
                patterns[place].clients.append(client)
            } else {
                patterns.append((name, [client]))
            }
        }
    }

    mutating func remove(_ client: Int, from name: [UInt8], _ subject: Subject) {
        switch subject {
        case .channel:
            channels[name]?.removeAll { $0 == client }
            if channels[name]?.isEmpty == true { channels[name] = nil }
            ofClient[client]?.channels.removeAll { $0 == name }
        case .pattern:
            ofClient[client]?.patterns.removeAll { $0 == name }
            if let place = patterns.firstIndex(where: { $0.pattern == name }) {
                patterns[place].clients.removeAll { $0 == client }
                if patterns[place].clients.isEmpty { patterns.remove(at: place) }
            }
        }
        if count(of: client) == 0 { ofClient[client] = nil }
    }

    mutating func forget(_ client: Int) {
        for name in names(of: client, .channel) { remove(client, from: name, .channel) }
        for name in names(of: client, .pattern) { remove(client, from: name, .pattern) }
    }

    /// How many will get it.
    mutating func publish(_ message: [UInt8], on channel: [UInt8]) -> Int {
        let before = deliveries.count
        for client in channels[channel] ?? [] {
            deliveries.append(
                Delivery(client: client, pattern: nil, channel: channel, message: message))
        }
        for (pattern, clients) in patterns where Pattern.matches(channel[...], pattern[...]) {
            for client in clients {
                deliveries.append(
                    Delivery(client: client, pattern: pattern, channel: channel, message: message))
            }
        }
        return deliveries.count - before
    }

    func activeChannels(_ pattern: [UInt8]?) -> [[UInt8]] {
        channels.keys.filter { name in
            pattern.map { Pattern.matches(name[...], $0[...]) } ?? true
        }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    func subscriberCount(of channel: [UInt8]) -> Int { channels[channel]?.count ?? 0 }
    var patternCount: Int { patterns.count }
}
