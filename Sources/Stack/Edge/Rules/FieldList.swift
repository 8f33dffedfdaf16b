// Comma-separated field values, and the smallest things that stand in them (RFC 9110 section 5.6).

enum FieldList {
    private static let comma = UInt8(ascii: ",")
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    /// The elements of one value, white space taken off, empty ones left out.
    ///
    /// A comma within quotes parts nothing; a quote that is never closed runs to the end.
    static func elements(of value: String) -> [Substring] {
        var elements: [Substring] = []
        let bytes = value.utf8
        var start = bytes.startIndex
        var index = start
        var isQuoted = false
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == quote { isQuoted.toggle() }
            if byte == comma, !isQuoted {
                append(value[start..<index], to: &elements)
                start = bytes.index(after: index)
            } else if byte == backslash, isQuoted {
                index = bytes.index(after: index)
                if index == bytes.endIndex { break }
            }
            index = bytes.index(after: index)
        }
        append(value[start...], to: &elements)
        return elements
    }

    /// The elements of all values, since a list may be spread over several lines.
    static func elements(of values: [String]) -> [Substring] {
        values.flatMap(elements(of:))
    }

    private static func append(_ element: Substring, to elements: inout [Substring]) {
        let trimmed = element.trimmingBlanks
        if !trimmed.isEmpty { elements.append(trimmed) }
    }
}

extension Substring {
    /// Without the spaces and tabs at both ends.
    var trimmingBlanks: Substring {
        var text = self
        while let first = text.utf8.first, first == 0x20 || first == 0x09 {
            text = text.dropFirst()
        }
        while let last = text.utf8.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
        return text
    }

    /// The content of a quoted-string, its escapes resolved; nil for anything else.
    var unquoted: String? {
        guard utf8.count >= 2, utf8.first == UInt8(ascii: "\""), utf8.last == UInt8(ascii: "\"")
        else { return nil }
        var content = ""
        var isEscaped = false
        for character in dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                content.append(character)
                isEscaped = false
            }
        }
        return content
    }
}

/// A number of seconds (RFC 9111 section 1.2.2).
package enum DeltaSeconds {
    /// What an overflowing number becomes: older than anything, and still good to add to.
    package static let max: Int64 = 2_147_483_648

    /// Digits alone, and at most `max`; nil for anything else.
    package static func parse(_ text: some StringProtocol) -> Int64? {
        let digits = text.utf8
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        var value: Int64 = 0
        for digit in digits {
            value = value * 10 + Int64(digit - 0x30)
            if value >= max { return max }
        }
        return value
    }
}
