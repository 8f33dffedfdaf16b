// Reads an objective from the sentence in the experiment file. The grammar, in EBNF:
//
//     objective   = ( availability | latency | rate | recovery | count | leaders | counter ) ;
//     availability = ( "availability" | "error_rate" | "stale_share" )
//                   [ filter ] comparison ratio [ where ] ;
//     latency     = percentile [ filter ] comparison ( duration | number "x" phase ) [ where ] ;
//     rate        = "rate" [ filter ] comparison ( ratio "of" "planned" | number "/s" ) [ where ] ;
//     recovery    = "recovery" comparison duration [ "after" [ "heal" "of" ] which ] ;
//     count       = anomaly comparison digits ;
//     anomaly     = "lost_writes" | "duplicate_effects" | "dead_letters" | "lost_sessions" ;
//     leaders     = "leader_changes" [ "{" "tier" "=" word "}" ] comparison digits [ where ] ;
//     counter     = "counter" tier "." field comparison digits [ where ] ;
//     percentile  = "p50" | "p90" | "p95" | "p99" | "p99.9" ;
//     filter      = "{" "journey" "=" word "}" ;
//     where       = "in" phase ;
//     phase       = "warmup" | "baseline" | "fault" | "recovery" | "tail" ;
//     which       = [ "each" ] ( "fault" | word (* the name of a fault *) ) ;
//     comparison  = "<" | "<=" | ">" | ">=" | "==" ;
//     ratio       = number "%" | number (* 0 to 1 *) ;
//     duration    = number unit { number unit } ;
//     unit        = "ns" | "us" | "ms" | "s" | "m" | "h" ;
//     number      = digits [ "." digits ] ;
//
// Blanks may stand between any two of these, except inside a number with its unit. Without `where`
// an objective is about the whole run after the warm-up; without `after`, about each fault from its
// injection. `linearizable store` is a sentence of the contract that cannot be judged yet: it is
// refused by name, because an objective that is silently skipped would be a pass without data.

extension Objective {
    /// Reads one objective; words outside `vocabulary` are errors.
    package static func parse(
        _ text: String, vocabulary: ObjectiveVocabulary = ObjectiveVocabulary()
    ) throws(ObjectiveSyntaxError) -> Objective {
        var parser = ObjectiveParser(text: text, vocabulary: vocabulary)
        return try parser.objective()
    }
}

/// The names that only the rest of the experiment knows; nil lets any word pass.
package struct ObjectiveVocabulary: Sendable {
    /// Faults of the method: a recovery after a fault that never comes could only end without data.
    package var faults: [String]?
    package var journeys: [String]?
    /// Tiers whose nodes say who leads.
    package var tiers: [String]?
    /// Tiers whose nodes tell numbers about themselves.
    package var tellers: [String]?

    package init(
        faults: [String]? = nil, journeys: [String]? = nil, tiers: [String]? = nil,
        tellers: [String]? = nil
    ) {
        self.tellers = tellers
        self.faults = faults
        self.journeys = journeys
        self.tiers = tiers
    }
}

private struct ObjectiveParser {
    private let text: String
    private let bytes: [UInt8]
    private let vocabulary: ObjectiveVocabulary
    private var position = 0

    init(text: String, vocabulary: ObjectiveVocabulary) {
        self.text = text
        self.bytes = Array(text.utf8)
        self.vocabulary = vocabulary
    }

    mutating func objective() throws(ObjectiveSyntaxError) -> Objective {
        let (word, start) = try word("a measure such as \"availability\" or \"p99\"")
        var slice = Objective.Slice()
        let claim: Objective.Claim
        if let percentile = Objective.Percentile(rawValue: word) {
            claim = try latency(percentile, &slice)
        } else if let anomaly = Objective.Anomaly(rawValue: word) {
            claim = .count(anomaly, try comparison(), try wholeNumber())
        } else {
            claim = try measure(word, at: start, &slice)
        }
        try end()
        return Objective(text: trimmed, claim: claim, slice: slice)
    }

