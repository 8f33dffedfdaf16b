// Where log lines go: standard error, which the harness redirects into a file for each node. One
// write(2) a line, so that lines of processes that share the file do not mix and none is lost in
// a buffer when a node is killed, which here is the normal way for a node to end.

internal import Linux

/// Writes lines in the name of one component, from its least level up.
package struct Log: Sendable {
    package let component: String
    /// Lines below this level are dropped before they are made.
    package let minimum: LogLevel
    private let now: @Sendable () -> Duration
    private let write: @Sendable (String) -> Void

    /// To standard error, with the monotonic clock.
    package init(_ component: String, minimum: LogLevel = .info) {
        self.init(
            component, minimum: minimum,
            now: { .nanoseconds(MonotonicTime.now().nanoseconds) },
            write: { writeToStandardError($0) })
    }

    /// To anywhere, with any clock: for simulations.
    package init(
        _ component: String, minimum: LogLevel = .info, now: @escaping @Sendable () -> Duration,
        write: @escaping @Sendable (String) -> Void
    ) {
        self.component = component
        self.minimum = minimum
        self.now = now
        self.write = write
    }

    package func debug(_ message: @autoclosure () -> String, _ fields: Fields = [:]) {
        emit(.debug, message, fields)
    }

    package func info(_ message: @autoclosure () -> String, _ fields: Fields = [:]) {
        emit(.info, message, fields)
    }

    package func warning(_ message: @autoclosure () -> String, _ fields: Fields = [:]) {
        emit(.warning, message, fields)
    }

    package func error(_ message: @autoclosure () -> String, _ fields: Fields = [:]) {
        emit(.error, message, fields)
    }

    /// Particulars in the order in which they are written: `["term": 3, "peer": address]`.
    package typealias Fields = KeyValuePairs<String, any CustomStringConvertible>

    private func emit(_ level: LogLevel, _ message: () -> String, _ fields: Fields) {
        guard level >= minimum else { return }
        let line = LogLine(
            time: now(), level: level, component: component, message: message(),
            fields: fields.map { (key: $0.key, value: $0.value.description) })
        write(line.text)
    }
}

/// Never closed: it belongs to whoever started the process.
private let standardError = FileDescriptor(owning: 2)

/// A full disk or a closed pipe must not take a tier down with it, so a line that fails is gone.
private func writeToStandardError(_ text: String) {
    let bytes = Array(text.utf8)
    try? File.write(standardError, bytes.span)
}
