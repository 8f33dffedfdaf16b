// The rules of two-phase commit, one entry at a time, and every message that comes late or twice.

import Raft
import Replication
import Testing

@testable import Store

struct TwoPhaseTests {
    /// Home is shard 0 with key `a`; the participant is shard 1 with key `b`.
    private struct Pair {
        let folders: [StateFolder]
        let home: KeyValueState
        let other: KeyValueState

        init(requestCountMax: Int = 100) throws {
            folders = [try StateFolder(), try StateFolder()]
            home = try KeyValueState.open(folders[0], requestCountMax: requestCountMax)
            other = try KeyValueState.open(folders[1], requestCountMax: requestCountMax)
            other.shard = 1
            try home.apply(.set("a", "10", nil))
            try other.apply(.set("b", "20", nil))
        }

        func begin(_ request: RequestID? = id("c", 1), add: Int64 = -3) throws -> TransactionID {
            let reply = try home.step(
                .begin(try part("a", add), home: 0, participants: [1]), request)
            guard case .begun(let id) = reply else { throw Unexpected(reply: reply) }
            return id
        }
    }

    private struct Unexpected: Error {
        let reply: StoreReply?
    }

    @Test func `a commit writes both parts and keeps the decision until it is forgotten`() throws {
        let pair = try Pair()
        let id = try pair.begin()
        #expect(try pair.other.step(.prepare(try part("b", 3), id)) == .prepared)
        #expect(try pair.home.text("a") == "10")
        #expect(try pair.home.status(of: id) == .pending)
        let version = pair.home.applied.index.rawValue + 1
        #expect(try pair.home.step(.decide(id, .commit)) == .committed(version: version))
        #expect(try pair.home.status(of: id) == .committed)
        #expect(try pair.home.text("a") == "7")
        #expect(try pair.other.step(.finish(id, isCommitted: true)) == .ok)
        #expect(try pair.other.text("b") == "23")
        #expect(try pair.home.step(.forget(id)) == .ok)
        #expect(try pair.home.committedTransactions().isEmpty)
        #expect(try pair.home.preparedTransactions().isEmpty)
        #expect(try pair.other.preparedTransactions().isEmpty)
    }

    @Test func `what was aborted can never commit, however late the coordinator comes`() throws {
        let pair = try Pair()
        let id = try pair.begin()
        #expect(try pair.other.step(.prepare(try part("b", 3), id)) == .prepared)
        #expect(try pair.home.step(.decide(id, .abort(failed: nil))) == .aborted)
        #expect(try pair.home.step(.decide(id, .commit)) == .aborted)
        #expect(try pair.home.status(of: id) == .aborted)
        #expect(try pair.other.step(.finish(id, isCommitted: false)) == .ok)
        #expect(try pair.home.text("a") == "10")
        #expect(try pair.other.text("b") == "20")
        // The same request begins anew, under another id.
        let second = try pair.begin()
        #expect(second != id)
        #expect(try pair.home.step(.decide(id, .commit)) == .aborted)
        #expect(try pair.home.status(of: second) == .pending)
    }

    @Test func `what was committed can never be aborted`() throws {
        let pair = try Pair()
        let id = try pair.begin()
        let reply = try pair.home.step(.decide(id, .commit))
        #expect(try pair.home.step(.decide(id, .abort(failed: nil))) == reply)
        #expect(try pair.home.step(.decide(id, .commit)) == reply)
        #expect(try pair.home.text("a") == "7")
    }

