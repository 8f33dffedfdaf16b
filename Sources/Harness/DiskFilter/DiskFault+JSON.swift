// A disk fault as JSON, both ways: what an experiment says goes to the filter's process unchanged.

import Experiment
import Linux
import Wire

extension DiskFault {
    var json: JSON {
        switch self {
        case .latency(let delay, let jitter, let shape, let scope):
            scope.json([
                ("fault", "latency"), ("delay", .integer(delay.nanoseconds)),
                ("jitter", .integer(jitter.nanoseconds)), ("shape", .string(shape.rawValue)),
            ])
        case .error(let errno, let ratio, let scope):
            scope.json([
                ("fault", "error"), ("errno", .string(errno.rawValue)), ("ratio", .number(ratio)),
            ])
        }
    }

    init(_ json: JSON) throws(DiskOrderError) {
        let members = DiskMembers(json)
        switch try members.text("fault") {
        case "latency":
            self = .latency(
                delay: try members.duration("delay"), jitter: try members.duration("jitter"),
                shape: try members.word("shape", DiskDelayShape.self), try DiskScope(members))
        case "error":
            self = .error(
                try members.word("errno", DiskErrno.self), ratio: try members.number("ratio"),
                try DiskScope(members))
        case let word: throw DiskOrderError(description: "no such fault: \(word)")
        }
    }
}

extension DiskScope {
    fileprivate func json(_ members: [(String, JSON)]) -> JSON {
        let words = operations.map(\.rawValue).sorted().map { JSON.string($0) }
        return .object(
            members + [("operations", .array(words))]
                + (path.map { [("path", .string($0.description))] } ?? []))
    }

    fileprivate init(_ members: DiskMembers) throws(DiskOrderError) {
        let words = members.json["operations"]?.array ?? []
        let operations = words.compactMap { $0.string.flatMap(DiskOperation.init) }
        guard operations.count == words.count else {
            throw DiskOrderError(description: "no such operation: \(members.json.text)")
        }
        self.init(Set(operations), path: members.json["path"]?.string.flatMap(PathPattern.init))
    }
}

/// The members of a fault, each of which must be there.
private struct DiskMembers {
    let json: JSON

    init(_ json: JSON) { self.json = json }

    func text(_ name: String) throws(DiskOrderError) -> String {
        guard let text = json[name]?.string else { throw missing(name) }
        return text
    }

    func duration(_ name: String) throws(DiskOrderError) -> Duration {
        guard let nanoseconds = json[name]?.int64 else { throw missing(name) }
        return .nanoseconds(nanoseconds)
    }

    func number(_ name: String) throws(DiskOrderError) -> Double {
        guard let number = json[name]?.double else { throw missing(name) }
        return number
    }

    func word<Word: RawRepresentable<String>>(
        _ name: String, _: Word.Type
    ) throws(DiskOrderError) -> Word {
        guard let word = Word(rawValue: try text(name)) else { throw missing(name) }
        return word
    }

    private func missing(_ name: String) -> DiskOrderError {
        DiskOrderError(description: "\(name) is missing or wrong: \(json.text)")
    }
}
