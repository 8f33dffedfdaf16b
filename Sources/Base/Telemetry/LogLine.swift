// One event as one line of text, in the logfmt manner: for people with grep and for the report,
// which merges the lines of all nodes by time.
//
//     t=12.345678 level=info from=store-1-2 msg="became leader" term=3 peer=10.0.1.4:7001
//
// The time is CLOCK_MONOTONIC, which is one and the same for all nodes of a host; a wall clock may
// be under attack. A value never breaks the line, whatever bytes a peer sent.

package enum LogLevel: String, Comparable, CaseIterable, Sendable {
    case debug, info, warning, error

    package static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.severity < right.severity
    }

    private var severity: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }
}

/// What happened, when, where and with which particulars.
package struct LogLine: Sendable {
    /// Since the epoch of CLOCK_MONOTONIC.
    package var time: Duration
    package var level: LogLevel
    /// The node or the part of the harness that speaks: "store-1-2".
    package var component: String
    package var message: String
    /// Keys are plain words; their order is kept.
    package var fields: [(key: String, value: String)]

    package init(
        time: Duration, level: LogLevel, component: String, message: String,
        fields: [(key: String, value: String)] = []
    ) {
        self.time = time
        self.level = level
        self.component = component
        self.message = message
        self.fields = fields
    }

    /// The line with its newline.
    package var text: String {
        var text = "t=\(Self.seconds(time)) level=\(level.rawValue)"
        text += " from=\(Self.quoted(component)) msg=\(Self.quoted(message))"
        for field in fields {
            text += " \(field.key)=\(Self.quoted(field.value))"
        }
        return text + "\n"
    }

    /// Seconds with all six digits of the microseconds, so that lines sort as text of one width do.
    private static func seconds(_ time: Duration) -> String {
        let parts = time.components
        let micros = String(parts.attoseconds / 1_000_000_000_000)
        return "\(parts.seconds)." + String(repeating: "0", count: 6 - micros.utf8.count) + micros
    }

    /// A bare word as it is, anything else in quotes with its controls escaped as in JSON.
    private static func quoted(_ value: String) -> String {
        let isBare = value.utf8.allSatisfy { byte in
            byte > 0x20 && byte != 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=")
                && byte != UInt8(ascii: "\\")
        }
        guard value.isEmpty || !isBare else { return value }
        return "\"" + value.unicodeScalars.map(escaped).joined() + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        case "\u{0}"..."\u{1f}", "\u{7f}":
            let hex = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
        default: return String(scalar)
        }
    }
}
