// What a user's resolver knows of one name, and for how long it may believe it: pure. Addresses are
// taken in turn, and not one moment longer than the answer allows, since traffic is moved by answers.

import Linux

struct DNSAnswerCache: Sendable {
    enum State: Equatable, Sendable {
        /// Nothing is known, or no longer.
        case unknown
        case known([IPv4Address])
        /// The name has no address.
        case absent
    }

    /// A lifetime of 0 would mean one question a request; an hour, that traffic cannot be moved.
    static let lifetimeMax: Duration = .seconds(3600)

    private var state = State.unknown
    private var expiry = MonotonicTime(nanoseconds: .min)
    private var turn = 0

    func state(at now: MonotonicTime) -> State { now < expiry ? state : .unknown }

    /// Takes in an answer; one without addresses says that there are none.
    mutating func take(
        _ addresses: [IPv4Address], lifetime: Duration, at now: MonotonicTime
    ) {
        state = addresses.isEmpty ? .absent : .known(addresses)
        expiry = now + min(max(lifetime, .zero), Self.lifetimeMax)
        // The server's order is its preference: everybody begins with the first.
        turn = 0
    }

    /// The address for the next connection, or the one in use while the answer still has it.
    mutating func pick(keeping current: IPv4Address?, at now: MonotonicTime) -> IPv4Address? {
        guard case .known(let addresses) = state(at: now) else { return nil }
        if let current, addresses.contains(current) { return current }
        defer { turn += 1 }
        return addresses[turn % addresses.count]
    }
}

/// Which name server is asked first: those that have answered lately, the quickest first.
struct NameServerOrder: Sendable {
    private struct Server: Sendable {
        let address: SocketAddress
        /// Smoothed; nil before the first answer.
        var latency: Duration?
        var failed: MonotonicTime?
    }

    /// How long a server that did not answer comes last.
    static let penalty: Duration = .seconds(5)

    private var servers: [Server]

    init(_ addresses: [SocketAddress]) {
        servers = addresses.map { Server(address: $0) }
    }

    func order(at now: MonotonicTime) -> [SocketAddress] {
        let ranks = servers.enumerated().map { index, server in
            let isPunished = server.failed.map { now - $0 < Self.penalty } ?? false
            return (isPunished ? 1 : 0, server.latency ?? .zero, index)
        }
        return servers.indices.sorted { ranks[$0] < ranks[$1] }.map { servers[$0].address }
    }

    mutating func noteAnswer(_ address: SocketAddress, took: Duration) {
        guard let place = servers.firstIndex(where: { $0.address == address }) else { return }
        servers[place].failed = nil
        // As TCP smooths its round trips, by an eighth (RFC 6298 section 2.3).
        servers[place].latency = servers[place].latency.map { ($0 * 7 + took) / 8 } ?? took
    }

    mutating func noteSilence(_ address: SocketAddress, at now: MonotonicTime) {
        guard let place = servers.firstIndex(where: { $0.address == address }) else { return }
        servers[place].failed = now
    }
}
