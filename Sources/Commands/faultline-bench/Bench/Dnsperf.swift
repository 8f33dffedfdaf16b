// dnsperf, the generator that the field measures name servers with: one thread, a bounded number of
// queries in flight, and the next one sent when an answer has come.

import Linux
import Reactor

/// Drives dnsperf and reads what it says.
struct Dnsperf {
    private let path: String
    /// Clients are sockets; in flight are queries in all.
    private static let clients = 16
    private static let inFlight = 400

    init() throws { path = try BenchOptions.tool("dnsperf", debian: "dnsperf") }

    /// Answers a second over `length`; refuses a figure with more than a few lost queries in it.
    @ReactorActor
    func rate(
        of server: SocketAddress, queries: String, for length: Duration, from stack: BenchStack
    ) async throws -> Double {
        let arguments = [
            path, "-s", "\(server.ip)", "-p", "\(server.port)", "-d", queries, "-T", "1",
            "-c", "\(Self.clients)", "-q", "\(Self.inFlight)",
            "-l", "\(length.components.seconds)",
        ]
        return try Self.rate(
            in: try await stack.tool(arguments, limit: length + .seconds(20)))
    }

    /// From the text of dnsperf 2: `Queries per second:   123456.789`.
    static func rate(in text: String) throws -> Double {
        guard let rate = number(behind: "Queries per second:", in: text),
            let sent = number(behind: "Queries sent:", in: text),
            let completed = number(behind: "Queries completed:", in: text)
        else { throw BenchError("dnsperf said no rate:\n\(text)") }
        guard completed >= 0.999 * sent else {
            throw BenchError("dnsperf lost \(Int(sent - completed)) of \(Int(sent)) queries")
        }
        return rate
    }

    private static func number(behind label: String, in text: String) -> Double? {
        let line = text.split(separator: "\n").first { $0.contains(label) }
        return line?.split(separator: ":").last?.split(separator: " ").first
            .flatMap { Double($0) }
    }
}
