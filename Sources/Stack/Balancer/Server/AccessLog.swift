// One line a request, as JSON or in the combined format that log tools read (Apache's LogFormat of that
// name). Lines are gathered and written by a helper thread, so a slow disk stops no request; past the
// rate, or while too much is gathered, lines are counted instead of written.

import Blueprint
import Linux
import Reactor
import Wire

/// What the log says of a request's head; copied only where there is a log.
struct AccessLine {
    var method: String
    var target: String
    var referer = "-"
    var agent = "-"

    init(_ bytes: Span<UInt8>, _ map: HTTPHeadMap) {
        method = String(repairing: bytes.extracting(map.method))
        target = String(repairing: bytes.extracting(map.target))
        for field in map.fields where field.kind == .other {
            let name = bytes.extracting(field.name)
            if name.equalsIgnoringCase("referer") {
                referer = String(repairing: bytes.extracting(field.value))
            } else if name.equalsIgnoringCase("user-agent") {
                agent = String(repairing: bytes.extracting(field.value))
            }
        }
    }
}

/// What the log says of a request that is over.
struct AccessEntry {
    var line: AccessLine
    var client: ClientAddress
    var id: String
    var status: Int
    var bytes: Int
    var duration: Duration
    /// Empty for an answer of our own.
    var backend: String
    var tries: Int

    func json(at time: WallTime) -> String {
        let json: JSON = [
            "time": .string(time.rfc3339), "client": .string("\(client)"), "id": .string(id),
            "method": .string(line.method), "target": .string(line.target),
            "status": .integer(Int64(status)), "bytes": .integer(Int64(bytes)),
            "microseconds": .integer(duration.nanoseconds / 1000),
            "backend": backend.isEmpty ? .null : .string(backend),
            "tries": .integer(Int64(tries)),
        ]
        return json.text + "\n"
    }

    func combined(at time: WallTime) -> String {
        "\(client.ip) - - [\(Self.stamp(time))] \"\(Self.safe(line.method)) "
            + "\(Self.safe(line.target)) HTTP/1.1\" \(status) \(bytes) "
            + "\"\(Self.safe(line.referer))\" \"\(Self.safe(line.agent))\"\n"
    }

    /// `24/Nov/2026:13:10:50 +0000`.
    static func stamp(_ time: WallTime) -> String {
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

/// Gathers lines and writes them beside the loop.
@ReactorActor
final class AccessLog {
    /// Characters gathered at most.
    private static let gatheredMax = 1 << 20

    private let form: AccessLogForm
    private let write: @Sendable (String) -> Void
    private var allowed: ClientRates
    private var gathered = ""
    private var isWriting = false
    /// Lines that were counted and not written.
    private(set) var dropped = 0

    init(
        _ form: AccessLogForm, rate: Int,
        write: @escaping @Sendable (String) -> Void = { Output.write($0, to: 1) }
    ) {
        self.form = form
        self.write = write
        allowed = ClientRates(rate: rate, burst: rate, countMax: 1)
    }

    var isOn: Bool { form != .off }

    func note(_ entry: AccessEntry, at now: MonotonicTime) {
        guard gathered.utf8.count < Self.gatheredMax, allowed.take(0, at: now) == nil else {
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
