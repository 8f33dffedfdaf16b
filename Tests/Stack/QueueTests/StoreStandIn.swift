// A store for workers under test: SET and ONCE of one shard in memory, and every way to fail that a
// replicated store has.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@ReactorActor
final class StoreStandIn {
    enum Mood {
        case well
        /// Does not execute and says so.
        case unavailable
        /// Executes and says that it does not know.
        case forgetful
    }

    var mood = Mood.well
    private(set) var rows: [String: String] = [:]
    private(set) var callCount = 0
    /// Request ids in the order of their arrival.
    private(set) var requests: [String] = []
    private var sessionCount = 0
    private var applied: [String: RESPValue] = [:]
    private var server: RESPServer?

    init() throws {
        server = try RESPServer(SocketAddress(ip: .loopback, port: 0)) { [unowned self] command in
            self.answer(command)
        }
        let started = server
        Task { @ReactorActor in await started?.run() }
    }

    var member: NamedAddress {
        get throws { NamedAddress(name: "store-1-1", address: try #require(server?.address)) }
    }

    /// Ledger rows of an order.
    func effects(of order: String) -> Int {
        rows.keys.filter { $0.contains(":ledger:\(order):") }.count
    }

    func stop() { server?.stop() }

    private func answer(_ command: RESPCommand) -> RESPValue {
        if command.name == "SESSION" {
            sessionCount += 1
            return .bulk("@\(sessionCount)")
        }
        callCount += 1
        if mood == .unavailable { return .error("UNAVAILABLE no majority") }
        let words = (0..<command.count).compactMap { command.text($0) }
        let request = words.suffix(2).joined(separator: "/")
        requests.append(request)
        let reply = applied[request] ?? execute(words)
        applied[request] = reply
        return mood == .forgetful ? .error("UNKNOWN lost leadership") : reply
    }

    private func execute(_ words: [String]) -> RESPValue {
        switch (words.first, words.count) {
        case ("SET", 6):
            rows[words[1]] = words[2]
            return .simple("OK")
        case ("ONCE", 7):
            if rows[words[1]] != nil { return .integer(0) }
            rows[words[1]] = words[2]
            rows[words[2]] = words[3]
            return .integer(1)
        default: return .error("ERR what is that")
        }
    }
}
