// Reads what a link fault does to packets from the keys of its step.

import Linux

struct LinkFaultReader {
    /// Where paths in the file start.
    let folder: String
    let log: DiagnosticLog

    /// Nil, and reported, when the keys do not make one.
    func impairment(_ fields: inout Fields, _ word: LinkFaultWord) -> Impairment? {
        switch word {
        case .latency: delay(&fields).map { Impairment(delay: $0) }
        case .loss: loss(&fields).map { Impairment(loss: $0) }
        case .duplicate:
            fields.value(FaultParameters.ratio.required).map { Impairment(duplicate: $0) }
        case .reorder: reordering(&fields).map { Impairment(reordering: $0) }
        case .corrupt: corruption(&fields).map { Impairment(corruption: $0) }
        case .rate: rate(&fields).map { Impairment(rate: $0) }
        }
    }

    private func delay(_ fields: inout Fields) -> Delay? {
        let delay = fields.value(FaultParameters.delay)
        let jitter = fields.value(FaultParameters.jitter)
        let correlation = fields.value(FaultParameters.correlation)
        let word = fields.value(FaultParameters.distribution)
        let table = fields.take(FaultParameters.table.key)
        let order = fields.value(FaultParameters.order)
        if let table, word != .table {
            log.error("a table needs \"distribution: table\"", at: table.location)
        }
        if jitter == nil {
            for key in ["correlation", "distribution", "order"] {
                guard let place = fields.location(of: key) else { continue }
                log.error("\"\(key)\" says how jitter varies, so it needs \"jitter\"", at: place)
            }
        }
        guard let delay else { return nil }
        if let jitter, jitter > delay, let place = fields.location(of: "jitter") {
            log.error(
                "a jitter above the delay, \(Quantity.text(delay)), would need packets to arrive "
                    + "before they were sent", at: place)
            return nil
        }
        guard let distribution = distribution(word ?? .uniform, table, fields) else { return nil }
        return Delay(
            delay, jitter: jitter ?? .zero, correlation: correlation ?? 0,
            distribution: distribution, keepsOrder: order != .free)
    }

    private func distribution(
        _ word: DelayDistributionWord, _ table: YAMLNode?, _ fields: Fields
    ) -> Delay.Distribution? {
        switch word {
        case .uniform: return .uniform
        case .normal: return .normal
        case .pareto: return .pareto
        case .table:
            guard let table else {
                let place = fields.location(of: "distribution") ?? fields.node.location
                log.error("\"distribution: table\" needs the key \"table\"", at: place)
                return nil
            }
            return table.scalar("\"table\"", log, Checked.text).flatMap {
                load($0, at: table.location).map(Delay.Distribution.table)
            }
        }
    }

    private func load(_ name: String, at place: SourceLocation) -> DelayTable? {
        let path = FilePath.join(folder, name)
        guard let text = try? File.text(of: path) else {
            log.error("no distribution table \(path)", at: place)
            return nil
        }
        guard let table = DelayTable(text: text) else {
            log.error(
                "\(path) is no distribution table: it has 2 to \(DelayTable.countMax) whole numbers "
                    + "from -32768 to 32767", at: place)
            return nil
        }
        return table
    }

    private func loss(_ fields: inout Fields) -> Loss? {
        let ratio = fields.value(FaultParameters.ratio)
        let (p, r) = (fields.value(FaultParameters.p), fields.value(FaultParameters.r))
        let (h, k) = (fields.value(FaultParameters.h), fields.value(FaultParameters.k))
        let nth = fields.value(FaultParameters.nth)
        let isChain = ["p", "r", "h", "k"].contains { fields.has($0) }
        let forms = [fields.has("ratio"), isChain, fields.has("nth")].count { $0 }
        guard forms == 1 else {
            log.error(
                "a loss has one of \"ratio\", \"p\" and \"r\", and \"nth\"",
                at: fields.node.location)
            return nil
        }
        if let ratio { return .independent(ratio) }
        if let nth { return .everyNth(nth) }
        guard isChain else { return nil }
        guard let p, let r else {
            if !fields.has("p") || !fields.has("r") {
                log.error("bursts of loss need both \"p\" and \"r\"", at: fields.node.location)
            }
            return nil
        }
        guard (h ?? 0) < (k ?? 1) else {
            log.error(
                "fewer packets survive the bad state than the good one, so \"h\" is below \"k\"",
                at: fields.location(of: "h") ?? fields.node.location)
            return nil
        }
        return .gilbertElliott(GilbertElliott(p: p, r: r, h: h ?? 0, k: k ?? 1))
    }

    private func reordering(_ fields: inout Fields) -> Reordering? {
        let ratio = fields.value(FaultParameters.ratio.required)
        let delay = fields.value(FaultParameters.hold) ?? .milliseconds(10)
        return ratio.map { Reordering(ratio: $0, delay: delay) }
    }

    private func corruption(_ fields: inout Fields) -> Corruption? {
        let ratio = fields.value(FaultParameters.ratio.required)
        let checksum = fields.value(FaultParameters.checksum) ?? .broken
        return ratio.map { Corruption(ratio: $0, checksum: checksum) }
    }

    private func rate(_ fields: inout Fields) -> RateLimit? {
        let rate = fields.value(FaultParameters.rate)
        let bytes = fields.value(FaultParameters.queueBytes)
        let packets = fields.value(FaultParameters.queuePackets)
        if bytes != nil, packets != nil, let place = fields.location(of: "packets") {
            log.error("a queue is bounded by \"queue\" or by \"packets\", not by both", at: place)
        }
        let queue = bytes.map(RateLimit.Queue.bytes) ?? .packets(packets ?? 1000)
        return rate.map { RateLimit(bitsPerSecond: $0, queue: queue) }
    }
}