    private mutating func measure(
        _ word: String, at start: Int, _ slice: inout Objective.Slice
    ) throws(ObjectiveSyntaxError) -> Objective.Claim {
        switch word {
        case "availability":
            return .availability(try comparison(after: &slice), try ratio(where: &slice))
        case "error_rate":
            return .errorRate(try comparison(after: &slice), try ratio(where: &slice))
        case "stale_share":
            return .staleShare(try comparison(after: &slice), try ratio(where: &slice))
        case "rate":
            return .rate(try comparison(after: &slice), try rateLimit(where: &slice))
        case "recovery":
            return .recovery(try comparison(), try duration(), after: try scope())
        case "leader_changes": return try leaderChanges(&slice)
        case "counter":
            let counter = try counter()
            let (comparison, limit) = (try comparison(), try wholeNumber())
            try location(&slice)
            return .counter(counter, comparison, limit)
        case "linearizable":
            throw failure(at: start, "\"linearizable\" cannot be judged yet; use lost_writes == 0")
        default:
            throw unknown("measure", word, at: start, among: Self.measures)
        }
    }

    private static let measures =
        [
            "availability", "error_rate", "stale_share", "rate", "recovery", "leader_changes",
            "counter",
        ]
        + Objective.Percentile.allCases.map(\.rawValue)
        + Objective.Anomaly.allCases.map(\.rawValue)
}

// The parts of a sentence.
extension ObjectiveParser {
    private mutating func latency(
        _ percentile: Objective.Percentile, _ slice: inout Objective.Slice
    ) throws(ObjectiveSyntaxError) -> Objective.Claim {
        let comparison = try comparison(after: &slice)
        skipBlanks()
        let start = position
        let number = try number("a duration such as 250ms")
        let limit: Objective.LatencyLimit
        if take("x") {
            let thousandths = try scaled(number, to: 3, at: start)
            limit = .multiple(thousandths: thousandths, of: try phase())
        } else {
            position = start
            limit = .duration(try duration())
        }
        try location(&slice)
        return .latency(percentile, comparison, limit)
    }

    private mutating func ratio(
        where slice: inout Objective.Slice
    ) throws(ObjectiveSyntaxError) -> Ratio {
        let ratio = try ratio()
        try location(&slice)
        return ratio
    }

    private mutating func rateLimit(
        where slice: inout Objective.Slice
    ) throws(ObjectiveSyntaxError) -> Objective.RateLimit {
        skipBlanks()
        let start = position
        let number = try number("a share such as 95% of planned, or a rate such as 1900/s")
        let limit: Objective.RateLimit
        if take("/") {
            guard take("s") else { throw failure(at: position, "a rate is counted a second: /s") }
            limit = .perSecond(thousandths: try scaled(number, to: 3, at: start))
        } else {
            position = start
            limit = .shareOfPlanned(try ratio())
            try expect("of")
            try expect("planned")
        }
        try location(&slice)
        return limit
    }

    private mutating func counter() throws(ObjectiveSyntaxError) -> Objective.Counter {
        let (name, start) = try word("a tier and a number of its INFO, such as store.reads")
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw failure(at: start, "a counter is a tier, a point and a field: store.reads")
        }
        if let tiers = vocabulary.tellers, !tiers.contains(String(parts[0])) {
            throw unknown("tier", String(parts[0]), at: start, among: tiers)
        }
        return Objective.Counter(tier: String(parts[0]), field: String(parts[1]))
    }

    private mutating func scope() throws(ObjectiveSyntaxError) -> Objective.RecoveryScope {
        var scope = Objective.RecoveryScope()
        guard !isAtEnd else { return scope }
        try expect("after")
        var (name, start) = try word("\"each fault\", \"heal of\" or the name of a fault")
        if name == "heal" {
            scope.origin = .heal
            try expect("of")
            (name, start) = try word("\"each fault\" or the name of a fault")
        }
        if name == "each" { (name, start) = try word("\"fault\" or the name of a fault") }
        guard name != "fault" else { return scope }
        if let faults = vocabulary.faults, !faults.contains(name) {
            throw unknown(
                "fault", name, at: start, among: faults, otherwise: ["each", "fault", "heal"])
        }
        scope.fault = name
        return scope
    }

    private mutating func leaderChanges(
        _ slice: inout Objective.Slice
    ) throws(ObjectiveSyntaxError) -> Objective.Claim {
        slice.tier = try filter("tier", among: vocabulary.tiers)
        let comparison = try comparison()
        let limit = try wholeNumber()
        try location(&slice)
        return .leaderChanges(comparison, limit)
    }

    private mutating func comparison(
        after slice: inout Objective.Slice
    ) throws(ObjectiveSyntaxError) -> Comparison {
        slice.journey = try filter("journey", among: vocabulary.journeys)
        return try comparison()
    }

    /// The word of `{noun=word}`; nil where there is no filter.
    private mutating func filter(
        _ noun: String, among valid: [String]?
    ) throws(ObjectiveSyntaxError) -> String? {
        skipBlanks()
        guard take("{") else { return nil }
        let (name, nameStart) = try word("\"\(noun)\"")
        guard name == noun else {
            throw unknown("filter", name, at: nameStart, among: [noun])
        }
        skipBlanks()
        guard take("=") else { throw failure(at: position, "expected \"=\" after \(noun)") }
        let (value, start) = try word("the name of a \(noun)")
        if let valid, !valid.contains(value) {
            throw unknown(noun, value, at: start, among: valid)
        }
        skipBlanks()
        guard take("}") else { throw failure(at: position, "expected \"}\" after the \(noun)") }
        return value
    }

    private mutating func comparison() throws(ObjectiveSyntaxError) -> Comparison {
        skipBlanks()
        // Longest first, so that `<=` is not read as `<`.
        for candidate in [Comparison.lessOrEqual, .greaterOrEqual, .equal, .less, .greater]
        where take(candidate.rawValue) {
            return candidate
        }
        throw failure(at: position, "expected one of <, <=, >, >=, == \(found)")
    }

    private mutating func location(
        _ slice: inout Objective.Slice
    ) throws(ObjectiveSyntaxError) {
        guard !isAtEnd else { return }
        try expect("in")
        slice.phase = try phase()
    }

    private mutating func phase() throws(ObjectiveSyntaxError) -> Phase {
        let names = Phase.allCases.map(\.rawValue)
        let (name, start) = try word("a phase (\(names.joined(separator: ", ")))")
        guard let phase = Phase(rawValue: name) else {
            throw unknown("phase", name, at: start, among: names)
        }
        return phase
    }
}

