// Calls a replicated RESP service through whichever member leads it.
//
// A command is tried on the member that answered last. `-NOTLEADER host:port` names a better one;
// a member that cannot be reached or does not answer makes the seeker turn to the next. Every try
// sends the very same bytes, so a command that carries a request id is applied once however many
// tries it takes; one without must bear being applied more than once.
//
// A member that was silent for a whole try is suspect: every call that waits on it is tried
// elsewhere at once, and for a while it is passed over, even where a follower still names it as the
// leader. So a paused leader costs a caller one try and not one for every redirect.
//
// `-SESSIONEXPIRED` ends a call: the store has forgotten what it knew of the request's session, so no
// further try can show whether one before it was executed.
//
// Pauses between tries grow exponentially under full jitter (Brooker, "Exponential Backoff And
// Jitter", AWS 2015).

package import Blueprint
package import Determinism
package import Linux
package import Reactor
package import Wire

/// A reply and the member that gave it.
package struct LedReply: Sendable {
    package let value: RESPValue
    package let member: String
}

/// A call that found no leader to answer it.
package enum SeekError: Error, Equatable, Sendable {
    /// Certainly not executed; the text is the last reason.
    case unavailable(String)
    /// A try was sent whose outcome nobody knows.
    case unknown(String)
}

/// A client of a group of members of which one leads.
@ReactorActor
package final class LeaderSeeker {
    private let members: [NamedAddress]
    private let clients: [RESPClient]
    private var favourite = 0
    /// Until when each member is passed over.
    private var suspectUntil: [MonotonicTime?]
    private var random: SeededRandom
    private let tryTimeout: Duration
    private let connectTimeout: Duration
    private let retriesOverload: Bool
    /// No further try starts with less time than this: it would most likely be cut off, and turn
    /// "certainly not executed" into "nobody knows".
    private static let tryMin: Duration = .milliseconds(20)

    /// `tryTimeout` bounds one try, and so the time that a silent member costs. Without
    /// `retriesOverload` a refusal for lack of room is an answer: the caller passes it on at once,
    /// instead of adding to the load.
    package init(
        _ members: [NamedAddress], random: SeededRandom, tryTimeout: Duration = .milliseconds(400),
        connectTimeout: Duration = .milliseconds(250), retriesOverload: Bool = true
    ) {
        precondition(!members.isEmpty, "a group has members")
        self.members = members
        self.random = random
        self.tryTimeout = tryTimeout
        self.connectTimeout = connectTimeout
        self.retriesOverload = retriesOverload
        clients = members.map { RESPClient($0.address) }
        suspectUntil = members.map { _ in nil }
    }

    /// The member that is believed to lead.
    package var leader: NamedAddress { members[favourite] }

    /// Calls until a member answers with other than "not me", or the deadline passes.
    ///
    /// `wait` is what the command itself asks the server to wait. Answers come in order, so such
    /// commands hold up those behind them and want a seeker of their own.
    package func call(
        _ words: [String], deadline: MonotonicTime, wait: Duration = .zero
    ) async throws(SeekError) -> LedReply {
        var command: [UInt8] = []
        command.appendRESP(command: words)
        return try await call(encoded: command, deadline: deadline, wait: wait)
    }

    /// Calls with a command that is encoded already.
    package func call(
        encoded command: [UInt8], deadline: MonotonicTime, wait: Duration = .zero
    ) async throws(SeekError) -> LedReply {
        var attempt = Attempt()
        while true {
            let index = favourite
            let start = MonotonicTime.now()
            let limit = min(deadline, start + tryTimeout + wait)
            switch await reply(of: index, to: command, by: limit) {
            case .success(let reply):
                suspectUntil[index] = nil
                guard let refusal = Refusal(reply, retriesOverload: retriesOverload) else {
                    favourite = index
                    return LedReply(value: reply, member: members[index].name)
                }
                if case .expired(let reason) = refusal { throw .unknown(reason) }
                attempt.note(refusal)
                attempt.isRedirected = turn(from: index, after: refusal)
            case .failure(let error):
                attempt.note(error)
                let wholeTry = limit < deadline && .now() >= limit
                turnAway(from: index, after: error, since: start, wholeTry: wholeTry)
            }
            try await pause(&attempt, deadline)
        }
    }

    private func reply(
        of index: Int, to command: [UInt8], by limit: MonotonicTime
    ) async -> Result<RESPValue, ClientError> {
        do throws(ClientError) {
            return .success(
                try await clients[index].call(
                    encoded: command, connectWithin: connectTimeout, deadline: limit))
        } catch {
            return .failure(error)
        }
    }

    /// True when the refusal named another member worth asking at once.
    private func turn(from index: Int, after refusal: Refusal) -> Bool {
        // Another call has turned already, and knows no less.
        if favourite != index { return true }
        if case .notLeader(let named?) = refusal,
            let better = members.firstIndex(where: { $0.address == named }), better != index,
            !isSuspect(better)
        {
            favourite = better
            return true
        }
        turnToNext(from: index)
        return false
    }

    private func turnAway(
        from index: Int, after error: ClientError, since start: MonotonicTime, wholeTry: Bool
    ) {
        // Late with one answer while others came: slow, but alive.
        if error == .unanswered(.timedOut), clients[index].hasAnswered(since: start) { return }
        switch error {
        case .unanswered(.timedOut) where wholeTry:
            suspectUntil[index] = .now() + tryTimeout
            if members.count > 1 { clients[index].abandonCalls() }
        case .unreachable(.timedOut) where wholeTry: suspectUntil[index] = .now() + tryTimeout
        // Learnt at no cost, and a restart takes no longer.
        case .unreachable: suspectUntil[index] = .now() + .milliseconds(50)
        case .unanswered, .malformed: break
        }
        turnToNext(from: index)
    }

    private func isSuspect(_ index: Int) -> Bool {
        suspectUntil[index].map { .now() < $0 } ?? false
    }

    /// Where every other member is suspect, one that is not keeps its place: it may be elected next.
    private func turnToNext(from index: Int) {
        guard favourite == index else { return }
        let others = (1..<members.count).map { (index + $0) % members.count }
        if let next = others.first(where: { !isSuspect($0) }) {
            favourite = next
        } else if isSuspect(index), let next = others.first {
            favourite = next
        }
    }

    private func pause(_ attempt: inout Attempt, _ deadline: MonotonicTime) async throws(SeekError)
    {
        attempt.count += 1
        let ceiling = min(
            Duration.milliseconds(100), .milliseconds(2) * (1 << min(attempt.count, 6)))
        let length =
            attempt.isRedirected && attempt.count <= 3
            ? .zero : random.duration(in: .zero...ceiling)
        guard .now() + length + Self.tryMin < deadline else { throw attempt.failure }
        if length > .zero { await Reactor.sleep(for: length) }
    }
}

