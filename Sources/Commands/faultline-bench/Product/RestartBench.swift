// How long a replica that holds much takes to serve again after SIGKILL: until it answers, and until it
// has applied all that was committed when it was started.

import Endpoints
import Experiment
import Linux
import Reactor
import Testbed
import Wire

struct RestartBench {
    private static let topology = """
        apiVersion: faultline/v1
        kind: Topology
        name: bench-restart
        entry: idle
        tiers:
          store: {role: store, shards: 1, replicas: 3, capacity: 1536MiB}
          idle: {exec: [sleep, "3600"], port: 8080, ready: {command: ["true"]}}

        """
    private static let nodes = ["store-1-1", "store-1-2", "store-1-3"]
    private static let valueBytes = 64 << 10
    /// 1 GiB: the store refuses writes when its map is nine tenths full.
    private static let valueCount = 16_384
    private static let writers = 16

    private let options: BenchOptions
    private let repetitions: Int

    init(_ options: BenchOptions) throws {
        self.options = options
        repetitions = options.repetitions ?? 5
    }

    func perform() throws -> Int32 {
        try BenchStack.measure(
            "Restart of a full replica", of: Self.topology, options, repetitions: repetitions,
            measure)
    }

    @ReactorActor
    private func measure(_ stack: BenchStack) async throws -> MarkdownTable {
        let members = try Self.nodes.map(stack.member(named:))
        let leader = try await StoreClient.leader(among: members.map(\.plan.listen))
        try await fill(leader)
        var answers: [Double] = []
        var caughtUp: [Double] = []
        for repetition in 0..<repetitions {
            let followers = members.filter { $0.plan.listen != leader }
            let times = try await restart(followers[repetition % followers.count], leader)
            answers.append(times.answer)
            caughtUp.append(times.caughtUp)
            Heading.progress(
                "answers after \(Figure.text(times.answer, places: 0)) ms, caught up after "
                    + "\(Figure.text(times.caughtUp, places: 0)) ms")
        }
        let size = (Self.valueBytes * Self.valueCount) >> 20
        var table = MarkdownTable("a follower with \(size) MiB, ms", "median", "least to most")
        for (title, values) in [("answers", answers), ("has caught up", caughtUp)] {
            if let spread = Spread(values) { table.add([title] + spread.cells()) }
        }
        return table
    }

    @ReactorActor
    private func fill(_ leader: SocketAddress) async throws {
        let value = [UInt8](repeating: 0x78, count: Self.valueBytes)
        try await Crew.run(Self.writers) { writer in
            let client = StoreClient(leader, name: "fill-\(writer)")
            defer { client.close() }
            for round in 0..<(Self.valueCount / Self.writers) {
                if writer == 0, round % 64 == 0 {
                    Heading.progress("filled \(round * Self.writers / 16) MiB")
                }
                try await client.write(
                    round * Self.writers + writer, value, deadline: .now() + .seconds(20))
            }
        }
    }

    /// Kills a follower and starts it again; milliseconds.
    @ReactorActor
    private func restart(
        _ member: Member, _ leader: SocketAddress
    ) async throws -> (answer: Double, caughtUp: Double) {
        guard try member.node.signal(.kill) else { throw BenchError("\(member.name) did not run") }
        _ = await member.node.process?.waitForExit(deadline: .now() + .seconds(10))
        let target = try await figure("commit", of: leader)
        let started = MonotonicTime.now()
        try member.node.restart()
        let deadline = started + .seconds(120)
        var answer: MonotonicTime?
        while MonotonicTime.now() < deadline {
            if let applied = try? await figure("applied", of: member.plan.listen) {
                answer = answer ?? .now()
                if let answer, applied >= target {
                    return (milliseconds(started, answer), milliseconds(started, .now()))
                }
            }
            await Reactor.sleep(for: .milliseconds(5))
        }
        throw BenchError("\(member.name) did not catch up")
    }

    private func milliseconds(_ start: MonotonicTime, _ end: MonotonicTime) -> Double {
        Double((end - start).nanoseconds) / 1e6
    }

    /// One line of a replica's INFO.
    @ReactorActor
    private func figure(_ name: String, of replica: SocketAddress) async throws -> Int {
        let client = RESPClient(replica)
        defer { client.close() }
        let answer = try await client.call(["INFO"], deadline: .now() + .seconds(5))
        guard case .bulk(let bytes) = answer else { throw BenchError("INFO: \(answer)") }
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0] == name, let value = Int(parts[1]) { return value }
        }
        throw BenchError("INFO has no \(name)")
    }
}