// Quantities.
extension ObjectiveParser {
    /// A decimal as written: digits / 10^scale.
    private struct Decimal {
        var digits: Int64
        var scale: Int
    }

    private mutating func number(_ wanted: String) throws(ObjectiveSyntaxError) -> Decimal {
        skipBlanks()
        let start = position
        var decimal = Decimal(digits: 0, scale: 0)
        try digits(into: &decimal)
        guard position > start else { throw failure(at: start, "expected \(wanted) \(found)") }
        if position + 1 < bytes.count, bytes[position] == UInt8(ascii: "."),
            isDigit(bytes[position + 1])
        {
            position += 1
            let point = position
            try digits(into: &decimal)
            decimal.scale = position - point
        }
        return decimal
    }

    private mutating func digits(into decimal: inout Decimal) throws(ObjectiveSyntaxError) {
        let start = position
        while position < bytes.count, isDigit(bytes[position]) {
            decimal.digits = decimal.digits * 10 + Int64(bytes[position] - UInt8(ascii: "0"))
            position += 1
            guard decimal.digits < 1_000_000_000_000 else {
                throw failure(at: start, "this number has too many digits")
            }
        }
    }

    /// The decimal as a whole number of 10^-places.
    private func scaled(
        _ decimal: Decimal, to places: Int, at start: Int
    ) throws(ObjectiveSyntaxError) -> Int64 {
        guard decimal.scale <= places else {
            throw failure(at: start, "at most \(places) digits may follow the point here")
        }
        let (value, overflow) = decimal.digits.multipliedReportingOverflow(
            by: Self.powersOfTen[places - decimal.scale])
        guard !overflow else { throw failure(at: start, "this number is too large") }
        return value
    }

    private static let powersOfTen: [Int64] = [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
    ]

    private mutating func ratio() throws(ObjectiveSyntaxError) -> Ratio {
        skipBlanks()
        let start = position
        let decimal = try number("a ratio such as 99.9% or 0.999")
        let percent = take("%")
        let billionths = try scaled(decimal, to: percent ? 7 : 9, at: start)
        guard billionths <= Ratio.one else {
            let advice = percent ? "at most 100%" : "between 0 and 1, or a percentage such as 99.9%"
            throw failure(at: start, "a ratio is \(advice)")
        }
        return Ratio(billionths: billionths)
    }

    private mutating func duration() throws(ObjectiveSyntaxError) -> Duration {
        skipBlanks()
        let start = position
        var total: Int64 = 0
        repeat {
            let decimal = try number("a duration such as 250ms or 1m30s")
            let unit = try unit()
            let (product, tooLarge) = decimal.digits.multipliedReportingOverflow(by: unit)
            guard !tooLarge, decimal.scale <= 9 else {
                throw failure(at: start, "this duration is out of range")
            }
            let part = product / Self.powersOfTen[decimal.scale]
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { throw failure(at: start, "this duration is out of range") }
            total = sum
        } while position < bytes.count && isDigit(bytes[position])
        return .nanoseconds(total)
    }

