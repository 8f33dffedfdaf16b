// The parameters of disk faults, which are keys of their step, and the same keys in the schema.

import Linux
import Wire

struct DiskFaultReader {
    let log: DiagnosticLog

    static let delays: ClosedRange<Duration> = .microseconds(1) ... .seconds(10)

    /// Nil when a parameter is wrong, which is reported.
    func fault(_ fields: inout Fields, _ word: DiskFaultWord) -> DiskFault? {
        switch word {
        case .latency: latency(&fields)
        case .error: error(&fields)
        }
    }

    private func latency(_ fields: inout Fields) -> DiskFault? {
        let delay = fields.required("delay", Checked.duration(Self.delays))
        let jitter = fields.optional("jitter", Checked.duration(.zero ... .seconds(10)))
        let shape = fields.optional(
            "distribution", Checked.word("distribution", DiskDelayShape.self))
        let scope = scope(&fields, usually: [.read, .write, .fsync])
        guard let delay, let scope else { return nil }
        if let jitter, jitter > delay, shape != .exponential,
            let place = fields.location(of: "jitter")
        {
            log.error(
                "a jitter above the delay, \(Quantity.text(delay)), would need answers before "
                    + "their requests", at: place)
        }
        return .latency(delay: delay, jitter: jitter ?? .zero, shape: shape ?? .uniform, scope)
    }

    private func error(_ fields: inout Fields) -> DiskFault? {
        let errno = fields.optional("errno", Checked.word("errno", DiskErrno.self))
        let ratio = fields.optional("ratio", Checked.share)
        guard let scope = scope(&fields, usually: [.write, .fsync]) else { return nil }
        return .error(errno ?? .inputOutput, ratio: ratio ?? 1, scope)
    }

    private func scope(
        _ fields: inout Fields, usually operations: Set<DiskOperation>
    ) -> DiskScope? {
        let path = fields.optional("path") { text throws(ValueError) in
            guard let pattern = PathPattern(text) else {
                throw ValueError("\"\(text)\" is not a path within the data folder, as log/*")
            }
            return pattern
        }
        let problems = log.count
        guard let node = fields.take("operations") else {
            return DiskScope(operations, path: path)
        }
        let chosen = (node.items("\"operations\"", log) ?? []).compactMap {
            $0.scalar("an operation", log, Checked.word("operation", DiskOperation.self))
        }
        if chosen.isEmpty, log.count == problems {
            log.error("\"operations\" is empty; leave it out or name some", at: node.location)
        }
        return log.count == problems ? DiskScope(Set(chosen), path: path) : nil
    }
}

extension ExperimentSchema {
    /// The keys of a disk fault beside those of every step.
    static func parameters(of fault: DiskFaultWord) -> [(String, JSON)] {
        let scope: [(String, JSON)] = [
            (
                "operations",
                ["type": "array", "minItems": 1, "items": words(DiskOperation.self)]
            ),
            ("path", text("a glob within the data folder, as log/* or **/state.mdb")),
        ]
        switch fault {
        case .latency:
            return [
                ("delay", ref("duration")), ("jitter", ref("duration")),
                ("distribution", words(DiskDelayShape.self)),
            ] + scope
        case .error:
            return [("errno", words(DiskErrno.self)), ("ratio", ref("ratio"))] + scope
        }
    }
}
