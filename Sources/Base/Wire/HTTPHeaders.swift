// The fields of a head, kept as the bytes they came in.
//
// A head at rest is two allocations, whatever the number of its fields: one copy of the field
// section, and the places of names and values in it. A `String` is made only for a value somebody
// asks for. Lines are written as they came, in runs as long as possible, so bytes that are not ASCII
// pass through a proxy unchanged.

package struct HTTPHeaders: Sendable {
    /// Where one field stands in the storage. Heads are small, so 32 bits are enough.
    struct Slot: Sendable {
        private let lineStart: UInt32
        private let lineEnd: UInt32
        private let nameEnd: UInt32
        private let valueStart: UInt32
        private let valueEnd: UInt32

        /// The line holds the name at its start, the value further on, and its line end.
        init(line: Range<Int>, name: Range<Int>, value: Range<Int>) {
            precondition(name.lowerBound == line.lowerBound, "a name starts its line")
            precondition(name.upperBound < value.lowerBound, "a colon stands between them")
            precondition(value.upperBound < line.upperBound, "a line has an end")
            lineStart = UInt32(line.lowerBound)
            lineEnd = UInt32(line.upperBound)
            nameEnd = UInt32(name.upperBound)
            valueStart = UInt32(value.lowerBound)
            valueEnd = UInt32(value.upperBound)
        }

        var line: Range<Int> { Int(lineStart)..<Int(lineEnd) }
        var name: Range<Int> { Int(lineStart)..<Int(nameEnd) }
        var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
    }

    /// Field lines, with their line ends; those of removed fields stay behind.
    private var storage: [UInt8]
    /// Every range lies within `storage`.
    private(set) var slots: [Slot]

    package init() {
        storage = []
        slots = []
    }

    /// Fields that a parser has checked and found in the section.
    init(section: Span<UInt8>, slots: [Slot]) {
        storage = [UInt8](copying: section)
        self.slots = slots
    }

    package var count: Int { slots.count }

    /// The value of the first field of that name, in any case; setting replaces all of them.
    package subscript(name: String) -> String? {
        get {
            let wanted = name.utf8.span
            guard let slot = slots.first(where: { matches($0, wanted) }) else { return nil }
            return text(slot.value)
        }
        set {
            remove(name)
            if let newValue { append(name, newValue) }
        }
    }

    /// The values of all fields of that name, in order.
    package func values(of name: String) -> [String] {
        let wanted = name.utf8.span
        return slots.filter { matches($0, wanted) }.map { text($0.value) }
    }

    /// Every field in order, names as they were written.
    package var all: [(name: String, value: String)] {
        slots.map { (text($0.name), text($0.value)) }
    }

    /// Adds a field at the end.
    ///
    /// The name must be a token; names are the program's own. A value may come from anywhere, so
    /// each control character in it becomes a space, as RFC 9110 section 5.5 allows: it cannot end
    /// the line and start another field.
    package mutating func append(_ name: String, _ value: String) {
        precondition(HTTPGrammar.isToken(name.utf8.span), "a field name is a token")
        let start = storage.count
        storage.append(text: name)
        storage.append(UInt8(ascii: ":"))
        storage.append(0x20)
        let valueStart = storage.count
        storage.append(text: value)
        let valueEnd = storage.count
        for index in valueStart..<valueEnd where !HTTPGrammar.isFieldValue(storage[index]) {
            storage[index] = 0x20
        }
        storage.appendLineEnd()
        slots.append(
            Slot(
                line: start..<storage.count, name: start..<valueStart - 2,
                value: valueStart..<valueEnd))
    }

    /// Adds the fields of another head whose names, in small letters, are wanted, byte for byte.
    package mutating func append(from other: HTTPHeaders, where isWanted: (String) -> Bool) {
        for slot in other.slots where isWanted(other.text(slot.name).lowercased()) {
            let start = storage.count
            let shift = start - slot.line.lowerBound
            storage.append(contentsOf: other.storage[slot.line])
            slots.append(
                Slot(
                    line: start..<storage.count, name: start..<slot.name.upperBound + shift,
                    value: slot.value.lowerBound + shift..<slot.value.upperBound + shift))
        }
    }

    package mutating func remove(_ name: String) {
        removeAll { $0.equalsIgnoringCase(name.utf8.span) }
    }

    /// Drops what concerns one connection alone, before a proxy passes the head on.
    ///
    /// RFC 9110 section 7.6.1: the fields that Connection names, and those that older peers send
    /// without naming them. Host and Content-Length stay whatever a peer names.
    package mutating func removeHopByHop() {
        for nominated in values(of: "connection").flatMap({ $0.split(separator: ",") }) {
            let name = nominated.filter { $0 != " " && $0 != "\t" }.lowercased()
            if name != "host", name != "content-length" { remove(name) }
        }
        for name in ["connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"] {
            remove(name)
        }
    }
}

extension HTTPHeaders {
    /// Appends the field lines, less those that the encoder of a head writes itself.
    func encode(into bytes: inout [UInt8], except isWritten: (Span<UInt8>) -> Bool) {
        let stored = storage.span
        var run = 0..<0
        for slot in slots where !isWritten(stored.extracting(slot.name)) {
            if slot.line.lowerBound == run.upperBound {
                run = run.lowerBound..<slot.line.upperBound
            } else {
                bytes.append(copying: stored.extracting(run))
                run = slot.line
            }
        }
        bytes.append(copying: stored.extracting(run))
    }

    /// Shows every field to the closure as bytes, in order.
    func forEach<Failure: Error>(
        _ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        let stored = storage.span
        for slot in slots {
            try body(stored.extracting(slot.name), stored.extracting(slot.value))
        }
    }

    private mutating func removeAll(where matches: (Span<UInt8>) -> Bool) {
        let stored = storage
        slots.removeAll { matches(stored.span.extracting($0.name)) }
    }

    private func matches(_ slot: Slot, _ name: Span<UInt8>) -> Bool {
        slot.name.count == name.count
            && storage.span.extracting(slot.name).equalsIgnoringCase(name)
    }

    private func text(_ range: Range<Int>) -> String {
        String(repairing: storage.span.extracting(range))
    }
}

/// Equal when the same fields stand in the same order, names in any case.
extension HTTPHeaders: Equatable {
    package static func == (left: HTTPHeaders, right: HTTPHeaders) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left.slots, right.slots).allSatisfy { ours, theirs in
            left.matches(ours, right.storage.span.extracting(theirs.name))
                && left.storage[ours.value] == right.storage[theirs.value]
        }
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        // Room for most fields, so that a short list is two allocations here too.
        storage.reserveCapacity(40 * elements.count)
        slots.reserveCapacity(elements.count)
        for (name, value) in elements { append(name, value) }
    }
}
