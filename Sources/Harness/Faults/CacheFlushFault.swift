// Cache flush: every key of a cache goes at once, as after a restart or a mistaken FLUSHALL. It
// speaks RESP, so it works on whatever stands for the cache.

import Endpoints
import Experiment
import History
import Linux
import Reactor
import Testbed
import Wire

@ReactorActor
final class CacheFlushFault: Fault {
    private let members: [Member]
    private var keysBefore: [String: Int] = [:]
    private static let canary = "faultline:canary"

    private let readyTimeout: Duration

    init(_ members: [Member], readyTimeout: Duration = .seconds(5)) {
        self.members = members
        self.readyTimeout = readyTimeout
    }

    var promise: [Evidence] { [Evidence("canary", "gone")] }
    var targets: [String] { members.map(\.name) }

    /// Puts a canary into each cache, so that the proof does not depend on there being keys. It
    /// expires by itself, long after the proof, should the flush never come.
    func prepare() async throws(FaultError) {
        for member in members {
            let answer = try await ask(member, ["SET", Self.canary, "1", "EX", "60"])
            guard case .simple("OK") = answer else {
                throw .unproven("\(member.name) did not take the canary")
            }
            if case .integer(let count) = try await ask(member, ["DBSIZE"]) {
                keysBefore[member.name] = Int(count)
            }
        }
    }

    func inject() async throws(FaultError) {
        for member in members {
            guard case .simple("OK") = try await ask(member, ["FLUSHALL"]) else {
                throw .unproven("\(member.name) refused FLUSHALL")
            }
        }
    }

    func prove() async throws(FaultError) -> [Evidence] {
        var evidence: [Evidence] = []
        for member in members {
            guard case .null = try await ask(member, ["GET", Self.canary]) else {
                throw .unproven("the canary in \(member.name) outlived the flush")
            }
            let keys = keysBefore[member.name].map { "\($0)" } ?? "unknown"
            evidence.append(Evidence("keys flushed from \(member.name)", keys))
        }
        return evidence
    }

    /// A flush is over as soon as it is done; the cache fills itself.
    func heal() {}

    func proveHealed() async throws(FaultError) -> [Evidence] {
        for member in members {
            guard await eventually(within: readyTimeout, { await member.isReady() }) else {
                throw .unproven("\(member.name) does not answer after the flush")
            }
        }
        return []
    }

    private func ask(_ member: Member, _ words: [String]) async throws(FaultError) -> RESPValue {
        let client = RESPClient(member.plan.listen)
        defer { client.close() }
        do {
            return try await client.call(words, deadline: .now() + .seconds(1))
        } catch {
            throw .unproven("\(member.name): \(words[0]) \(error)")
        }
    }
}
