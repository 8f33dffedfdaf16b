// Reads the counters that objectives name from every node of their tiers, at the start of each phase and at the
// end of the last. Nothing is asked when no objective names one.

import Checkers
import Endpoints
import Experiment
import History
import Linux
import Reactor
import Telemetry
import Testbed
import Wire

@ReactorActor
final class CounterSampler {
    private let stack: Stack
    private let counters: [Objective.Counter]
    private let bounds: [Int64]
    private(set) var readings: [CounterReading] = []

    init(_ stack: Stack, _ objectives: [Objective], _ clock: PhaseClock) {
        self.stack = stack
        var named: [Objective.Counter] = []
        for case .counter(let counter, _, _) in objectives.map(\.claim)
        where !named.contains(counter) { named.append(counter) }
        counters = named
        bounds = Set(clock.spans.flatMap { [$0.start, $0.end] }).sorted()
    }

    /// Returns after the last bound, or when the run is aborted.
    func run(_ log: EventLog, _ aborted: AbortSwitch) async {
        guard !counters.isEmpty else { return }
        for bound in bounds {
            let due = log.epoch.monotonic + .nanoseconds(bound)
            guard await aborted.sleep(until: due) else { return }
            await read(at: bound)
        }
    }

    private func read(at bound: Int64) async {
        let members = stack.members.filter { member in
            counters.contains { $0.tier == member.plan.tier }
        }
        let questions = members.map { member in
            Task { @ReactorActor in await Self.information(of: member.plan.listen) }
        }
        for (member, question) in zip(members, questions) {
            let fields = await question.value
            for counter in counters where counter.tier == member.plan.tier {
                readings.append(
                    CounterReading(
                        counter, node: member.name, bound: bound, value: fields[counter.field]))
            }
        }
    }

    private static func information(of address: SocketAddress) async -> [String: Int64] {
        let client = RESPClient(address)
        defer { client.close() }
        let reply = try? await client.call(["INFO"], deadline: .now() + .milliseconds(500))
        let fields = InfoReading.fields(of: reply?.text ?? "").compactMap { field in
            Int64(field.value).map { (field.name, $0) }
        }
        return Dictionary(fields) { _, last in last }
    }
}
