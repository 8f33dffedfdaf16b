// The options of SET, which may come in any order and exclude one another.

struct SetOptions: Equatable {
    enum Condition { case always, absent, present }

    private(set) var condition = Condition.always
    private(set) var deadline = DeadlineChange.clear
    /// GET: the reply is the old value instead of OK.
    private(set) var answersOld = false
    private var hasDeadline = false

    /// Neither conditional nor asking for the old value, so that no lookup is needed before the write.
    var isPlain: Bool { condition == .always && !answersOld }

    init(_ call: borrowing CommandCall, wallAhead: Int64) throws(CommandError) {
        var word = 3
        while word < call.count {
            let hasNext = word + 1 < call.count
            if call.word(word, is: "NX") {
                try require(.absent)
            } else if call.word(word, is: "XX") {
                try require(.present)
            } else if call.word(word, is: "GET") {
                answersOld = true
            } else if call.word(word, is: "KEEPTTL") {
                try setDeadline(.keep)
            } else if hasNext, call.word(word, is: "EX") {
                word += 1
                try setDeadline(.set(try call.deadline(word: word, unit: 1000)))
            } else if hasNext, call.word(word, is: "PX") {
                word += 1
                try setDeadline(.set(try call.deadline(word: word, unit: 1)))
            } else if hasNext, call.word(word, is: "EXAT") {
                word += 1
                try setDeadline(.set(try call.date(word: word, unit: 1000, wallAhead: wallAhead)))
            } else if hasNext, call.word(word, is: "PXAT") {
                word += 1
                try setDeadline(.set(try call.date(word: word, unit: 1, wallAhead: wallAhead)))
            } else {
                throw .syntax
            }
            word += 1
        }
    }

    private mutating func require(_ wanted: Condition) throws(CommandError) {
        guard condition == .always || condition == wanted else { throw .syntax }
        condition = wanted
    }

    private mutating func setDeadline(_ change: DeadlineChange) throws(CommandError) {
        guard !hasDeadline || (deadline == .keep && change == .keep) else { throw .syntax }
        deadline = change
        hasDeadline = true
    }
}

extension CommandCall {
    /// A time to live in units of `unit` milliseconds, as the deadline it means; zero or less is an error.
    func deadline(word: Int, unit: Int64) throws(CommandError) -> CacheTime {
        let number = try integer(word)
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit)
        guard number > 0, !overflow, let deadline = now.advanced(byMilliseconds: milliseconds)
        else {
            throw .invalidExpire(command)
        }
        return deadline
    }

    /// A date since 1970 in units of `unit` milliseconds, on the cache's clock.
    func date(word: Int, unit: Int64, wallAhead: Int64) throws(CommandError) -> CacheTime {
        let number = try integer(word)
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit)
        let start = CacheTime(milliseconds: -wallAhead)
        guard number > 0, !overflow, let date = start.advanced(byMilliseconds: milliseconds) else {
            throw .invalidExpire(command)
        }
        return date
    }
}