    private mutating func unit() throws(ObjectiveSyntaxError) -> Int64 {
        let start = position
        while position < bytes.count, isLetter(bytes[position]) { position += 1 }
        let name = text(start..<position)
        guard !name.isEmpty else {
            throw failure(at: start, "a duration needs a unit: ns, us, ms, s, m or h")
        }
        guard let unit = Self.units.first(where: { $0.name == name }) else {
            throw unknown("unit", name, at: start, among: Self.units.map(\.name))
        }
        return unit.nanoseconds
    }

    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]

    private mutating func wholeNumber() throws(ObjectiveSyntaxError) -> Int {
        skipBlanks()
        let start = position
        let decimal = try number("a whole number")
        return Int(try scaled(decimal, to: 0, at: start))
    }
}

// Words, blanks and errors.
extension ObjectiveParser {
    private mutating func word(
        _ wanted: String
    ) throws(ObjectiveSyntaxError) -> (word: String, start: Int) {
        skipBlanks()
        let start = position
        while position < bytes.count, isWord(bytes[position]) { position += 1 }
        guard position > start else { throw failure(at: start, "expected \(wanted) \(found)") }
        return (text(start..<position), start)
    }

    private mutating func expect(_ wanted: String) throws(ObjectiveSyntaxError) {
        let (word, start) = try word("\"\(wanted)\"")
        guard word == wanted else {
            throw failure(at: start, "expected \"\(wanted)\", found \"\(word)\"")
        }
    }

    private mutating func end() throws(ObjectiveSyntaxError) {
        guard isAtEnd else {
            throw failure(at: position, "the objective should end here, \(found)")
        }
    }

    private var isAtEnd: Bool {
        mutating get {
            skipBlanks()
            return position == bytes.count
        }
    }

    private mutating func take(_ literal: String) -> Bool {
        guard bytes[position...].starts(with: literal.utf8) else { return false }
        position += literal.utf8.count
        return true
    }

    private mutating func skipBlanks() {
        while position < bytes.count, isBlank(bytes[position]) { position += 1 }
    }

    private var found: String {
        guard position < bytes.count else { return "but the sentence ends" }
        var end = position
        while end < bytes.count, !isBlank(bytes[end]) { end += 1 }
        return "but found \"\(text(position..<end))\""
    }

    private var trimmed: String {
        let start = bytes.firstIndex { !isBlank($0) } ?? 0
        let end = bytes.lastIndex { !isBlank($0) } ?? 0
        return text(start..<end + 1)
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    private func failure(at offset: Int, _ message: String) -> ObjectiveSyntaxError {
        ObjectiveSyntaxError(offset: offset, message: message)
    }

    private func unknown(
        _ what: String, _ word: String, at offset: Int, among valid: [String],
        otherwise reserved: [String] = []
    ) -> ObjectiveSyntaxError {
        let words = valid + reserved
        let advice =
            if let nearest = ObjectiveVocabulary.nearest(to: word, among: words) {
                "did you mean \"\(nearest)\"?"
            } else {
                "valid: \(words.joined(separator: ", "))"
            }
        return failure(at: offset, "unknown \(what) \"\(word)\"; \(advice)")
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    private func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a }
    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0a }

    /// Letters and digits, and what joins them in `error_rate`, `p99.9` and `cache-flush`.
    private func isWord(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "-") || byte >= 0x80
    }
}

extension ObjectiveVocabulary {
    /// The valid word within a third of the word's length in edits, if there is one.
    static func nearest(to word: String, among valid: [String]) -> String? {
        let distances = valid.map { (word: $0, edits: edits(from: word, to: $0)) }
        guard let best = distances.min(by: { $0.edits < $1.edits }) else { return nil }
        return best.edits <= max(1, word.utf8.count / 3) ? best.word : nil
    }

    /// Levenshtein's distance over bytes, one row of the table at a time.
    private static func edits(from source: String, to target: String) -> Int {
        let source = Array(source.utf8)
        let target = Array(target.utf8)
        var row = Array(0...target.count)
        for (index, byte) in source.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in target.indices {
                let replaced = diagonal + (byte == target[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[target.count]
    }
}
