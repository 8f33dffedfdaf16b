// What a request takes along through all tiers: an id, by which the log lines of every node that had a
// hand in it are found, and the time that its caller still waits.
//
// Over HTTP it is `X-Request-Id` and `X-Request-Deadline-Ms`, over RESP a prefix of the command:
//
//     WITH <id> <milliseconds left> COMMAND argument...
//
// The time is told as what is left, since clocks of two machines differ; a tier starts nothing once it
// is over. The prefix is sent to our own tiers alone: others do not know it.

package import Linux
import Wire

package struct RequestContext: Sendable {
    package let id: String
    package let deadline: MonotonicTime

    package init(id: String, deadline: MonotonicTime) {
        self.id = id
        self.deadline = deadline
    }

    /// Of the request that the present task serves; nil outside of one.
    @TaskLocal package static var current: RequestContext?

    /// Longer waits are cut to this.
    private static let millisecondsMax: Int64 = 3_600_000

    package func isOver(at now: MonotonicTime) -> Bool { now >= deadline }

    /// Visible ASCII, since it goes into log lines and protocols of words.
    package static func isLegal(id: String) -> Bool {
        (1...128).contains(id.utf8.count) && id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    }
}

// HTTP.
extension RequestContext {
    /// Of a request that has `timeout` at most; `id` where it brings none of its own.
    package init(
        _ request: HTTPRequest, at now: MonotonicTime, timeout: Duration,
        otherwise id: @autoclosure () -> String
    ) {
        let told = request.head.headers["x-request-id"].flatMap { text in
            RequestContext.isLegal(id: text) ? text : nil
        }
        var limit = now + timeout
        if let text = request.head.headers["x-request-deadline-ms"], let left = Int64(text) {
            limit = min(limit, now + .milliseconds(min(left, Self.millisecondsMax)))
        }
        self.init(id: told ?? id(), deadline: limit)
    }
}

// RESP.
extension RequestContext {
    /// A command as it is to be carried out.
    enum Admission {
        case plain(RESPCommand)
        case under(RequestContext, RESPCommand)
        case refused(String)
    }

    static func admit(_ command: RESPCommand, at now: MonotonicTime) -> Admission {
        guard command.word(0, is: "WITH") else { return .plain(command) }
        guard command.count > 3, let id = command.text(1), isLegal(id: id),
            let left = command.integer(2), left >= 0
        else { return .refused("ERR expected WITH id milliseconds COMMAND") }
        guard left > 0 else { return .refused("OVERLOADED the caller's deadline is over") }
        let deadline = now + .milliseconds(min(left, millisecondsMax))
        return .under(
            RequestContext(id: id, deadline: deadline),
            RESPCommand(words: Array(command.words.dropFirst(3))))
    }

    /// The words before a command that is sent on behalf of the present request; none outside of one.
    package static func prefix(until deadline: MonotonicTime) -> [String] {
        guard let current else { return [] }
        let left = (min(deadline, current.deadline) - .now()).nanoseconds / 1_000_000
        return ["WITH", current.id, String(max(1, left))]
    }
}
