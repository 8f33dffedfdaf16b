// Our queue beside RabbitMQ's quorum queues: three nodes each on this machine, both with fsync on, both
// stacks up at the same time and used in turns by the same client.
//
// A message of 100 bytes is published, confirmed by a majority, handed out, and its acknowledgement sent;
// then the one who waited for it publishes the next. So a rate counts messages that went all the way, no
// backlog grows, and a message that is lost ends the bench. RabbitMQ does not answer acknowledgements, so
// nobody waits for them; ours does, and one that is refused ends the bench too.

import Linux
import Reactor

struct QueueBench {
    private static let length: Duration = .seconds(5)

    /// How many messages are under way over how many lanes: queues there, partitions here.
    private struct Case {
        let lanes: Int
        let inFlight: Int
    }

    private static let cases = [
        Case(lanes: 1, inFlight: 64), Case(lanes: 1, inFlight: 1000),
        Case(lanes: RivalTopology.queueLanes, inFlight: 1000),
    ]

    private let options: BenchOptions
    private let repetitions: Int

    init(_ options: BenchOptions) throws {
        self.options = options
        repetitions = options.repetitions ?? 5
        _ = try BenchOptions.tool(RivalTopology.rabbitProgram, debian: "rabbitmq-server")
    }

    func perform() throws -> Int32 {
        try BenchStack.measure(
            "Queue against RabbitMQ's quorum queues", of: RivalTopology.queues, options,
            repetitions: repetitions, measure)
    }

    @ReactorActor
    private func measure(_ stack: BenchStack) async throws -> MarkdownTable {
        var table = RivalTable("queues and partitions", "under way", theirs: "RabbitMQ")
        let rabbits = try RivalTopology.rabbitNodes.map(stack.address(of:))
        for wanted in Self.cases {
            let own = try RivalTopology.queueNodes(lanes: wanted.lanes).map(stack.address(of:))
            var both = RivalResults()
            for repetition in 0..<repetitions {
                for isOurs in repetition % 2 == 0 ? [true, false] : [false, true] {
                    let queue: any BenchedQueue =
                        try await isOurs
                        ? OwnQueue.open(own, lanes: wanted.lanes)
                        : RabbitQueue.open(rabbits, lanes: wanted.lanes)
                    let result = try await run(wanted, queue)
                    both.note(result, isOurs: isOurs)
                    Heading.progress(
                        "\(wanted.lanes) lanes, \(wanted.inFlight) under way, "
                            + "\(isOurs ? "ours" : "RabbitMQ"): "
                            + "\(Figure.text(result.perSecond, places: 0))/s")
                }
            }
            table.add(["\(wanted.lanes)", "\(wanted.inFlight)"], both)
        }
        return table.table
    }

    @ReactorActor
    private func run(_ wanted: Case, _ queue: any BenchedQueue) async throws -> ClosedLoopResult {
        let arrivals = Arrivals(clients: wanted.inFlight)
        queue.didFinish = { arrivals.note($0) }
        let result = try await ClosedLoop.run(clients: wanted.inFlight, for: Self.length) {
            client, round in
            let deadline = MonotonicTime.now() + .seconds(10)
            arrivals.expect(client, round)
            let message = BenchMessage(client: client, round: round)
            try await queue.publish(
                message.body, lane: client % wanted.lanes, deadline: deadline)
            try await arrivals.wait(client, deadline)
        }
        try await queue.finish()
        return result
    }
}

/// For each client the message that it waits for.
@ReactorActor
private final class Arrivals {
    private var expected: [(round: UInt32, promise: Promise<Bool>)]

    init(clients: Int) {
        expected = (0..<clients).map { _ in (0, Promise()) }
    }

    func expect(_ client: Int, _ round: Int) {
        expected[client] = (UInt32(round), Promise())
    }

    func wait(_ client: Int, _ deadline: MonotonicTime) async throws {
        guard await expected[client].promise.value(deadline: deadline) != nil else {
            throw BenchError("a confirmed message did not arrive")
        }
    }

    /// Ignores what is handed out a second time.
    func note(_ body: [UInt8]) {
        guard let message = BenchMessage(body), expected.indices.contains(Int(message.client)),
            expected[Int(message.client)].round == message.round
        else { return }
        expected[Int(message.client)].promise.fulfil(true)
    }
}
