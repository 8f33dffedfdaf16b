// Looks for an order of a history's calls that the model allows: Wing and Gong's search (Testing and
// Verifying Concurrent Objects, 1993) with Lowe's memory of what was tried (Testing for
// Linearizability, 2017). Invocations and answers lie in one list by time. Of the calls invoked
// before the first answer in the list one is chosen as the next, and lifted out with its answer; when
// the first thing in the list is an answer, its call was put too late, and the last choice is undone.
// A set of chosen calls that led to the same state before is not tried again.
//
// A call without an answer has no second place in the list: it may be chosen at any time or never.

/// How far a search may go; past it the answer is `unknown`.
package struct SearchBudget {
    /// Choices left.
    package var steps: Int
    /// Asked every few thousand steps.
    package var isOver: () -> Bool

    package init(steps: Int = .max, isOver: @escaping () -> Bool = { false }) {
        self.steps = steps
        self.isOver = isOver
    }

    fileprivate mutating func spend() -> Bool {
        steps -= 1
        if steps & 0xFFF == 0, isOver() { steps = 0 }
        return steps > 0
    }
}

struct LinearizabilitySearch<Model: SequentialModel> {
    /// A call between its two places in time.
    struct Interval {
        var step: Model.Step
        var invoked: Int
        /// Nil: nobody knows whether it happened.
        var answered: Int?
    }

    enum Result {
        case linearizable
        /// No order passes the answer of this interval; before it the object could be in `states`.
        case blocked(interval: Int, states: [Model.State])
        case unknown
    }

    /// States shown of those that a blocked answer was reached with.
    private static var shownStates: Int { 8 }

    private struct Configuration: Hashable {
        /// Words of the set of chosen calls, without the full ones in front and the empty ones behind.
        var words: [UInt64]
        var firstWord: Int
        var state: Model.State
    }

    private struct Choice {
        var interval: Int
        /// Before it.
        var state: Model.State
        var lastChosenWord: Int
    }

    private let model: Model
    private let intervals: [Interval]
    /// The list by time: invocation of i at 2i, its answer at 2i + 1, the head at the end.
    private var next: [Int32]
    private var previous: [Int32]
    private let head: Int
    private var answersLeft: Int

    private var chosen: [UInt64]
    private var firstOpenWord = 0
    /// No word after it holds a chosen call.
    private var lastChosenWord = -1
    private var tried: Set<Configuration> = []
    private var choices: [Choice] = []
    private var state: Model.State
    private var furthest = (place: -1, interval: -1, states: [Model.State]())

    init(_ model: Model, _ intervals: [Interval]) {
        self.model = model
        self.intervals = intervals
        head = intervals.count * 2
        next = Array(repeating: -1, count: intervals.count * 2 + 1)
        previous = next
        chosen = Array(repeating: 0, count: intervals.count / 64 + 1)
        state = model.initial
        answersLeft = intervals.count { $0.answered != nil }
        link()
    }

    private mutating func link() {
        var events: [(place: Int, node: Int)] = []
        events.reserveCapacity(intervals.count * 2)
        for (index, interval) in intervals.enumerated() {
            events.append((interval.invoked, index * 2))
            if let answered = interval.answered { events.append((answered, index * 2 + 1)) }
        }
        events.sort { $0.place < $1.place }
        var last = head
        for (_, node) in events {
            next[last] = Int32(node)
            previous[node] = Int32(last)
            last = node
        }
    }

    mutating func run(_ budget: inout SearchBudget) -> Result {
        var node = next[head]
        while answersLeft > 0 {
            guard budget.spend() else { return .unknown }
            let index = Int(node)
            if node >= 0, index & 1 == 0 {
                node = choose(index / 2) ? next[head] : next[index]
                continue
            }
            if node >= 0 { note(blockedBy: index / 2) }
            guard let undone = undo() else {
                return .blocked(interval: furthest.interval, states: furthest.states)
            }
            node = next[undone * 2]
        }
        return .linearizable
    }

    /// Puts the call next in the order, unless the model forbids it or it was tried.
    private mutating func choose(_ interval: Int) -> Bool {
        guard let after = model.apply(intervals[interval].step, to: state) else { return false }
        let lastBefore = lastChosenWord
        chosen[interval / 64] |= 1 << UInt64(interval % 64)
        lastChosenWord = max(lastChosenWord, interval / 64)
        guard tried.insert(configuration(after)).inserted else {
            chosen[interval / 64] &= ~(1 << UInt64(interval % 64))
            lastChosenWord = lastBefore
            return false
        }
        choices.append(Choice(interval: interval, state: state, lastChosenWord: lastBefore))
        state = after
        lift(interval * 2)
        if intervals[interval].answered != nil {
            lift(interval * 2 + 1)
            answersLeft -= 1
        }
        while firstOpenWord < chosen.count, chosen[firstOpenWord] == .max { firstOpenWord += 1 }
        return true
    }

    /// Takes the last choice back; nil when there is none.
    private mutating func undo() -> Int? {
        guard let choice = choices.popLast() else { return nil }
        let interval = choice.interval
        state = choice.state
        chosen[interval / 64] &= ~(1 << UInt64(interval % 64))
        lastChosenWord = choice.lastChosenWord
        firstOpenWord = min(firstOpenWord, interval / 64)
        if intervals[interval].answered != nil {
            unlift(interval * 2 + 1)
            answersLeft += 1
        }
        unlift(interval * 2)
        return interval
    }

    private func configuration(_ state: Model.State) -> Configuration {
        var first = firstOpenWord
        while first < chosen.count, chosen[first] == .max { first += 1 }
        let end = max(first, lastChosenWord + 1)
        return Configuration(words: Array(chosen[first..<end]), firstWord: first, state: state)
    }

    private mutating func note(blockedBy interval: Int) {
        guard let place = intervals[interval].answered else { return }
        if place > furthest.place { furthest = (place, interval, []) }
        if place == furthest.place, furthest.states.count < Self.shownStates,
            !furthest.states.contains(state)
        {
            furthest.states.append(state)
        }
    }

    private mutating func lift(_ node: Int) {
        let before = Int(previous[node])
        let after = next[node]
        next[before] = after
        if after >= 0 { previous[Int(after)] = Int32(before) }
    }

    private mutating func unlift(_ node: Int) {
        let before = Int(previous[node])
        let after = next[node]
        next[before] = Int32(node)
        if after >= 0 { previous[Int(after)] = Int32(node) }
    }
}
