// Conditions and writes of one entry: all of them count, or none.

import Store
import Testing

struct TransactionTests {
    private func key(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func `a version is the index of the last write, and 0 for nothing`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        #expect(try state.versionedValue(of: key("k")) == nil)
        _ = try state.apply([entry(1, nil), entry(2, try .set("k", "a", nil))])
        #expect(try state.versionedValue(of: key("k"))?.version == 2)
        try state.apply(.add("n", 1, nil))
        #expect(try state.versionedValue(of: key("n"))?.version == 3)
        #expect(try state.versionedValue(of: key("k"))?.version == 2)
        try state.apply(.set("k", "a", nil))
        #expect(try state.versionedValue(of: key("k"))?.version == 4, "the same value counts")
        try state.apply(.once("t", "k", "b", nil))
        #expect(try state.versionedValue(of: key("k"))?.version == 5)
        try state.apply(.delete("k"))
        #expect(try state.versionedValue(of: key("k")) == nil)
        #expect(try state.apply(.delete("k")) == .integer(0))
    }

    @Test(arguments: [
        (Condition.Test.version(1), true),
        (.version(0), false),
        (.version(2), false),
        (.value([UInt8(ascii: "a")]), true),
        (.value([]), false),
        (.absent, false),
        (.present, true),
    ])
    func `a condition on a key that is there`(test: Condition.Test, holds: Bool) throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        try state.apply(.set("k", "a", nil))
        try expect(test, holds, state)
    }

    @Test(arguments: [
        (Condition.Test.version(1), false),
        (.version(0), true),
        (.value([]), false),  // An empty value is not the same as none.
        (.absent, true),
        (.present, false),
    ])
    func `a condition on a key that is not there`(test: Condition.Test, holds: Bool) throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        try state.apply(.set("other", "a", nil))
        try expect(test, holds, state)
    }

    private func expect(_ test: Condition.Test, _ holds: Bool, _ state: KeyValueState) throws {
        let reply = try state.apply(
            .transact(
                [Condition(key: key("k"), test)], [Write(key: key("done"), .set(key("1")))], nil))
        #expect(reply == (holds ? .committed(version: 2) : .failed(condition: 0)))
        #expect(try state.text("done") == (holds ? "1" : nil))
    }

    @Test func `the first condition that fails is named and nothing is written`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        try state.apply(.set("k", "a", nil))
        let conditions = [
            Condition(key: key("k"), .present), Condition(key: key("k"), .version(9)),
            Condition(key: key("k"), .absent),
        ]
        let writes = [Write(key: key("x"), .set([1])), Write(key: key("k"), .delete)]
        #expect(try state.apply(.transact(conditions, writes, nil)) == .failed(condition: 1))
        #expect(try state.text("x") == nil)
        #expect(try state.text("k") == "a")
    }

    @Test func `all writes have the version of their transaction`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        try state.apply(.set("gone", "1", nil))
        try state.apply(.add("n", 40, nil))
        let writes = [
            Write(key: key("a"), .set([1])), Write(key: key("gone"), .delete),
            Write(key: key("n"), .add(2)),
        ]
        #expect(try state.apply(.transact([], writes, nil)) == .committed(version: 3))
        #expect(try state.versionedValue(of: key("a"))?.version == 3)
        #expect(try state.versionedValue(of: key("n"))?.version == 3)
        #expect(try state.text("n") == "42")
        #expect(try state.text("gone") == nil)
    }

    @Test func `a transaction without writes only tests`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        try state.apply(.set("k", "a", nil))
        let test = [Condition(key: key("k"), .version(1))]
        #expect(try state.apply(.transact(test, [], nil)) == .committed(version: 2))
        #expect(try state.versionedValue(of: key("k"))?.version == 1)
    }

    @Test(arguments: [("x", 1, StoreReply.Refusal.notInteger), ("1", Int64.max, .overflow)])
    func `a sum that cannot be refuses the whole transaction`(
        text: String, amount: Int64, refusal: StoreReply.Refusal
    ) throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        try state.apply(.set("n", text, nil))
        let writes = [Write(key: key("a"), .set([1])), Write(key: key("n"), .add(amount))]
        #expect(try state.apply(.transact([], writes, nil)) == .refused(refusal))
        #expect(try state.text("a") == nil)
        #expect(try state.text("n") == text)
    }

    @Test func `a retried transaction is told what its first try was told`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        let absent = [Condition(key: key("k"), .absent)]
        let first = try StoreCommand.transact(
            absent, [Write(key: key("k"), .set([1]))], id("c", 1))
        let second = try StoreCommand.transact(
            absent, [Write(key: key("k"), .set([2]))], id("c", 2))
        #expect(try state.apply(first) == .committed(version: 1))
        #expect(try state.apply(second) == .failed(condition: 0))
        #expect(try state.apply(.delete("k")) == .integer(1))
        // Both conditions would hold now.
        #expect(try state.apply(first) == .committed(version: 1))
        #expect(try state.apply(second) == .failed(condition: 0))
        #expect(try state.text("k") == nil)
    }

    @Test func `a transaction has limits`() throws {
        let many = (0...128).map { Write(key: [1, UInt8($0)], .delete) }
        #expect(throws: StoreCommandError.operationCount(129)) { try Transaction(writes: many) }
        #expect(throws: StoreCommandError.operationCount(0)) { try Transaction(writes: []) }
        _ = try Transaction(writes: Array(many.dropLast()))
        let half = [UInt8](repeating: 1, count: StoreCommand.valueCountMax - 1)
        let two = [Write(key: [1], .set(half)), Write(key: [2], .set(half))]
        #expect(throws: StoreCommandError.transactionSize(2 * half.count + 2)) {
            try Transaction(writes: two)
        }
        #expect(throws: StoreCommandError.transactionSize(2 * half.count + 2)) {
            try Transaction(conditions: [Condition(key: [1], .value(half))], writes: [two[1]])
        }
        let big = half + [1, 1]
        #expect(throws: StoreCommandError.valueLength(big.count)) {
            try Transaction(writes: [Write(key: [1], .set(big))])
        }
        #expect(throws: StoreCommandError.keyLength(512)) {
            let long = [UInt8](repeating: 1, count: 512)
            return try Transaction(conditions: [Condition(key: long, .absent)], writes: two)
        }
        #expect(throws: StoreCommandError.writtenTwice([7])) {
            try Transaction(writes: [Write(key: [7], .delete), Write(key: [7], .add(1))])
        }
    }
}

extension StoreCommand {
    static func delete(_ key: String) throws -> StoreCommand {
        try StoreCommand(request: nil, action: .delete(key: Array(key.utf8)))
    }
}
