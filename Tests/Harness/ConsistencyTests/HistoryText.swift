// Histories as tests write them: a line of EDN an event, shortened.

import Testing

@testable import Consistency

/// `0 invoke write 3` or `1 ok read 3`, one a line; `:key` follows an @.
func calls(_ lines: [String]) throws -> [RecordedCall] {
    let maps = lines.map { line in
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        let value = words.count > 3 ? words[3] : "nil"
        let parts = words[2].split(separator: "@").map(String.init)
        let key = parts.count > 1 ? ":key \"\(parts[1])\"" : ""
        return "{:process \(words[0]) :type :\(words[1]) :f :\(parts[0]) \(key) :value \(value)}"
    }
    return try RecordedCalls.read(Array(maps.joined(separator: "\n").utf8))
}

/// Transactions that ran one after the other, each in a process of its own.
func transactions(_ committed: String...) throws -> [RecordedCall] {
    let maps = committed.enumerated().flatMap { index, value in
        ["invoke", "ok"].map { "{:process \(index) :type :\($0) :f :txn :value \(value)}" }
    }
    return try RecordedCalls.read(Array(maps.joined(separator: "\n").utf8))
}

func register(_ calls: [RecordedCall]) throws -> ConsistencyFinding.Verdict {
    var budget = SearchBudget()
    return try LinearizabilityCheck.register(calls, &budget).verdict
}
