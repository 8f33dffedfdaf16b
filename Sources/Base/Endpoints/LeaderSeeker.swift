// Calls a replicated RESP service through whichever member leads it.
//
// A command is tried on the member that answered last. `-NOTLEADER host:port` names a better one, as
// does `-WRONGSHARD version host:port`; a member that cannot be reached or does not answer makes the
// seeker turn to the next. Every try sends the very same bytes, so a command that carries a request
// id is applied once however many tries it takes; one without must bear being applied more than once.
//
// Whoever is named becomes a member, known before or not: a group may have moved to nodes that
// nobody told this process of. Those that were begun with are never forgotten, of the others the
// latest few are kept.
//
// A member that was silent for a whole try is suspect: every call that waits on it is tried
// elsewhere at once, and for a while it is passed over, even where a follower still names it as the
// leader. So a paused leader costs a caller one try and not one for every redirect.
//
// `-SESSIONEXPIRED` ends a call: the store has forgotten what it knew of the request's session, so no
// further try can show whether one before it was executed. Where none before it can have been, that is
// certain, and whoever called may do it anew under another session.
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
    /// Certainly not executed, and never to be under the request id that it had.
    case expired(String)
}

/// A client of a group of members of which one leads.
@ReactorActor
package final class LeaderSeeker {
    private var members: [SeekerMember]
    private var favourite: SeekerMember
    /// Names for addresses that a redirect may bring.
    private let acquaintances: [NamedAddress]
    /// Redirects that were followed so far; whoever routes by a table sees by it that the table is old.
    package private(set) var redirectCount = 0
    private var random: SeededRandom
    private let tryTimeout: Duration
    private let connectTimeout: Duration
    private let retriesOverload: Bool
    /// No further try starts with less time than this: it would most likely be cut off, and turn
    /// "certainly not executed" into "nobody knows".
    private static let tryMin: Duration = .milliseconds(20)
    /// Members that only redirects brought; each may hold a connection.
    private static let learntMax = 16

    /// `tryTimeout` bounds one try, and so the time that a silent member costs. Without
    /// `retriesOverload` a refusal for lack of room is an answer: the caller passes it on at once,
    /// instead of adding to the load. `acquaintances` give names to those whom a redirect brings.
    package init(
        _ members: [NamedAddress], random: SeededRandom, tryTimeout: Duration = .milliseconds(400),
        connectTimeout: Duration = .milliseconds(250), retriesOverload: Bool = true,
        acquaintances: [NamedAddress] = []
    ) {
        precondition(!members.isEmpty, "a group has members")
        self.members = members.map { SeekerMember($0, isLearnt: false) }
        favourite = self.members[0]
        self.acquaintances = acquaintances
        self.random = random
        self.tryTimeout = tryTimeout
        self.connectTimeout = connectTimeout
        self.retriesOverload = retriesOverload
    }

    /// The member that is believed to lead.
    package var leader: NamedAddress { favourite.named }

    /// Those that were begun with, and those that redirects brought.
    package var memberCount: Int { members.count }

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
            let member = favourite
            let start = MonotonicTime.now()
            let limit = min(deadline, start + tryTimeout + wait)
            switch await reply(of: member, to: command, by: limit) {
            case .success(let reply):
                member.suspectUntil = nil
                guard let refusal = Refusal(reply, retriesOverload: retriesOverload) else {
                    favourite = member
                    return LedReply(value: reply, member: member.named.name)
                }
                if case .expired(let reason) = refusal {
                    throw attempt.mayHaveHappened ? .unknown(reason) : .expired(reason)
                }
                attempt.note(refusal)
                attempt.isRedirected = turn(from: member, after: refusal)
            case .failure(let error):
                attempt.note(error)
                let wholeTry = limit < deadline && .now() >= limit
                turnAway(from: member, after: error, since: start, wholeTry: wholeTry)
            }
            try await pause(&attempt, deadline)
        }
    }

    private func reply(
        of member: SeekerMember, to command: [UInt8], by limit: MonotonicTime
    ) async -> Result<RESPValue, ClientError> {
        do throws(ClientError) {
            return .success(
                try await member.client.call(
                    encoded: command, connectWithin: connectTimeout, deadline: limit))
        } catch {
            return .failure(error)
        }
    }

    // MARK: Turning

    /// True when the refusal named another member worth asking at once.
    private func turn(from member: SeekerMember, after refusal: Refusal) -> Bool {
        // Another call has turned already, and knows no less.
        if favourite !== member { return true }
        if case .redirect(let named?) = refusal, named != member.named.address {
            let better = self.member(at: named)
            if !better.isSuspect {
                favourite = better
                redirectCount += 1
                return true
            }
        }
        turnToNext(from: member)
        return false
    }

    /// The member at an address, who may have been unknown so far.
    private func member(at address: SocketAddress) -> SeekerMember {
        if let known = members.first(where: { $0.named.address == address }) { return known }
        let named =
            acquaintances.first { $0.address == address }
            ?? NamedAddress(name: "\(address)", address: address)
        let learnt = members.filter { $0.isLearnt && $0 !== favourite }
        if learnt.count >= Self.learntMax, let oldest = learnt.first {
            members.removeAll { $0 === oldest }
        }
        let newcomer = SeekerMember(named, isLearnt: true)
        members.append(newcomer)
        return newcomer
    }

    private func turnAway(
        from member: SeekerMember, after error: ClientError, since start: MonotonicTime,
        wholeTry: Bool
    ) {
        // Late with one answer while others came: slow, but alive.
        if error == .unanswered(.timedOut), member.client.hasAnswered(since: start) { return }
        switch error {
        case .unanswered(.timedOut) where wholeTry:
            member.suspectUntil = .now() + tryTimeout
            if members.count > 1 { member.client.abandonCalls() }
        case .unreachable(.timedOut) where wholeTry: member.suspectUntil = .now() + tryTimeout
        // Learnt at no cost, and a restart takes no longer.
        case .unreachable: member.suspectUntil = .now() + .milliseconds(50)
        case .unanswered, .malformed: break
        }
        turnToNext(from: member)
    }

    /// Where every other member is suspect, one that is not keeps its place: it may be elected next.
    private func turnToNext(from member: SeekerMember) {
        guard favourite === member else { return }
        let place = members.firstIndex { $0 === member } ?? 0
        let others = (1..<max(members.count, 1)).map { members[(place + $0) % members.count] }
        if let next = others.first(where: { !$0.isSuspect }) {
            favourite = next
        } else if member.isSuspect, let next = others.first {
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

/// One member, with the connection to it.
@ReactorActor
private final class SeekerMember {
    let named: NamedAddress
    let client: RESPClient
    /// Brought by a redirect.
    let isLearnt: Bool
    /// Until when it is passed over.
    var suspectUntil: MonotonicTime?

    init(_ named: NamedAddress, isLearnt: Bool) {
        self.named = named
        self.isLearnt = isLearnt
        client = RESPClient(named.address)
    }

    var isSuspect: Bool { suspectUntil.map { .now() < $0 } ?? false }
}

/// What the tries so far have shown.
private struct Attempt {
    var count = 0
    var isRedirected = false
    private(set) var mayHaveHappened = false
    private var lastReason = "no member answered"

    mutating func note(_ refusal: Refusal) {
        switch refusal {
        case .redirect: lastReason = "no leader"
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
    /// Another member is the one to ask; nil while nobody knows which.
    case redirect(SocketAddress?)
    case unavailable(String)
    case unknown(String)
    /// Another try would say the same.
    case expired(String)

    init?(_ reply: RESPValue, retriesOverload: Bool) {
        guard case .error(let text) = reply else { return nil }
        let words = text.split(separator: " ").map(String.init)
        switch words.first {
        case "NOTLEADER", "WRONGSHARD": self = .redirect(SocketAddress(words.last ?? ""))
        case "OVERLOADED" where !retriesOverload: return nil
        case "UNAVAILABLE", "OVERLOADED": self = .unavailable(text)
        case "UNKNOWN": self = .unknown(text)
        case "SESSIONEXPIRED": self = .expired(text)
        default: return nil
        }
    }
}
