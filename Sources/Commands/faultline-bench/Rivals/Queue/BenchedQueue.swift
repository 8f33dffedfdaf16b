// What the queue bench asks of either queue: take a message and keep it on a majority's disks, hand it
// out, and forget it once that was acknowledged.

import Linux
import Reactor

/// Some lanes, each a queue or a partition of its own, with publishers and one consumer each.
@ReactorActor
protocol BenchedQueue: AnyObject {
    /// Told of each message that was handed out and whose acknowledgement is on its way.
    var didFinish: @ReactorActor (_ body: [UInt8]) -> Void { get set }
    /// Returns once the queue has confirmed the message.
    func publish(_ body: [UInt8], lane: Int, deadline: MonotonicTime) async throws
    /// Ends consumers and connections; throws what a consumer met, a refused acknowledgement too.
    func finish() async throws
}

/// A message of the bench: who waits for it, and which of its messages it is.
struct BenchMessage {
    static let byteCount = 100

    let client: UInt32
    let round: UInt32

    init(client: Int, round: Int) {
        self.client = UInt32(client)
        self.round = UInt32(round)
    }

    /// Nil for what the bench did not write.
    init?(_ body: [UInt8]) {
        guard body.count == Self.byteCount else { return nil }
        client = body[0..<4].reduce(0) { $0 << 8 | UInt32($1) }
        round = body[4..<8].reduce(0) { $0 << 8 | UInt32($1) }
    }

    var body: [UInt8] {
        var writer = AMQPWriter()
        writer.write(u32: client)
        writer.write(u32: round)
        return writer.bytes + [UInt8](repeating: 0x78, count: Self.byteCount - 8)
    }
}
