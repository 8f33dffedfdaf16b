// The judge of linearizability is judged: by histories written down, and by an exhaustive search for an
// order that explains a history, over every small one of many.

import Determinism
import Testing

@testable import RaftSimulator

private let key = RegisterKey(0)

/// One operation of a history; the ends of no two are the same.
private struct Step {
    /// Zero for a read of what nobody wrote.
    var value: UInt64
    var isWrite: Bool
    var start: Int
    /// Nil: never answered.
    var end: Int?
}

private func write(_ value: UInt64, _ start: Int, _ end: Int?) -> Step {
    Step(value: value, isWrite: true, start: start, end: end)
}

private func read(_ value: UInt64, _ start: Int, _ end: Int) -> Step {
    Step(value: value, isWrite: false, start: start, end: end)
}

/// What the history under test says, told in the order in which things happen.
private func isAccepted(_ steps: [Step]) -> Bool {
    var history = RegisterHistory()
    var moments: [(time: Int, step: Int, isStart: Bool)] = []
    for (place, step) in steps.enumerated() {
        moments.append((step.start, place, true))
        if let end = step.end { moments.append((end, place, false)) }
    }
    do throws(Violation) {
        for moment in moments.sorted(by: { $0.time < $1.time }) {
            let step = steps[moment.step]
            if moment.isStart {
                if step.isWrite { history.beginWrite(step.value, to: key, at: step.start) }
            } else if step.isWrite {
                try history.acknowledge(step.value, at: moment.time)
            } else {
                try history.read(step.value, from: key, start: step.start, end: moment.time)
            }
        }
        return true
    } catch {
        return false
    }
}

/// Tries every order that respects real time; unanswered writes may be left out.
private func hasExplanation(_ steps: [Step], holding value: UInt64 = 0) -> Bool {
    guard steps.contains(where: { $0.end != nil }) else { return true }
    for (place, step) in steps.enumerated() {
        let isFirst = steps.allSatisfy { ($0.end ?? .max) > step.start }
        guard isFirst, step.isWrite || step.value == value else { continue }
        var rest = steps
        rest.remove(at: place)
        if hasExplanation(rest, holding: step.isWrite ? step.value : value) { return true }
    }
    return false
}

struct RegisterHistoryTests {
    @Test func `reads see the write before them`() {
        #expect(isAccepted([write(1, 0, 1), read(1, 2, 3), write(2, 4, 5), read(2, 6, 7)]))
    }

    @Test func `a read that misses an acknowledged write is rejected`() {
        #expect(!isAccepted([write(1, 0, 1), read(0, 2, 3)]))
        #expect(!isAccepted([write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)]))
        #expect(isAccepted([write(1, 0, 1), write(2, 2, 5), read(1, 3, 4)]))
    }

    @Test func `what one read saw, a later one may not miss`() {
        // The write is under way all the time.
        #expect(!isAccepted([write(1, 0, nil), read(1, 1, 2), read(0, 3, 4)]))
        #expect(isAccepted([write(1, 0, nil), read(0, 1, 2), read(1, 3, 4)]))
    }

    @Test func `two reads that see two writes in opposite orders are rejected`() {
        let writes = [write(1, 0, 20), write(2, 1, 21)]
        #expect(!isAccepted(writes + [read(1, 2, 3), read(2, 4, 5), read(1, 6, 7)]))
        #expect(isAccepted(writes + [read(1, 2, 3), read(1, 4, 5), read(2, 6, 7)]))
    }

    @Test func `a value from nowhere, from the future or from a failed write is rejected`() throws {
        #expect(!isAccepted([read(7, 0, 1)]))
        #expect(!isAccepted([read(7, 0, 1), write(7, 2, 3)]))
        var history = RegisterHistory()
        history.beginWrite(1, to: key, at: 1)
        try history.refute(1)
        #expect(throws: Violation.self) { try history.read(1, from: key, start: 2, end: 3) }
    }

    @Test func `a write that was seen cannot be said to have failed`() throws {
        var history = RegisterHistory()
        history.beginWrite(1, to: key, at: 1)
        history.beginWrite(2, to: key, at: 2)
        try history.read(1, from: key, start: 3, end: 4)
        try history.refute(2)
        #expect(throws: Violation.self) { try history.refute(1) }
    }

    @Test func `registers do not mix`() throws {
        var history = RegisterHistory()
        history.beginWrite(1, to: RegisterKey(1), at: 1)
        try history.acknowledge(1, at: 2)
        try history.read(0, from: RegisterKey(2), start: 3, end: 4)
        #expect(throws: Violation.self) {
            try history.read(0, from: RegisterKey(1), start: 5, end: 6)
        }
    }

    @Test func `the verdict is that of a search through all orders`() {
        var random = SeededRandom(seed: 4)
        var accepted = 0
        for round in 0..<4000 {
            let steps = drawn(&random)
            let verdict = isAccepted(steps)
            #expect(verdict == hasExplanation(steps), "round \(round): \(steps)")
            if verdict { accepted += 1 }
        }
        // Both verdicts have to be common, or little was compared.
        #expect(accepted > 400 && accepted < 3600)
    }

    /// Up to six operations on one register that overlap a lot.
    private func drawn(_ random: inout SeededRandom) -> [Step] {
        var times = random.shuffled(Array(0..<14))
        let writes = random.integer(in: 1...3)
        return (0..<random.integer(in: writes...6)).map { place in
            let (one, other) = (times.removeLast(), times.removeLast())
            let isWrite = place < writes
            let value = isWrite ? UInt64(place) + 1 : UInt64(random.integer(in: 0...writes))
            let isLost = isWrite && random.chance(0.2)
            return Step(
                value: value, isWrite: isWrite, start: min(one, other),
                end: isLost ? nil : max(one, other))
        }
    }
}
