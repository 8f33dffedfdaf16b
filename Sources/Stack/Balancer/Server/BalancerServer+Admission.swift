// Who is let in: our own pages, then the size, then the client's rate, then the limit by class. Who is
// turned away is told at once, with the time after which it may come again.

import Blueprint
import Endpoints
import Linux
import Wire

extension BalancerServer {
    func admit(
        _ bytes: Span<UInt8>, _ map: HTTPHeadMap, _ session: ClientSession, at now: MonotonicTime
    ) -> ClientSession.Admission {
        let target = bytes.extracting(map.target)
        if target.count > 3, target[0] == UInt8(ascii: "/"), target[1] == UInt8(ascii: "-"),
            target[2] == UInt8(ascii: "/")
        {
            return .local(ownPage(String(repairing: target)))
        }
        counters.requests += 1
        if case .count(let length) = map.body, length > limits.bodyBytesMax { return .tooLarge }
        if bytes.extracting(map.method).equals("CONNECT") {
            return .local(HTTPResponse(501, error: "no tunnels here"))
        }
        if rates.isOn, let wait = rates.take(clientKey(bytes, map, session), at: now) {
            counters.rateLimited += 1
            return .turnedAway(
                status: 429, retryAfter: seconds(wait), why: "too many requests of one client")
        }
        if settings.admission.sheds, let refusal = shed(bytes, map, session) { return refusal }
        switch settings.policy {
        case .consistentHash: session.request.key = hashKey(bytes, map, session)
        case .sticky:
            session.request.key =
                map.value(of: .session).map { Affinity.key(of: bytes.extracting($0)) }
                ?? Affinity.none
        case .roundRobin, .leastConnections, .twoChoices: break
        }
        return .forward
    }

    private func shed(
        _ bytes: Span<UInt8>, _ map: HTTPHeadMap, _ session: ClientSession
    ) -> ClientSession.Admission? {
        limit.noteInHand(budget.live + 1)
        let priority = priority(bytes, map, session)
        if priority.isAdmitted(inHand: budget.live, limit: limit.limit) { return nil }
        switch priority {
        case .sheddable: counters.shedSheddable += 1
        case .normal: counters.shedNormal += 1
        case .critical: counters.shedCritical += 1
        }
        return .turnedAway(
            status: 503, retryAfter: 1, why: "too much to do; \(priority.word) requests wait")
    }

    private func priority(
        _ bytes: Span<UInt8>, _ map: HTTPHeadMap, _ session: ClientSession
    ) -> Priority {
        if let value = map.value(of: .priority),
            let asked = Priority(word: String(repairing: bytes.extracting(value)))
        {
            return asked
        }
        let isRead = session.request.isHead || bytes.extracting(map.method).equals("GET")
        return Priority.usual(
            isRead: isRead, path: String(repairing: bytes.extracting(Self.path(map, bytes))))
    }

    /// The target up to its query.
    private static func path(_ map: HTTPHeadMap, _ bytes: Span<UInt8>) -> Range<Int> {
        var end = map.target.lowerBound
        while end < map.target.upperBound, bytes[end] != UInt8(ascii: "?") { end += 1 }
        return map.target.lowerBound..<end
    }

    /// Who a client is: its session, or its address while it has none.
    private func clientKey(
        _ bytes: Span<UInt8>, _ map: HTTPHeadMap, _ session: ClientSession
    ) -> UInt64 {
        guard let value = map.value(of: .session) else {
            return BoundedHash.mix(session.client.network)
        }
        return Self.hash(bytes.extracting(value))
    }

    private func hashKey(
        _ bytes: Span<UInt8>, _ map: HTTPHeadMap, _ session: ClientSession
    ) -> UInt64 {
        switch settings.hashKey {
        case .session: clientKey(bytes, map, session)
        case .address: BoundedHash.mix(session.client.network)
        case .path: Self.hash(bytes.extracting(Self.path(map, bytes)))
        }
    }

    private static func hash(_ bytes: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in bytes.indices { hash = (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01b3 }
        return BoundedHash.mix(hash)
    }

    /// Whole seconds, at least one.
    private func seconds(_ wait: Duration) -> Int { max(1, Int(wait.seconds.rounded(.up))) }
}
