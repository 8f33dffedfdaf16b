// One line a second and node in metrics.jsonl: what the kernel says of its process, and what the node
// shows on its metrics endpoint. A program of others has no such endpoint; where it speaks RESP the
// numbers in its INFO are taken.

import Blueprint
import Endpoints
import Experiment
import History
import Linux
import Reactor
import Report
import Telemetry
import Testbed
import Wire

@ReactorActor
final class MetricsSampler {
    private let stack: Stack
    private let log: EventLog
    private let file: FileDescriptor
    private var ticksBefore: [String: UInt64] = [:]
    /// What every node used of the host, for the judge of the bottleneck.
    let resources = ResourceSampler()
    private var isStopped = false
    private let gate = Turnstile()

    init(_ stack: Stack, path: String, log: EventLog) throws(SyscallError) {
        self.stack = stack
        self.log = log
        file = try File.open(path, [.writeOnly, .create, .append])
    }

    /// Samples every second until stopped.
    func run() async {
        var next = MonotonicTime.now()
        while !isStopped {
            await sample()
            next = next + .seconds(1)
            _ = await gate.wait(deadline: next)
        }
    }

    func stop() {
        isStopped = true
        gate.wakeAll()
    }

    private func sample() async {
        let questions = stack.members.map { member in
            Task { @ReactorActor in await line(of: member) }
        }
        var bytes: [UInt8] = []
        for question in questions { await question.value?.append(to: &bytes, epoch: log.epoch) }
        try? File.write(file, bytes.span)
    }

    private func line(of member: Member) async -> MetricsLine? {
        guard let process = member.node.process, process.isRunning else { return nil }
        var metrics: [MetricsLine.Metric] = []
        if let usage = ProcessUsage(pid: process.pid) {
            let before = ticksBefore.updateValue(usage.cpuTicks, forKey: member.name)
            if let before, usage.cpuTicks >= before {
                metrics.append(.init("cpu_seconds", Double(usage.cpuTicks - before) / 100))
            }
            metrics.append(.init("memory_bytes", Double(usage.residentBytes)))
        }
        let used = resources.sample(member, at: log.now)
        let information = await information(of: member)
        if let used { resources.keep(used, information) }
        metrics += (used?.metrics ?? []) + information
        return MetricsLine(at: log.now, node: member.name, metrics: metrics)
    }

    private func information(of member: Member) async -> [MetricsLine.Metric] {
        if let address = member.plan.metrics { return await page(of: address) }
        switch member.plan.kind {
        case .cache, .store, .queue: return await info(of: member)
        default: return []
        }
    }

    private func page(of address: SocketAddress) async -> [MetricsLine.Metric] {
        let client = HTTPClient(address)
        defer { client.close() }
        let request = HTTPRequest("GET", "/metrics", host: "\(address.ip)")
        guard
            let response = try? await client.send(
                request, deadline: .now() + .milliseconds(500)), response.status == 200
        else { return [] }
        let text = String(decoding: response.content, as: UTF8.self)
        return MetricsReading.samples(of: text).map { .init($0.name, $0.value) }
    }

    private func info(of member: Member) async -> [MetricsLine.Metric] {
        let client = RESPClient(member.plan.listen)
        defer { client.close() }
        let reply = try? await client.call(["INFO"], deadline: .now() + .milliseconds(300))
        guard let text = reply?.text else { return [] }
        return text.split(whereSeparator: \.isNewline).compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let value = Double(parts[1]) else { return nil }
            return .init(String(parts[0]), value)
        }
    }
}
