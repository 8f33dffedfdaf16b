// Readers of scalars with their bounds: each gives a function that `Fields` applies to a key.

import Linux

/// Readers that also hold a value to its bounds.
enum Checked {
    typealias Reader<Value> = (String) throws(ValueError) -> Value

    static func duration(_ bounds: ClosedRange<Duration>) -> Reader<Duration> {
        { text throws(ValueError) in
            let value = try Quantity.duration(text)
            return try within(bounds, value, text, Quantity.text)
        }
    }

    static func integer(_ bounds: ClosedRange<Int>) -> Reader<Int> {
        { text throws(ValueError) in
            try within(bounds, try Quantity.integer(text), text, String.init)
        }
    }

    static func size(_ bounds: ClosedRange<Int>) -> Reader<Int> {
        { text throws(ValueError) in
            try within(bounds, try Quantity.size(text), text) { "\($0 >> 10)KiB" }
        }
    }

    static func bandwidth(_ bounds: ClosedRange<Int>) -> Reader<Int> {
        { text throws(ValueError) in
            try within(bounds, try Quantity.bandwidth(text), text, Quantity.bandwidthText)
        }
    }

    static func ratio(_ bounds: ClosedRange<Double>) -> Reader<Double> {
        { text throws(ValueError) in
            try within(bounds, try Quantity.ratio(text), text) { "\($0)" }
        }
    }

    /// A ratio above nothing.
    static func share(_ text: String) throws(ValueError) -> Double {
        let value = try Quantity.ratio(text)
        if value == 0 { throw ValueError("a share of 0 has no effect; leave it out") }
        return value
    }

    static func number(_ bounds: ClosedRange<Double>) -> Reader<Double> {
        { text throws(ValueError) in
            guard let value = Quantity.decimal(text[...]) else {
                throw ValueError("\"\(text)\" is not a number")
            }
            return try within(bounds, value, text) { "\($0)" }
        }
    }

    static func rate(max: Double) -> Reader<Double> {
        { text throws(ValueError) in
            let value = try Quantity.rate(text)
            guard value > 0 else { throw ValueError("the rate must be above 0/s, not \(text)") }
            return try within(0...max, value, text) { "\(Int($0))/s" }
        }
    }

    static func port(_ text: String) throws(ValueError) -> UInt16 {
        let value = try Checked.integer(1...65_535)(text)
        guard value >= 1024 else {
            throw ValueError("port \(value) is below 1024, and nodes run without the right to it")
        }
        return UInt16(value)
    }

    static func boolean(_ text: String) throws(ValueError) -> Bool {
        switch text {
        case "true": return true
        case "false": return false
        default: throw ValueError("\"\(text)\" is neither true nor false")
        }
    }

    static func text(_ text: String) throws(ValueError) -> String {
        guard !text.isEmpty else { throw ValueError("the text is empty") }
        return text
    }

    /// A name that is also a folder's and a host's: letters, digits and dashes.
    static func name(_ text: String) throws(ValueError) -> String {
        let allowed = { (character: Character) in
            character.isASCIIDigit || ("a"..."z").contains(character) || character == "-"
        }
        if let wrong = text.firstIndex(where: { !allowed($0) }) {
            throw ValueError(
                "a name is made of a-z, 0-9 and dashes, not \"\(text[wrong])\"",
                offset: text.utf8.distance(from: text.startIndex, to: wrong))
        }
        guard let first = text.first, ("a"..."z").contains(first), text.count <= 40 else {
            throw ValueError("a name begins with a letter and has at most 40 characters")
        }
        guard text.last != "-" else { throw ValueError("a name does not end in a dash") }
        return text
    }

    /// One word of a closed list.
    static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ noun: String, _ type: Word.Type
    ) -> Reader<Word> {
        { text throws(ValueError) in
            if let word = Word(rawValue: text) { return word }
            let valid = Word.allCases.map(\.rawValue)
            let nearest = NearestWord.find(text, among: valid)
            let list = nearest == nil ? "; valid here: \(valid.joined(separator: ", "))" : ""
            throw ValueError("unknown \(noun) \"\(text)\"\(list)", suggestion: nearest)
        }
    }

    private static func within<Value: Comparable>(
        _ bounds: ClosedRange<Value>, _ value: Value, _ text: String, _ show: (Value) -> String
    ) throws(ValueError) -> Value {
        if value < bounds.lowerBound {
            throw ValueError("\(text) is below the least value, \(show(bounds.lowerBound))")
        }
        if value > bounds.upperBound {
            throw ValueError("\(text) is above the greatest value, \(show(bounds.upperBound))")
        }
        return value
    }
}
