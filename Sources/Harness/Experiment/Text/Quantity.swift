// Numbers with units, as people write them: `250ms`, `1m30s`, `99.9%`, `2000/s`, `64MiB`.
//
// A number without its unit is an error and never a guess: "timeout: 5" has been milliseconds in
// one tool and seconds in the next.

import Linux

/// Why a scalar is not what its key asks for.
struct ValueError: Error, Equatable {
    var message: String
    var suggestion: String?
    /// Where in the scalar, in UTF-8 bytes.
    var offset = 0

    init(_ message: String, suggestion: String? = nil, offset: Int = 0) {
        self.message = message
        self.suggestion = suggestion
        self.offset = offset
    }
}

/// Readers and writers of numbers with units.
package enum Quantity {
    /// From long to short, the order in which a compound duration names them.
    private static let timeUnits: [(name: String, nanoseconds: Int64)] = [
        ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000), ("us", 1000), ("ns", 1),
    ]

    private static let sizeUnits: [(name: String, bytes: Int64)] = [
        ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
    ]

    /// Reads `250ms`, `1.5s` or `1m30s`; units go from long to short, each once.
    static func duration(_ text: String) throws(ValueError) -> Duration {
        guard !text.isEmpty else { throw ValueError("a duration is missing") }
        if text.hasPrefix("-") { throw ValueError("a duration cannot be negative") }
        var rest = Substring(text)
        var total: Int64 = 0
        var unitsLeft = timeUnits[...]
        while !rest.isEmpty {
            let offset = text.utf8.count - rest.utf8.count
            let number = rest.prefix { $0.isASCIIDigit || $0 == "." }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { $0.isLetter || $0 == "µ" }
            rest = rest.dropFirst(unit.count)
            if number.isEmpty || (unit.isEmpty && !rest.isEmpty) {
                throw ValueError(
                    "\"\(text)\" is not a duration such as 250ms, 2s or 1m30s", offset: offset)
            }
            if unit.isEmpty {
                throw ValueError(
                    "\"\(text)\" has no unit; write \(number)ms, \(number)s or \(number)m")
            }
            guard let index = unitsLeft.firstIndex(where: { $0.name == unit }) else {
                throw unknownTimeUnit(String(unit), in: text, offset: offset + number.utf8.count)
            }
            let part = try scaled(number, by: timeUnits[index].nanoseconds, text)
            unitsLeft = timeUnits[(index + 1)...]
            total = try sum(total, part, text)
        }
        return .nanoseconds(total)
    }

    /// Reads `0.999` or `99.9%`, from 0 to 1.
    static func ratio(_ text: String) throws(ValueError) -> Double {
        let percent = text.hasSuffix("%")
        guard let number = decimal(percent ? text.dropLast() : text[...]) else {
            throw ValueError("\"\(text)\" is not a ratio such as 0.999 or 99.9%")
        }
        let value = percent ? number / 100 : number
        guard (0...1).contains(value) else {
            let hint = percent || number < 0 ? nil : "\(text)%"
            throw ValueError("\(text) is not between 0 and 1, or 0% and 100%", suggestion: hint)
        }
        return value
    }

    /// Reads `2000/s` or `90/m`, and gives it per second.
    static func rate(_ text: String) throws(ValueError) -> Double {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let number = parts.first.flatMap(decimal), parts.count <= 2 else {
            throw ValueError("\"\(text)\" is not a rate such as 2000/s")
        }
        guard parts.count == 2 else {
            throw ValueError("\"\(text)\" has no unit; write \(text)/s")
        }
        switch parts[1] {
        case "s": return number
        case "m": return number / 60
        default: throw ValueError("a rate is counted per s or m, not \"\(parts[1])\"")
        }
    }

    /// Reads `64MiB`, in bytes.
    static func size(_ text: String) throws(ValueError) -> Int {
        let number = text.prefix { $0.isASCIIDigit || $0 == "." }
        let unit = String(text.dropFirst(number.count))
        if unit.isEmpty, !number.isEmpty {
            throw ValueError("\"\(text)\" has no unit; write \(text)MiB, \(text)KiB or \(text)B")
        }
        guard let scale = sizeUnits.first(where: { $0.name == unit }), !number.isEmpty else {
            throw ValueError(
                "\"\(text)\" is not a size such as 64MiB",
                suggestion: number.isEmpty ? nil : binaryUnit(like: unit).map { "\(number)\($0)" })
        }
        return Int(try scaled(number, by: scale.bytes, text))
    }

    private static let bandwidthUnits: [(name: String, bits: Int64)] = [
        ("bit/s", 1), ("kbit/s", 1000), ("Mbit/s", 1_000_000), ("Gbit/s", 1_000_000_000),
    ]

    /// Reads `10Mbit/s`, in bits a second; powers of ten, as networks count.
    static func bandwidth(_ text: String) throws(ValueError) -> Int {
        let number = text.prefix { $0.isASCIIDigit || $0 == "." }
        let unit = String(text.dropFirst(number.count))
        guard !number.isEmpty, let scale = bandwidthUnits.first(where: { $0.name == unit }) else {
            let near = NearestWord.find(unit, among: bandwidthUnits.map(\.name))
            throw ValueError(
                "\"\(text)\" is not a bandwidth such as 10Mbit/s",
                suggestion: number.isEmpty ? nil : near.map { "\(number)\($0)" })
        }
        return Int(try scaled(number, by: scale.bits, text))
    }

    /// Writes bits a second the way experiment files do.
    package static func bandwidthText(_ bits: Int) -> String {
        let unit = bandwidthUnits.last { Int64(bits) >= $0.bits && Int64(bits) % $0.bits == 0 }
        guard let unit else { return "\(bits)bit/s" }
        return "\(Int64(bits) / unit.bits)\(unit.name)"
    }

    /// `MiB` for `MB`, `mb` or `M`.
    private static func binaryUnit(like unit: String) -> String? {
        let names = sizeUnits.map(\.name).filter { $0 != "B" }
        return names.first { !unit.isEmpty && $0.first == unit.uppercased().first }
    }

    /// Reads a whole number.
    static func integer(_ text: String) throws(ValueError) -> Int {
        guard let value = Int(text) else {
            throw ValueError("\"\(text)\" is not a whole number")
        }
        return value
    }

    /// Writes a duration the way experiment files do, exactly.
    package static func text(_ duration: Duration) -> String {
        var rest = duration.nanoseconds
        if rest == 0 { return "0s" }
        var result = rest < 0 ? "-" : ""
        rest = abs(rest)
        for unit in timeUnits where rest >= unit.nanoseconds {
            result += "\(rest / unit.nanoseconds)\(unit.name)"
            rest %= unit.nanoseconds
        }
        return result
    }
}

