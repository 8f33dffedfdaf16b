// What each node used of the host from one sample to the next. MetricsSampler asks for it once a second
// and node; the samples are kept for the judge of the bottleneck.

import Checkers
import Experiment
import Linux
import Reactor
import Report
import Testbed

@ReactorActor
final class ResourceSampler {
    private struct Reading {
        let time: MonotonicTime
        let startTicks: UInt64
        let load: ProcessLoad
        let budget: BudgetUsage?
        let hostDiskWait: Duration?
    }

    /// A run of some minutes with some hundred nodes; older samples are forgotten beyond it.
    private static let samplesMax = 200_000

    private var before: [String: Reading] = [:]
    private(set) var samples: [NodeSample] = []

    /// The node's figures since the last call; nil at the first, and after a restart. The host's wait
    /// is one for all nodes, so whoever samples them reads it.
    func sample(_ member: Member, at offset: Int64, hostDiskWait: Duration?) -> NodeSample? {
        guard let process = member.node.process, process.isRunning,
            let load = ProcessLoad(pid: process.pid)
        else {
            before[member.name] = nil
            return nil
        }
        let reading = Reading(
            time: .now(), startTicks: process.startTicks, load: load,
            budget: member.node.group?.usage(), hostDiskWait: hostDiskWait)
        guard let last = before.updateValue(reading, forKey: member.name),
            last.startTicks == reading.startTicks
        else { return nil }
        return difference(last, reading, member, at: offset)
    }

    /// Completes a sample with what the node said of itself, and keeps it.
    func keep(_ sample: NodeSample, _ information: [MetricsLine.Metric]) {
        var sample = sample
        let lags = information.filter { $0.name.hasPrefix("lag_") && !$0.name.contains(".dead") }
        if !lags.isEmpty { sample.queueDepth = Int(lags.map(\.value).reduce(0, +)) }
        if samples.count == Self.samplesMax { samples.removeFirst(Self.samplesMax / 2) }
        samples.append(sample)
    }

    private func difference(
        _ last: Reading, _ now: Reading, _ member: Member, at offset: Int64
    ) -> NodeSample? {
        let elapsed = (now.time - last.time).seconds
        guard elapsed > 0.05 else { return nil }
        var sample = NodeSample(node: member.name, tier: member.plan.tier, at: offset)
        sample.cpu = max(0, (now.load.ran - last.load.ran).seconds / elapsed)
        sample.diskWrites = max(0, Double(now.load.diskWrites - last.load.diskWrites) / elapsed)
        sample.memory = now.load.residentBytes
        sample.hostDiskWait = now.hostDiskWait.flatMap { wait in
            last.hostDiskWait.map { (wait - $0).seconds / elapsed }
        }
        if let budget = member.node.group?.budget {
            sample.cpuBudget = budget.cpu
            sample.memoryBudget = budget.memory
        }
        if let usage = now.budget, let before = last.budget {
            sample.throttled = (usage.throttled - before.throttled).seconds / elapsed
            if sample.memoryBudget != nil { sample.memory = usage.memory.map(Int.init) ?? 0 }
        }
        // Some kernels count a thread that its budget holds back among those that wait.
        let waited = (now.load.waited - last.load.waited).seconds / elapsed
        sample.runQueueWait = max(0, waited - sample.throttled)
        return sample
    }
}

extension NodeSample {
    /// As they stand in metrics.jsonl; shares are of one core and of the time.
    var metrics: [MetricsLine.Metric] {
        var metrics: [MetricsLine.Metric] = [
            .init("cpu_share", thousandths(cpu)),
            .init("run_queue_wait_share", thousandths(runQueueWait)),
            .init("disk_write_bytes_per_second", diskWrites.rounded()),
        ]
        if let cpuBudget { metrics.append(.init("cpu_budget", cpuBudget)) }
        if cpuBudget != nil { metrics.append(.init("throttled_share", thousandths(throttled))) }
        if let memoryBudget {
            metrics.append(.init("memory_budget_bytes", Double(memoryBudget)))
            metrics.append(.init("memory_charged_bytes", Double(memory)))
        }
        if let hostDiskWait {
            metrics.append(.init("host_disk_wait_share", thousandths(hostDiskWait)))
        }
        return metrics
    }

    private func thousandths(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
