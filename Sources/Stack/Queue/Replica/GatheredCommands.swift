// Commands on their way into one entry of the log, and those who wait for what becomes of them.

import Reactor
import Replication
import Wire

@ReactorActor
final class GatheredCommands {
    private var writer = ByteWriter()
    private(set) var count = 0
    fileprivate let outcome = Promise<WriteOutcome<[PartitionReply]>>()

    init() {}

    var byteCount: Int { writer.count }

    func add(_ command: PartitionCommand) -> PendingCommand {
        command.write(to: &writer)
        count += 1
        return PendingCommand(entry: self, place: count - 1)
    }

    /// The entry that holds them all.
    func entry(at time: LogTime) -> [UInt8] {
        let written = writer.bytes
        return CommandBatch.encoded(time: time, count: count, commands: written.span)
    }

    /// Tells all who wait.
    func settle(_ outcome: WriteOutcome<[PartitionReply]>) { self.outcome.fulfil(outcome) }
}

/// A command whose outcome comes later.
@ReactorActor
struct PendingCommand {
    fileprivate let entry: GatheredCommands
    fileprivate let place: Int

    func outcome() async -> WriteOutcome<PartitionReply> {
        switch await entry.outcome.value() {
        case .applied(let replies):
            replies.indices.contains(place) ? .applied(replies[place]) : .unknown
        case .refused(let refusal): .refused(refusal)
        case .unknown, nil: .unknown
        }
    }
}
