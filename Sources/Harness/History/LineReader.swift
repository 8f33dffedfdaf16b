// Files of JSON lines, read chunk by chunk: what both history.jsonl and timeline.jsonl need. A file
// whose last line has no line feed was cut short by a crash; that line is not read, and the reader
// says so. Any other line that is not an object is an error with its number, because a checker that
// skips lines would judge a history that did not happen.

package import Wire

/// Why a recorded file cannot be trusted, and in which line.
package struct RecordError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        case malformed(JSONError.Reason)
        case missing(field: String)
        /// A field is there and holds the wrong type.
        case mistyped(field: String)
        case unknownWord(String)
        /// A second invocation or completion of one operation, or a completion without invocation.
        case outOfTurn(index: Int)
    }

    package let code: Code
    /// From 1.
    package let line: Int

    package var description: String {
        let what =
            switch code {
            case .malformed(let reason): "\(reason)"
            case .missing(let field): "\"\(field)\" is missing"
            case .mistyped(let field): "\"\(field)\" has the wrong type"
            case .unknownWord(let word): "unknown word \"\(word)\""
            case .outOfTurn(let index): "operation \(index) begins or ends out of turn"
            }
        return "line \(line): \(what)"
    }
}

/// Cuts bytes into lines and parses each.
struct LineReader {
    private var bytes: [UInt8] = []
    /// Start of the first line not yet given out.
    private var start = 0
    private var number = 0

    /// True while bytes are left that no line feed has ended.
    var isTorn: Bool { start < bytes.count }

    mutating func append(_ more: [UInt8]) {
        if start > 0 { bytes.removeFirst(start) }
        start = 0
        bytes.append(contentsOf: more)
    }

    /// The next whole line; nil: more bytes are needed. Empty lines are skipped.
    mutating func next() throws(RecordError) -> (json: JSON, number: Int)? {
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = start..<end
            start = end + 1
            number += 1
            if line.isEmpty { continue }
            do {
                return (try JSON.parse(bytes.span.extracting(line)), number)
            } catch {
                throw RecordError(code: .malformed(error.reason), line: number)
            }
        }
        return nil
    }
}

/// Typed access to the fields of one line.
struct RecordFields {
    let json: JSON
    let line: Int

    func error(_ code: RecordError.Code) -> RecordError { RecordError(code: code, line: line) }

    func text(_ field: String) throws(RecordError) -> String {
        guard let text = try optionalText(field) else { throw error(.missing(field: field)) }
        return text
    }

    func integer(_ field: String) throws(RecordError) -> Int64 {
        guard let value = try optionalInteger(field) else { throw error(.missing(field: field)) }
        return value
    }

    func optionalText(_ field: String) throws(RecordError) -> String? {
        guard let value = json[field], !value.isNull else { return nil }
        guard let text = value.string else { throw error(.mistyped(field: field)) }
        return text
    }

    func optionalInteger(_ field: String) throws(RecordError) -> Int64? {
        guard let value = json[field], !value.isNull else { return nil }
        guard let integer = value.int64 else { throw error(.mistyped(field: field)) }
        return integer
    }
}
