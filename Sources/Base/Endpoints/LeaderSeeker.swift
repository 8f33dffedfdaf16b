// Calls a replicated RESP service through whichever member leads it.
//
// A command is tried on the member that answered last. `-NOTLEADER host:port` names a better one;
// a member that cannot be reached or does not answer makes the seeker turn to the next. Every try
// sends the very same bytes, so a command that carries a request id is applied once however many
// tries it takes; without one, a caller must not ask for retries after an unknown outcome.
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
    private var random: SeededRandom
    private let tryTimeout: Duration

    /// `tryTimeout` bounds one try, and so the time that a silent member costs.
    package init(
        _ members: [NamedAddress], random: SeededRandom, tryTimeout: Duration = .milliseconds(400)
    ) {
        precondition(!members.isEmpty, "a group has members")
        self.members = members
        self.random = random
        self.tryTimeout = tryTimeout
        clients = members.map { RESPClient($0.address) }
    }

    /// The member that is believed to lead.
    package var leader: NamedAddress { members[favourite] }

    /// Calls until a member answers with other than "not me", or the deadline passes.
    package func call(
        _ words: [String], deadline: MonotonicTime, wait: Duration = .zero
    ) async throws(SeekError) -> LedReply {
        var command: [UInt8] = []
        command.appendRESP(command: words)
        var attempt = Attempt()
        while true {
            let index = favourite
            let limit = min(deadline, .now() + tryTimeout + wait)
            do {
                let reply = try await clients[index].call(encoded: command, deadline: limit)
                guard let refusal = Refusal(reply) else {
                    favourite = index
                    return LedReply(value: reply, member: members[index].name)
                }
                attempt.note(refusal)
                turn(from: index, after: refusal)
            } catch {
                attempt.note(error)
                turnToNext(from: index)
            }
            try await pause(&attempt, deadline)
        }
    }

    private func turn(from index: Int, after refusal: Refusal) {
        if case .notLeader(let named?) = refusal,
            let better = members.firstIndex(where: { $0.address == named }), better != index
        {
            favourite = better
        } else {
            turnToNext(from: index)
        }
    }

    private func turnToNext(from index: Int) {
        if favourite == index { favourite = (index + 1) % members.count }
    }

    private func pause(_ attempt: inout Attempt, _ deadline: MonotonicTime) async throws(SeekError)
    {
        attempt.count += 1
        let ceiling = min(
            Duration.milliseconds(100), .milliseconds(2) * (1 << min(attempt.count, 6)))
        let length = attempt.isRedirected ? .zero : random.duration(in: .zero...ceiling)
        guard .now() + length < deadline else { throw attempt.failure }
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
        case .notLeader(let named):
            isRedirected = named != nil && count < 3
            lastReason = "no leader"
        case .unavailable(let reason):
            isRedirected = false
            lastReason = reason
        case .unknown(let reason):
            isRedirected = false
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

    init?(_ reply: RESPValue) {
        guard case .error(let text) = reply else { return nil }
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        switch words.first {
        case "NOTLEADER": self = .notLeader(SocketAddress(words.last ?? ""))
        case "UNAVAILABLE", "OVERLOADED": self = .unavailable(text)
        case "UNKNOWN": self = .unknown(text)
        default: return nil
        }
    }
}
