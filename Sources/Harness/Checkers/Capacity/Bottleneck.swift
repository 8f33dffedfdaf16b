// Which tier was, or would be next, the bottleneck, and by what. Pure, from the samples of the nodes.
//
// A tier is as saturated as its busiest node: a leader, or the one node of a tier, stops everything while
// its siblings idle. For each node and second every resource is put in proportion to the mark at which it
// counts as saturated, so that they compare:
//
//     cpu     share of its budget, or of one core, since a tier is one thread       saturated at 90%
//             or the time that its budget held it back                              at 35%
//     memory  share of its budget (a control group counts the page cache in, which is given up at need,
//             so this is near 1 early; only a node without other signs is judged by it)  at 98%
//     disk    time in which somebody on the host waited for a disk, put down to the node that writes
//             most                                                                  at 60%
//     queue   messages waiting, if they became more in the course of the samples     at 200
//     host    time in which the node was ready and waited for a core                at 60%
//
// One second is no saturation: it counts from the second in a row.

package struct Bottleneck: Hashable, Sendable {
    package enum Resource: String, CaseIterable, Hashable, Sendable {
        case cpu, memory, disk, queue, host
    }

    /// How one tier stood.
    package struct Finding: Hashable, Sendable {
        package var tier: String
        /// The busiest of its nodes.
        package var node: String
        package var resource: Resource
        /// 1 is the mark of saturation; the mean over the time judged.
        package var pressure: Double
        /// Since when, in nanoseconds since the epoch; nil: never.
        package var saturatedSince: Int64?
        /// The figures, as a sentence.
        package var evidence: String
    }

    /// One a tier: the first to saturate first, those that never did by their pressure.
    package let findings: [Finding]

    package var first: Finding? { findings.first }
    package var saturated: Finding? { findings.first { $0.saturatedSince != nil } }

    /// Judges the samples in a stretch of time.
    package init(_ samples: [NodeSample], in interval: Range<Int64> = 0..<Int64.max) {
        let judged = samples.filter { interval.contains($0.at) }
        let writers = Bottleneck.writers(judged)
        let series = Dictionary(grouping: judged, by: \.node).values.map { samples in
            NodeSeries(samples.sorted { $0.at < $1.at }, writers: writers)
        }
        let tiers = Dictionary(grouping: series.compactMap(\.finding), by: \.tier)
        findings = tiers.values.compactMap { $0.min(by: Bottleneck.isWorse) }
            .sorted(by: Bottleneck.isWorse)
    }

    /// Earlier saturation first, then greater pressure; the name settles the rest.
    private static func isWorse(_ left: Finding, _ right: Finding) -> Bool {
        switch (left.saturatedSince, right.saturatedSince) {
        case (let left?, let right?) where left != right: return left < right
        case (_?, nil): return true
        case (nil, _?): return false
        default: break
        }
        if left.pressure != right.pressure { return left.pressure > right.pressure }
        return left.node < right.node
    }

    /// By the time, the node that wrote most.
    private static func writers(_ samples: [NodeSample]) -> [Int64: String] {
        var most: [Int64: NodeSample] = [:]
        for sample in samples where sample.diskWrites > 0 {
            // Nodes are sampled within one second, not at the same nanosecond.
            let second = sample.at / 1_000_000_000
            if sample.diskWrites > most[second]?.diskWrites ?? 0 { most[second] = sample }
        }
        return most.mapValues(\.node)
    }
}

/// The samples of one node in their order.
private struct NodeSeries {
    private let samples: [NodeSample]
    private let writers: [Int64: String]

    init(_ samples: [NodeSample], writers: [Int64: String]) {
        self.samples = samples
        self.writers = writers
    }

    var finding: Bottleneck.Finding? {
        guard let first = samples.first else { return nil }
        let findings = Bottleneck.Resource.allCases.map { resource -> Bottleneck.Finding in
            let pressures = samples.map { pressure(resource, $0) }
            return Bottleneck.Finding(
                tier: first.tier, node: first.node, resource: resource,
                pressure: pressures.reduce(0, +) / Double(pressures.count),
                saturatedSince: since(pressures), evidence: evidence(resource))
        }
        return findings.max { left, right in
            (left.saturatedSince != nil ? 1 : 0, left.pressure)
                < (right.saturatedSince != nil ? 1 : 0, right.pressure)
        }
    }

    /// The start of the first two saturated seconds in a row.
    private func since(_ pressures: [Double]) -> Int64? {
        for index in pressures.indices.dropLast()
        where pressures[index] >= 1 && pressures[index + 1] >= 1 { return samples[index].at }
        return nil
    }

    private func pressure(_ resource: Bottleneck.Resource, _ sample: NodeSample) -> Double {
        switch resource {
        case .cpu:
            return max(sample.cpu / (sample.cpuBudget ?? 1) / 0.9, sample.throttled / 0.35)
        case .memory:
            return sample.memoryBudget.map { Double(sample.memory) / Double($0) / 0.98 } ?? 0
        case .disk:
            guard writers[sample.at / 1_000_000_000] == sample.node else { return 0 }
            return (sample.hostDiskWait ?? 0) / 0.6
        case .queue:
            guard let depth = sample.queueDepth, grows else { return 0 }
            return Double(depth) / 200
        case .host: return sample.runQueueWait / 0.6
        }
    }

    /// Whether the second half of the samples has at least half as many messages again as the first.
    private var grows: Bool {
        let depths = samples.compactMap(\.queueDepth)
        guard depths.count >= 4 else { return false }
        let half = depths.count / 2
        let (early, late) = (depths.prefix(half), depths.suffix(half))
        return late.reduce(0, +) * 2 > early.reduce(0, +) * 3
    }

    // MARK: Words

    private func evidence(_ resource: Bottleneck.Resource) -> String {
        let node = samples[0].node
        switch resource {
        case .cpu:
            let used = percent(mean { $0.cpu / ($0.cpuBudget ?? 1) })
            guard let budget = samples[0].cpuBudget else { return "\(node) used \(used) of a core" }
            return "\(node) used \(used) of its \(percent(budget)) of a core and was held back "
                + "\(percent(mean(\.throttled))) of the time"
        case .memory:
            let most = samples.map(\.memory).max() ?? 0
            return "\(node) had \(most >> 20) MiB of its "
                + "\((samples[0].memoryBudget ?? 0) >> 20) MiB"
        case .disk:
            return "\(node) wrote \(Int(mean(\.diskWrites)) >> 10) KiB/s, and the host waited for "
                + "a disk \(percent(mean { $0.hostDiskWait ?? 0 })) of the time"
        case .queue:
            let depths = samples.compactMap(\.queueDepth)
            return "the queue at \(node) grew from \(depths.first ?? 0) to \(depths.last ?? 0) "
                + "messages: its workers are behind"
        case .host:
            return "\(node) was ready and waited for a core of the host "
                + "\(percent(mean(\.runQueueWait))) of the time"
        }
    }

    private func mean(_ value: (NodeSample) -> Double) -> Double {
        samples.map(value).reduce(0, +) / Double(samples.count)
    }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }
}

extension Bottleneck {
    /// One sentence for a report; nil: nothing was sampled.
    package var text: String? {
        guard let first else { return nil }
        return first.saturatedSince != nil
            ? "bottleneck: \(first.tier) (\(first.resource.rawValue)): \(first.evidence)"
            : "bottleneck: none was saturated; nearest \(first.tier) "
                + "(\(first.resource.rawValue)): \(first.evidence)"
    }
}
