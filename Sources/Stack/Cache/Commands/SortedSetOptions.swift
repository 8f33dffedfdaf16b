// The options of ZADD and of the ranges of sorted sets.

/// NX, XX, GT, LT, CH and INCR of ZADD.
struct AddOptions {
    private var ifAbsent = false
    private(set) var ifPresent = false
    private var ifGreater = false
    private var ifLess = false
    private(set) var countsChanges = false
    private(set) var increments = false
    /// The word of the first score.
    private(set) var firstScore = 2

    init(_ call: borrowing CommandCall) throws(CommandError) {
        while firstScore < call.count, take(call) { firstScore += 1 }
        let rest = call.count - firstScore
        guard rest > 0, rest % 2 == 0 else { throw .syntax }
        guard !(ifAbsent && ifPresent) else { throw .incompatibleAddOptions }
        guard !(ifGreater && ifLess), !(ifAbsent && (ifGreater || ifLess)) else {
            throw .incompatibleAddOrder
        }
        guard !increments || rest == 2 else { throw .incrementOfMany }
    }

    private mutating func take(_ call: borrowing CommandCall) -> Bool {
        if call.word(firstScore, is: "NX") {
            ifAbsent = true
        } else if call.word(firstScore, is: "XX") {
            ifPresent = true
        } else if call.word(firstScore, is: "GT") {
            ifGreater = true
        } else if call.word(firstScore, is: "LT") {
            ifLess = true
        } else if call.word(firstScore, is: "CH") {
            countsChanges = true
        } else if call.word(firstScore, is: "INCR") {
            increments = true
        } else {
            return false
        }
        return true
    }

    func permits(_ score: Double, over old: Double?) -> Bool {
        guard let old else { return !ifPresent }
        return !ifAbsent && !(ifGreater && score <= old) && !(ifLess && score >= old)
    }
}

/// ZRANGE with BYSCORE, REV, LIMIT and WITHSCORES, and the older commands for the same.
struct RangeOptions {
    private var byScore: Bool
    private var reversed: Bool
    private(set) var withScores = false
    private var limit: (offset: Int, count: Int)?
    private var bounds: ScoreBounds?
    private var ends: (start: Int64, end: Int64)?

    init(_ call: borrowing CommandCall) throws(CommandError) {
        byScore = call.command == .zrangebyscore
        reversed = call.command == .zrevrange
        var word = 4
        while word < call.count {
            if call.word(word, is: "WITHSCORES") {
                withScores = true
            } else if call.command == .zrange, call.word(word, is: "BYSCORE") {
                byScore = true
            } else if call.command == .zrange, call.word(word, is: "REV") {
                reversed = true
            } else if word + 2 < call.count, call.word(word, is: "LIMIT") {
                let (offset, count) = (try call.integer(word + 1), try call.integer(word + 2))
                limit = (Int(clamping: offset), count < 0 ? .max : Int(clamping: count))
                word += 2
            } else {
                throw .syntax
            }
            word += 1
        }
        guard limit == nil || byScore else { throw .limitWithoutScore }
        if byScore {
            bounds = reversed ? try call.bounds(3, 2) : try call.bounds(2, 3)
        } else {
            ends = (try call.integer(2), try call.integer(3))
        }
    }

    func ranks(in set: SortedSet) -> [Int] {
        if let ends {
            let range = IndexRange.clamped(ends.start, ends.end, count: set.count)
            return reversed ? range.map { set.count - 1 - $0 } : Array(range)
        }
        guard let bounds else { return [] }
        let range = set.ranks(in: bounds)
        let ordered = reversed ? Array(range.reversed()) : Array(range)
        guard let limit else { return ordered }
        return limit.offset < 0 ? [] : Array(ordered.dropFirst(limit.offset).prefix(limit.count))
    }
}

extension CommandCall {
    func score(_ word: Int) throws(CommandError) -> Double {
        guard let score = ScoreText.parse(self[word]) else { throw .notAFloat }
        return score
    }

    func bounds(_ least: Int, _ most: Int) throws(CommandError) -> ScoreBounds {
        let (low, excludesLow) = try end(least)
        let (high, excludesHigh) = try end(most)
        return ScoreBounds(
            least: low, most: high, excludesLeast: excludesLow, excludesMost: excludesHigh)
    }

    private func end(_ word: Int) throws(CommandError) -> (Double, Bool) {
        let text = self[word]
        let excludes = text.count > 0 && text[0] == UInt8(ascii: "(")
        let digits = text.extracting((excludes ? 1 : 0)..<text.count)
        guard let score = ScoreText.parse(digits) else { throw .boundNotAFloat }
        return (score, excludes)
    }
}
