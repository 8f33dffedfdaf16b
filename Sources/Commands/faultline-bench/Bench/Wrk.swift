// wrk, the closed-loop generator that the field compares with: one thread and 32 connections, each
// of which sends its next request when its last was answered.

import Linux
import Reactor

/// Drives wrk and reads what it says.
struct Wrk {
    private let path: String

    init() throws { path = try BenchOptions.tool("wrk", debian: "wrk") }

    /// Good answers a second over `length`; refuses a figure with an error in it. With a `core`
    /// wrk keeps to that one.
    @ReactorActor
    func rate(
        of url: String, headers: [String] = [], for length: Duration, from stack: BenchStack,
        core: Int? = nil
    ) async throws -> Double {
        let seconds = length.components.seconds
        precondition(seconds >= 1, "wrk counts whole seconds")
        // Programs that the client's node starts are found by their whole path.
        let taskset = try BenchOptions.tool("taskset", debian: "util-linux")
        let arguments =
            (core.map { [taskset, "-c", "\($0)"] } ?? []) + [
                path, "-t1", "-c32", "-d\(seconds)s",
            ] + headers.flatMap { ["-H", $0] } + [url]
        return try Self.rate(
            in: try await stack.tool(arguments, limit: length + .seconds(20)))
    }

    /// From the text of wrk 4: `Requests/sec:  12345.67`.
    static func rate(in text: String) throws -> Double {
        let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }
        let errors = lines.filter {
            $0.hasPrefix("Socket errors:") || $0.hasPrefix("Non-2xx or 3xx responses:")
        }
        guard errors.isEmpty else {
            throw BenchError("wrk met errors: \(errors.joined(separator: "; "))")
        }
        guard let line = lines.first(where: { $0.hasPrefix("Requests/sec:") }),
            let rate = line.split(separator: " ").last.flatMap({ Double($0) })
        else { throw BenchError("wrk said no rate:\n\(text)") }
        return rate
    }
}
