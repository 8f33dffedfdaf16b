// The JSON writer: appends to the caller's bytes, compact for lines and wires, indented for people.
//
// Compact output never holds a line feed, so one value is one line of a JSONL file.

package extension JSON {
    enum Layout: Sendable {
        /// No white space at all.
        case compact
        /// Two spaces a level and a member a line; no line feed at the end.
        case indented
    }

    func encode(into bytes: inout [UInt8], layout: Layout = .compact) {
        encode(into: &bytes, layout: layout, level: 0)
    }

    /// The compact text.
    var text: String { text(.compact) }

    func text(_ layout: Layout) -> String {
        var bytes: [UInt8] = []
        encode(into: &bytes, layout: layout)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the text as a JSON string, for those who write a line without building a value.
    static func encode(string: String, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        appendEscaped(string.utf8.span, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }
}

extension JSON: CustomStringConvertible {
    package var description: String { text }
}

extension JSON {
    private func encode(into bytes: inout [UInt8], layout: Layout, level: Int) {
        switch self {
        case .null: bytes.append(text: "null")
        case .bool(let value): bytes.append(text: value ? "true" : "false")
        case .integer(let value): bytes.append(decimal: value)
        case .number(let value):
            // Swift prints the shortest digits that read back to the same Double.
            bytes.append(text: value.isFinite ? value.description : "null")
        case .string(let value): Self.encode(string: value, into: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for index in elements.indices {
                Self.separate(&bytes, layout, level: level + 1, first: index == 0)
                elements[index].encode(into: &bytes, layout: layout, level: level + 1)
            }
            Self.close(&bytes, layout, level: level, empty: elements.isEmpty)
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, (name, value)) in members.enumerated() {
                Self.separate(&bytes, layout, level: level + 1, first: index == 0)
                Self.encode(string: name, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                if layout == .indented { bytes.append(0x20) }
                value.encode(into: &bytes, layout: layout, level: level + 1)
            }
            Self.close(&bytes, layout, level: level, empty: members.isEmpty)
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func separate(
        _ bytes: inout [UInt8], _ layout: Layout, level: Int, first: Bool
    ) {
        if !first { bytes.append(UInt8(ascii: ",")) }
        breakLine(&bytes, layout, level: level)
    }

    private static func close(_ bytes: inout [UInt8], _ layout: Layout, level: Int, empty: Bool) {
        if !empty { breakLine(&bytes, layout, level: level) }
    }

    private static func breakLine(_ bytes: inout [UInt8], _ layout: Layout, level: Int) {
        guard layout == .indented else { return }
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: 2 * level))
    }

    /// Copies runs that need no escape whole; RFC 8259 section 7 asks for the rest.
    private static func appendEscaped(_ content: Span<UInt8>, to bytes: inout [UInt8]) {
        var start = 0
        for index in content.indices {
            let byte = content[index]
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { continue }
            bytes.append(copying: content.extracting(start..<index))
            appendEscape(of: byte, to: &bytes)
            start = index + 1
        }
        bytes.append(copying: content.extracting(start..<content.count))
    }

    private static func appendEscape(of byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x00..<0x20:
            bytes.append(text: "u00")
            bytes.append([UInt8].hexadecimalDigit(byte >> 4))
            bytes.append([UInt8].hexadecimalDigit(byte & 0xF))
        default: bytes.append(byte)
        }
    }
}