/// What the tries so far have shown.
private struct Attempt {
    var count = 0
    var isRedirected = false
    private var mayHaveHappened = false
    private var lastReason = "no member answered"

    mutating func note(_ refusal: Refusal) {
        switch refusal {
        case .notLeader: lastReason = "no leader"
        case .unavailable(let reason): lastReason = reason
        case .unknown(let reason), .expired(let reason):
            mayHaveHappened = true
            lastReason = reason
        }
    }

    mutating func note(_ error: ClientError) {
        isRedirected = false
        if !error.isWithoutEffect { mayHaveHappened = true }
        lastReason = "\(error)"
    }

    var failure: SeekError {
        mayHaveHappened ? .unknown(lastReason) : .unavailable(lastReason)
    }
}

/// An error reply that asks for another member or another moment.
private enum Refusal {
    case notLeader(SocketAddress?)
    case unavailable(String)
    case unknown(String)
    /// Another try would say the same.
    case expired(String)

    init?(_ reply: RESPValue, retriesOverload: Bool) {
        guard case .error(let text) = reply else { return nil }
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        switch words.first {
        case "NOTLEADER": self = .notLeader(SocketAddress(words.last ?? ""))
        case "OVERLOADED" where !retriesOverload: return nil
        case "UNAVAILABLE", "OVERLOADED": self = .unavailable(text)
        case "UNKNOWN": self = .unknown(text)
        case "SESSIONEXPIRED": self = .expired(text)
        default: return nil
        }
    }
}