    @Test func `steps that come twice or late change nothing more`() throws {
        let pair = try Pair()
        let id = try pair.begin()
        #expect(try pair.begin() == id, "a retry carries its own transaction on")
        let prepare = TransactionStep.prepare(try part("b", 3), id)
        #expect(try pair.other.step(prepare) == .prepared)
        #expect(try pair.other.step(prepare) == .prepared)
        let reply = try pair.home.step(.decide(id, .commit))
        for _ in 1...2 { try pair.other.step(.finish(id, isCommitted: true)) }
        #expect(try pair.other.step(prepare) == .prepared)
        #expect(try pair.other.preparedTransactions().isEmpty, "a late prepare locks nothing")
        try pair.other.step(.finish(id, isCommitted: true))
        #expect(try pair.other.text("b") == "23")
        #expect(
            try pair.home.step(.begin(try part("a", -3), home: 0, participants: [1]), firstRequest)
                == reply)
        #expect(try pair.home.text("a") == "7")
    }

    @Test func `a try that keys have moved under begins anew instead of carrying a part on`() throws
    {
        let pair = try Pair()
        try pair.home.apply(.set("b", "20", nil))
        let early = try pair.begin()
        // Shard 1 has been taken in: all of it is home's now.
        let whole = try part([("a", -3), ("b", 3)])
        let reply = try pair.home.step(.begin(whole, home: 0, participants: []), id("c", 1))
        guard case .begun(let late) = reply else { throw Unexpected(reply: reply) }
        #expect(late != early)
        #expect(try pair.home.step(.decide(early, .commit)) == .aborted)
        let version = pair.home.applied.index.rawValue + 1
        #expect(try pair.home.step(.decide(late, .commit)) == .committed(version: version))
        #expect(try pair.home.text("a") == "7")
        #expect(try pair.home.text("b") == "23")
    }

    @Test func `a part for a shard that is home by now is never prepared`() throws {
        let pair = try Pair()
        try pair.home.apply(.set("b", "20", nil))
        let id = try pair.begin()
        let prepare = TransactionStep.prepare(try part("b", 3), id)
        #expect(try pair.home.step(prepare) == .refused(.moved))
        try pair.home.step(.decide(id, .abort(failed: nil)))
        #expect(try pair.home.step(prepare) == .refused(.moved), "after the end as well")
        // Prepared here it would have been home's own, and the coordinator's word would do it.
        #expect(try pair.home.step(.decide(id, .commit)) == .aborted)
        #expect(try pair.home.text("b") == "20")
        #expect(try pair.home.text("a") == "10")
    }

    private var firstRequest: RequestID { id("c", 1) }

    @Test func `held keys refuse writers and other transactions, and only held keys`() throws {
        let pair = try Pair()
        let id = try pair.begin()
        #expect(try pair.home.apply(.set("a", "1", nil)) == .locked(id))
        #expect(try pair.home.apply(.add("a", 1, RequestID("x", 1))) == .locked(id))
        #expect(try pair.home.apply(.delete("a")) == .locked(id))
        let other = TransactionStep.begin(try part("a", 1), home: 0, participants: [1])
        #expect(try pair.home.step(other, RequestID("y", 1)) == .locked(id))
        #expect(try pair.home.step(.prepare(try part("a", 1), far)) == .locked(id))
        #expect(try pair.home.apply(.set("free", "1", nil)) == .ok)
        try pair.home.step(.decide(id, .abort(failed: nil)))
        // A refusal for a lock was not kept as an answer.
        #expect(try pair.home.apply(.add("a", 1, RequestID("x", 1))) == .integer(11))
    }

    private let far = TransactionID(home: 7, begun: 1)

    @Test func `readers wait for keys that will be written, not for those that are only tested`()
        throws
    {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        let transaction = try Transaction(
            conditions: [Condition(key: bytes("{u}tested"), .absent)],
            writes: [Write(key: bytes("{u}written"), .add(1))])
        let step = TransactionStep.prepare(TransactionPart(transaction, places: [4]), far)
        #expect(try state.step(step) == .prepared)
        #expect(try state.writer(ofAny: [bytes("x"), bytes("{u}written")]) == far)
        #expect(try state.writer(ofAny: [bytes("{u}tested")]) == nil)
        #expect(try state.writer(under: bytes("{u}")) == far)
        #expect(try state.writer(under: bytes("{u}t")) == nil)
        #expect(try state.apply(.set("{u}tested", "1", nil)) == .locked(far))
    }

    @Test func `a condition that fails is named by its place in the client's command`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        let transaction = try Transaction(
            conditions: [
                Condition(key: bytes("a"), .absent), Condition(key: bytes("b"), .present),
            ], writes: [])
        let part = TransactionPart(transaction, places: [3, 5])
        #expect(try state.step(.prepare(part, far)) == .failed(condition: 5))
        #expect(try state.preparedTransactions().isEmpty)
        let begin = TransactionStep.begin(part, home: 0, participants: [1])
        #expect(try state.step(begin, firstRequest) == .failed(condition: 5))
        try state.apply(.set("b", "1", nil))
        #expect(try state.step(begin, firstRequest) == .failed(condition: 5), "a kept answer")
    }

    @Test func `an abort for a condition is the answer to every retry`() throws {
        let pair = try Pair()
        let id = try pair.begin()
        #expect(try pair.home.step(.decide(id, .abort(failed: 2))) == .aborted)
        let again = TransactionStep.begin(try part("a", -3), home: 0, participants: [1])
        #expect(try pair.home.step(again, firstRequest) == .failed(condition: 2))
    }

    @Test func `a sum that cannot be is refused before anything is promised`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        try state.apply(.set("n", "x", nil))
        #expect(try state.step(.prepare(try part("n", 1), far)) == .refused(.notInteger))
        #expect(try state.preparedTransactions().isEmpty)
    }

    @Test func `a restart and a snapshot carry locks, promises and decisions`() throws {
        let pair = try Pair()
        let undecided = try pair.begin()
        let target = try StateFolder()
        let file = try pair.home.finishSnapshot(
            pair.home.beginSnapshot(to: pair.folders[0].file("snapshot")).perform())
        let copy = try KeyValueState.open(target)
        try copy.install(file)
        #expect(try copy.apply(.set("a", "1", nil)) == .locked(undecided))
        #expect(try copy.preparedTransactions() == pair.home.preparedTransactions())
        guard case .committed = try copy.step(.decide(undecided, .commit)) else {
            Issue.record("a copy can decide")
            return
        }
        #expect(try copy.text("a") == "7")
        #expect(try copy.committedTransactions().map(\.participants) == [[1]])
    }

    @Test func `steps come back from their bytes, and cut ones do not`() throws {
        let steps: [TransactionStep] = [
            .begin(try part("a", 1), home: 3, participants: [1, 2, 300]),
            .prepare(try part("a", 1), far), .decide(far, .commit),
            .decide(far, .abort(failed: nil)), .decide(far, .abort(failed: 9)),
            .finish(far, isCommitted: true), .finish(far, isCommitted: false), .forget(far),
        ]
        for step in steps {
            let command = try StoreCommand(request: id("c", 1), action: .step(step))
            #expect(try StoreCommand(decoding: command.encoded.span) == command)
            for count in 0..<command.encoded.count {
                #expect(throws: StoreCommandError.self) {
                    try StoreCommand(decoding: Array(command.encoded[..<count]).span)
                }
            }
        }
    }
}

/// A part that adds to one key, if it is there.
private func part(_ key: String, _ amount: Int64) throws -> TransactionPart {
    try part([(key, amount)])
}

private func part(_ additions: [(key: String, amount: Int64)]) throws -> TransactionPart {
    let transaction = try Transaction(
        conditions: additions.map { Condition(key: bytes($0.key), .present) },
        writes: additions.map { Write(key: bytes($0.key), .add($0.amount)) })
    return TransactionPart(transaction, places: Array(additions.indices))
}

extension RequestID {
    fileprivate init(_ client: String, _ sequence: UInt64) {
        self.init(client: Array(client.utf8), sequence: sequence)
    }
}

extension KeyValueState {
    @discardableResult
    fileprivate func step(
        _ step: TransactionStep, _ request: RequestID? = nil
    ) throws -> StoreReply? {
        try apply(StoreCommand(request: request, action: .step(step)))
    }
}