extension Quantity {
    /// Whole digits and at most one point; no sign, exponent or "inf" as `Double` would take.
    static func decimal(_ text: Substring) -> Double? {
        let sign = text.hasPrefix("-") ? "-" : ""
        let digits = text.dropFirst(sign.count)
        guard digits.allSatisfy({ $0.isASCIIDigit || $0 == "." }),
            digits.first?.isASCIIDigit == true, digits.last?.isASCIIDigit == true
        else { return nil }
        return Double(text)
    }

    /// `number * unit` without going through binary fractions, so that 0.3s is 300 ms exactly.
    private static func scaled(
        _ number: Substring, by unit: Int64, _ whole: String
    ) throws(ValueError) -> Int64 {
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw ValueError("\"\(whole)\" is not a number with a unit")
        }
        guard let units = Int64(parts[0]), parts.last.map({ $0.count <= 18 }) == true else {
            throw ValueError("\"\(whole)\" is too large")
        }
        let (product, overflow) = units.multipliedReportingOverflow(by: unit)
        if overflow { throw ValueError("\"\(whole)\" is too large") }
        guard parts.count == 2, let fraction = Int64(parts[1]) else { return product }
        let divisor = parts[1].reduce(Int64(1)) { power, _ in power * 10 }
        let (high, low) = fraction.multipliedFullWidth(by: unit)
        return try sum(product, divisor.dividingFullWidth((high, low)).quotient, whole)
    }

    private static func sum(
        _ left: Int64, _ right: Int64, _ whole: String
    ) throws(ValueError) -> Int64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        if overflow { throw ValueError("\"\(whole)\" is too large") }
        return sum
    }

    private static func unknownTimeUnit(
        _ unit: String, in text: String, offset: Int
    ) -> ValueError {
        let names = timeUnits.map(\.name)
        if names.contains(unit) {
            return ValueError(
                "the units of \"\(text)\" must go from long to short, each once", offset: offset)
        }
        return ValueError(
            "unknown unit \"\(unit)\" in \"\(text)\"; the units are "
                + names.joined(separator: ", "),
            offset: offset)
    }
}

extension Character {
    /// Arabic digits of other scripts count as numbers to `isNumber`, and are none here.
    var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}

extension Quantity {
    /// A duration from a command line; nil for anything else.
    package static func durationOrNil(_ text: String) -> Duration? { try? duration(text) }

    /// A rate a second from a command line; nil for anything else.
    package static func rateOrNil(_ text: String) -> Double? { try? rate(text) }
}
