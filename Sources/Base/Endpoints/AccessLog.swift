// One line a request, as JSON or in the combined format that log tools read (Apache's LogFormat of that
// name). Lines are gathered and written by a helper thread, so a slow disk stops no request; past the
// rate, or while too much is gathered, lines are counted instead of written.

package import Blueprint
package import Linux
package import Reactor
import Telemetry

/// What a log says of one request that is over, each line with its end.
package protocol AccessLogEntry {
    func json(at time: WallTime) -> String
    func combined(at time: WallTime) -> String
}

/// Gathers lines and writes them beside the loop.
@ReactorActor
package final class AccessLog {
    /// Characters gathered at most.
    private static let gatheredMax = 1 << 20

    private let form: AccessLogForm
    private let write: @Sendable (String) -> Void
    private var allowed: LogRate
    private var gathered = ""
    private var isWriting = false
    /// Lines that were counted and not written.
    package private(set) var dropped = 0

    /// At most `rate` lines a second.
    package init(
        _ form: AccessLogForm, rate: Int,
        write: @escaping @Sendable (String) -> Void = { Output.write($0, to: 1) }
    ) {
        self.form = form
        self.write = write
        allowed = LogRate(perSecond: rate)
    }

    package var isOn: Bool { form != .off }

    package func note(_ entry: some AccessLogEntry, at now: MonotonicTime) {
        guard gathered.utf8.count < Self.gatheredMax,
            allowed.take(at: .nanoseconds(now.nanoseconds)) != nil
        else {
            dropped += 1
            return
        }
        switch form {
        case .off: return
        case .json: gathered += entry.json(at: .now())
        case .combined: gathered += entry.combined(at: .now())
        }
        if !isWriting { flushSoon() }
    }

    private func flushSoon() {
        isWriting = true
        Task { @ReactorActor in
            while !gathered.isEmpty {
                // What comes within this time goes out in one write.
                await Reactor.sleep(for: .milliseconds(20))
                let text = gathered
                gathered = ""
                let write = self.write
                await offload { write(text) }
            }
            isWriting = false
        }
    }
}

package enum CombinedLogFormat {
    /// `request` is method and target.
    package static func line(
        client: String, time: WallTime, request: String, status: Int, bytes: Int,
        referer: String, agent: String
    ) -> String {
        "\(client) - - [\(stamp(time))] \"\(safe(request)) HTTP/1.1\" \(status) \(bytes) "
            + "\"\(safe(referer))\" \"\(safe(agent))\"\n"
    }

    /// `24/Nov/2026:13:10:50 +0000`.
    private static func stamp(_ time: WallTime) -> String {
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let text = Array(time.rfc3339)
        let month = (Int(String(text[5...6])) ?? 1) - 1
        return "\(String(text[8...9]))/\(months[month])/\(String(text[0...3])):"
            + "\(String(text[11...18])) +0000"
    }

    /// A quote in a client's text must not end the field.
    private static func safe(_ text: String) -> String {
        text.contains("\"") || text.contains("\\")
            ? text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() : text
    }
}
