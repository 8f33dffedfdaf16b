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
    /// By node, kept from one second to the next: a connection a second and node would be work for the
    /// very nodes that are measured.
    private var pages: [String: HTTPClient] = [:]
    private var links: [String: RESPClient] = [:]

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
        for client in pages.values { client.close() }
        for client in links.values { client.close() }
    }

    func stop() {
        isStopped = true
        gate.wakeAll()
    }

    private func sample() async {
        let diskWait = HostPressure.diskWait()
        let questions = stack.members.map { member in
            Task { @ReactorActor in await line(of: member, hostDiskWait: diskWait) }
        }
        var bytes: [UInt8] = []
        for question in questions { await question.value?.append(to: &bytes, epoch: log.epoch) }
        try? File.write(file, bytes.span)
    }

    private func line(of member: Member, hostDiskWait: Duration?) async -> MetricsLine? {
        guard let process = member.node.process, process.isRunning else { return nil }
        var metrics: [MetricsLine.Metric] = []
        if let usage = ProcessUsage(pid: process.pid) {
            let before = ticksBefore.updateValue(usage.cpuTicks, forKey: member.name)
            if let before, usage.cpuTicks >= before {
                metrics.append(.init("cpu_seconds", Double(usage.cpuTicks - before) / 100))
            }
            metrics.append(.init("memory_bytes", Double(usage.residentBytes)))
        }
        let used = resources.sample(member, at: log.now, hostDiskWait: hostDiskWait)
        let information = await information(of: member)
        if let used { resources.keep(used, information) }
        metrics += (used?.metrics ?? []) + information
        return MetricsLine(at: log.now, node: member.name, metrics: metrics)
    }

    private func information(of member: Member) async -> [MetricsLine.Metric] {
        if let address = member.plan.metrics { return await page(of: member, at: address) }
        switch member.plan.kind {
        case .cache, .store, .queue: return await info(of: member)
        default: return []
        }
    }

    private func page(of member: Member, at address: SocketAddress) async -> [MetricsLine.Metric] {
        let client = pages[member.name] ?? HTTPClient(address)
        pages[member.name] = client
        let request = HTTPRequest("GET", "/metrics", host: "\(address.ip)")
        guard
            let response = try? await client.send(
                request, deadline: .now() + .milliseconds(500)), response.status == 200
        else { return [] }
        let text = String(decoding: response.content, as: UTF8.self)
        return MetricsReading.samples(of: text).map { .init($0.name, $0.value) }
    }

    private func info(of member: Member) async -> [MetricsLine.Metric] {
        let client = links[member.name] ?? RESPClient(member.plan.listen)
        links[member.name] = client
        let reply = try? await client.call(["INFO"], deadline: .now() + .milliseconds(300))
        return InfoReading.numbers(of: reply?.text ?? "").map { .init($0.name, $0.value) }
    }
}
