// Reads the parameters of a disk fault from its step.

import Linux

struct DiskFaultReader {
    let log: DiagnosticLog

    /// Nil when a parameter is wrong, which is reported.
    func fault(_ fields: inout Fields, _ word: DiskFaultWord) -> DiskFault? {
        switch word {
        case .latency: latency(&fields)
        case .error: error(&fields)
        }
    }

    private func latency(_ fields: inout Fields) -> DiskFault? {
        let delay = fields.value(DiskParameters.delay)
        let jitter = fields.value(DiskParameters.jitter)
        let shape = fields.value(DiskParameters.shape)
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
        let errno = fields.value(DiskParameters.errno)
        let ratio = fields.value(DiskParameters.ratio)
        guard let scope = scope(&fields, usually: [.write, .fsync]) else { return nil }
        return .error(errno ?? .inputOutput, ratio: ratio ?? 1, scope)
    }

    private func scope(
        _ fields: inout Fields, usually operations: Set<DiskOperation>
    ) -> DiskScope? {
        let problems = log.count
        let path = fields.value(DiskParameters.path)
        let key = DiskParameters.operations.key
        guard let node = fields.take(key) else { return DiskScope(operations, path: path) }
        let chosen = (node.items("\"\(key)\"", log) ?? []).compactMap {
            $0.scalar("an operation", log, Checked.word("operation", DiskOperation.self))
        }
        if chosen.isEmpty, log.count == problems {
            log.error("\"\(key)\" is empty; leave it out or name some", at: node.location)
        }
        return log.count == problems ? DiskScope(Set(chosen), path: path) : nil
    }
}
