// Reads history.jsonl back into operations: pairs the two lines of each, in any order of fields and
// of operations, and holds on to nothing but the operations themselves.

package import Linux

/// A history as it was read.
package struct RecordedHistory: Hashable, Sendable {
    /// By index.
    package var operations: [Operation]
    /// Operations that the file invokes and never completes; their outcome is unknown.
    package var unfinished: Int
    /// The last line was cut short and is not part of this.
    package var isTorn: Bool
}

package struct HistoryReader {
    private var lines = LineReader()
    private var operations: [Operation] = []
    /// Place in `operations` of those that are invoked and not completed.
    private var open: [Int: Int] = [:]
    /// Operations that are completed; kept to notice a second completion.
    private var seen: Set<Int> = []

    package init() {}

    package mutating func append(_ bytes: [UInt8]) throws(RecordError) {
        lines.append(bytes)
        while let line = try lines.next() {
            try read(RecordFields(json: line.json, line: line.number))
        }
    }

    package consuming func finish() -> RecordedHistory {
        for place in open.values { operations[place].outcome = .unknown(.unfinished) }
        return RecordedHistory(
            operations: operations.sorted { $0.index < $1.index }, unfinished: open.count,
            isTorn: lines.isTorn)
    }

    private mutating func read(_ fields: RecordFields) throws(RecordError) {
        let type = try fields.text("type")
        let index = Int(try fields.integer("index"))
        if type == "invoke" {
            guard seen.insert(index).inserted else { throw fields.error(.outOfTurn(index: index)) }
            open[index] = operations.count
            operations.append(try Operation(invokedBy: fields, index: index))
        } else {
            guard let place = open.removeValue(forKey: index) else {
                throw fields.error(.outOfTurn(index: index))
            }
            try operations[place].complete(type, fields)
        }
    }
}

extension HistoryReader {
    package enum Failure: Error, Sendable {
        case file(SyscallError)
        case record(RecordError)
    }

    /// Reads a whole file, a chunk at a time.
    package static func read(path: String) throws(Failure) -> RecordedHistory {
        var reader = HistoryReader()
        do {
            let file = try File.open(path, .readOnly)
            var chunk: [UInt8] = []
            while try File.read(file, into: &chunk, max: 1 << 20) > 0 {
                try reader.append(chunk)
                chunk.removeAll(keepingCapacity: true)
            }
        } catch let error as SyscallError {
            throw .file(error)
        } catch let error as RecordError {
            throw .record(error)
        } catch {
            preconditionFailure("no other error is thrown above: \(error)")
        }
        return reader.finish()
    }
}

extension Operation {
    fileprivate init(invokedBy fields: RecordFields, index: Int) throws(RecordError) {
        let word = try fields.text("effect")
        guard let effect = Effect(rawValue: word) else { throw fields.error(.unknownWord(word)) }
        self.init(
            index: index, journey: try fields.text("journey"),
            request: Request(
                method: try fields.text("method"), target: try fields.text("target")),
            user: Int(try fields.integer("user")), effect: effect,
            key: try fields.optionalText("key"), intended: try fields.integer("intended"))
        started = try fields.optionalInteger("started")
    }

    fileprivate mutating func complete(
        _ type: String, _ fields: RecordFields
    ) throws(RecordError) {
        let reason = Reason(rawValue: try fields.optionalText("reason") ?? "unstated")
        guard let outcome = Outcome(word: type, reason: reason) else {
            throw fields.error(.unknownWord(type))
        }
        self.outcome = outcome
        completed = try fields.optionalInteger("completed")
        status = Int(try fields.optionalInteger("status") ?? 0)
        servedBy = try fields.optionalText("servedBy")
        acknowledgedBy = try fields.optionalText("acknowledgedBy")
        switch try fields.optionalText("session") {
        case nil: lostSession = false
        case "lost"?: lostSession = true
        case let word?: throw fields.error(.unknownWord(word))
        }
        cache = try fields.optionalText("cache").flatMap(CacheUse.init)
    }
}
