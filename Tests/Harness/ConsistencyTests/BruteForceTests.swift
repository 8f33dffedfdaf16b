// The search against all orders there are, on small random histories: some of them lived by a
// register, some with an answer that was tampered with.

import Testing

@testable import Consistency

struct BruteForceTests {
    @Test func `search and brute force agree on random histories`() throws {
        var generator = SplitMix(state: 7)
        var broken = 0
        for _ in 0..<2_000 {
            let history = try Self.history(&generator)
            let expected = Self.isLinearizable(history)
            if !expected { broken += 1 }
            let verdict = try register(history)
            guard history.contains(where: { $0.outcome == .ok }) else { continue }
            #expect(verdict == (expected ? .holds : .broken), "\(history.map(\.text))")
        }
        // The comparison says something only when both kinds are there.
        #expect(broken > 200 && broken < 1_800)
    }

    /// Up to seven calls of three processes, with values 0 to 2.
    private static func history(_ generator: inout SplitMix) throws -> [RecordedCall] {
        var lines: [String] = []
        var open: [Int: String] = [:]
        var process = 0
        for _ in 0..<14 {
            let slot = generator.below(3)
            if let call = open.removeValue(forKey: slot) {
                let type = ["ok", "ok", "ok", "fail", "info"][generator.below(5)]
                let isRead = call.hasSuffix("read")
                lines.append(
                    "\(call.replacing("invoke", with: type))"
                        + (isRead && type == "ok" ? " \(generator.below(3))" : ""))
            } else if lines.count < 12 {
                process += 1
                let value = generator.below(3)
                let other = generator.below(3)
                let function = ["read", "write \(value)", "cas [\(value) \(other)]"][
                    generator.below(3)]
                open[slot] = "\(process) invoke \(function)"
                lines.append("\(process) invoke \(function)")
            }
        }
        return try calls(["0 invoke write 0", "0 ok write 0"] + lines)
    }

    /// Tries every order that real time allows.
    private static func isLinearizable(_ calls: [RecordedCall]) -> Bool {
        let calls = calls.filter { $0.outcome != .fail }
        func explains(_ done: Set<Int>, _ state: RecordedValue) -> Bool {
            let left = calls.indices.filter { !done.contains($0) }
            if !left.contains(where: { calls[$0].outcome == .ok }) { return true }
            let firstEnd = left.compactMap { calls[$0].completed }.min() ?? .max
            return left.contains { index in
                guard calls[index].invoked < firstEnd,
                    let after = apply(calls[index], state)
                else { return false }
                return explains(done.union([index]), after)
            }
        }
        return explains([], .null)
    }

    private static func apply(_ call: RecordedCall, _ state: RecordedValue) -> RecordedValue? {
        switch (call.function, call.argument) {
        case ("write", let value): return value
        case ("cas", .list(let pair)):
            if state == pair[0] { return pair[1] }
            return call.outcome == .ok ? nil : state
        default: return call.outcome != .ok || call.answer == state ? state : nil
        }
    }
}

/// A small generator, so that each test is one seed.
struct SplitMix {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((word ^ word >> 31) % UInt64(bound))
    }
}
