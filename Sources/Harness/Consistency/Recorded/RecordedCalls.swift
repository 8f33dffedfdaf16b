// Reads the calls of a history file. The format is told by its first bytes: Jepsen's EDN (one vector
// of maps, or maps one after the other), lines of JSON with the same fields, or the log lines of the
// etcd histories that came with the first version of Knossos:
//
//     {:process 0, :type :invoke, :f :write, :value 3}
//     {"process": 0, "type": "invoke", "f": "write", "key": "x", "value": 3}
//     INFO  jepsen.util - 0    :invoke    :write    3

package import Linux
import Wire

package enum RecordedCalls {
    package enum Failure: Error, Sendable {
        case file(SyscallError)
        case history(RecordedHistoryError)
    }

    package static func read(path: String) throws(Failure) -> [RecordedCall] {
        let bytes: [UInt8]
        do {
            bytes = try File.contents(of: path)
        } catch {
            throw .file(error)
        }
        do {
            return try read(bytes)
        } catch {
            throw .history(error)
        }
    }

    package static func read(_ bytes: [UInt8]) throws(RecordedHistoryError) -> [RecordedCall] {
        let lead = bytes.drop { $0 <= 0x20 }.prefix(64)
        guard let first = lead.first else {
            throw RecordedHistoryError(line: 1, "the file is empty: there is nothing to judge")
        }
        if first == UInt8(ascii: "I") { return try logLines(bytes) }
        let isJSON =
            first == UInt8(ascii: "{")
            && lead.dropFirst().first { $0 > 0x20 } == UInt8(ascii: "\"")
        return isJSON ? try jsonLines(bytes) : try edn(bytes)
    }

    private static func edn(_ bytes: [UInt8]) throws(RecordedHistoryError) -> [RecordedCall] {
        var reader = EDNReader(bytes)
        var pairing = CallPairing()
        let isVector = reader.enterVector()
        while true {
            if isVector, try reader.endVector() { break }
            guard let value = try reader.next() else { break }
            try pairing.add(RecordedEvent(value, line: reader.line))
        }
        return pairing.calls
    }

    private static func jsonLines(
        _ bytes: [UInt8]
    ) throws(RecordedHistoryError) -> [RecordedCall] {
        var pairing = CallPairing()
        var number = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            guard line.contains(where: { $0 > 0x20 }) else { continue }
            let value: RecordedValue
            do {
                value = RecordedValue(try JSON.parse(Array(line)))
            } catch {
                throw RecordedHistoryError(line: number, "\(error)")
            }
            if value[field: "effect"] != nil {
                throw RecordedHistoryError(
                    line: number,
                    "this is the history of a run, whose verdict.json judged it with what was "
                        + "read back; expected the fields process, type, f and value")
            }
            try pairing.add(RecordedEvent(value, line: number))
        }
        return pairing.calls
    }

    private static func logLines(
        _ bytes: [UInt8]
    ) throws(RecordedHistoryError) -> [RecordedCall] {
        var pairing = CallPairing()
        pairing.answersMismatch = true
        var number = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            guard let event = try RecordedEvent(logLine: line, line: number) else { continue }
            try pairing.add(event)
        }
        return pairing.calls
    }
}

extension RecordedEvent {
    init(_ value: RecordedValue, line: Int) throws(RecordedHistoryError) {
        guard let type = value[field: "type"]?.name, let process = value[field: "process"] else {
            throw RecordedHistoryError(line: line, "expected a map with :process and :type")
        }
        self.init(
            process: process, type: type, function: value[field: "f"]?.name ?? "txn",
            key: value[field: "key"], value: value[field: "value"] ?? .null,
            reason: value[field: "error"], line: line)
    }

    /// `INFO  jepsen.util - PROCESS :TYPE :F VALUE`; nil for a line that is none of these.
    fileprivate init?(
        logLine bytes: ArraySlice<UInt8>, line: Int
    ) throws(RecordedHistoryError) {
        let words =
            String(decoding: bytes, as: UTF8.self)
            .split(separator: "-", maxSplits: 1).last?
            .split { $0 == " " || $0 == "\t" || $0 == "\r" } ?? []
        guard words.count >= 4, let process = Int64(words[0]), words[1].hasPrefix(":") else {
            return nil
        }
        var reader = EDNReader(Array(words[3...].joined(separator: " ").utf8))
        let value = try reader.next() ?? .null
        let isReason = if case .word = value { true } else { false }
        self.init(
            process: .integer(process), type: String(words[1].dropFirst()),
            function: String(words[2].dropFirst()), key: nil, value: isReason ? .null : value,
            reason: isReason ? value : nil, line: line)
    }
}

extension RecordedValue {
    init(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let value): self = .text(value)
        case .array(let values): self = .list(values.map(RecordedValue.init))
        case .object(let members):
            self = .map(
                Dictionary(uniqueKeysWithValues: members.map { (.text($0.0), Self($0.1)) }))
        }
    }
}
