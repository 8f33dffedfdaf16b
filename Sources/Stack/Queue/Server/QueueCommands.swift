// The commands that clients send over RESP2, and what each answer promises. Partitions are counted
// from 1; a key's partition is what `ShardKey` yields, plus one.
//
//     PING                                        +PONG
//     ROLE                                        [[partition, role, term, leader or -1, commit]...]
//     INFO                                        lines of name:value
//     PUBLISH topic key payload [ID producer sequence] [DELAY ms]
//                                                 :offset once a majority has it on disk
//     JOIN topic group member incarnation         [generation, members, [partition...]]
//     HEARTBEAT topic group member incarnation    the same; -FENCED when the session is over
//     LEAVE topic group member incarnation        +OK
//     FETCH topic group partition member generation max visibilityMs waitMs [LANE number]
//                                                 ends the member's last poll in the lane (of 16);
//                                                 [[token, attempt, key, payload]...]; in a
//                                                 dead-letter topic also reason, note, group,
//                                                 attempts and offset of the message's first life
//     ACK topic group partition token             +OK
//     ACK topic group partition token token...    [1 where the lease stood, else 0...]; one entry of
//                                                 the log for all
//     REJECT topic group partition token POISON|RETRY note
//                                                 :pause in ms before the next try, or +BURIED
//     RELEASE topic group partition token         +OK; the try does not count
//     EXTEND topic group partition token ms       +OK; the lease lasts that long from now
//     DEPTH topic group partition                 [ready, leased, waiting, oldest age in ms]
//
//     -NOTLEADER host:port   certainly not executed; ask there (`-` while nobody knows)
//     -UNAVAILABLE why       certainly not executed
//     -OVERLOADED why        certainly not executed; publish less, or later
//     -UNKNOWN why           executed or not: only the same ID again is a safe retry
//     -FENCED why            the lease, or the assignment, is somebody else's by now
//     -FORGOTTEN             the sequence number is so old that nobody knows
//     -WRONGPARTITION        the topic has no such partition
//
// A message is delivered at least once. A worker makes its effect happen once by a key of its own.

import Linux
import Raft
import Reactor
import Wire

@ReactorActor
final class QueueCommands {
    let replicas: [PartitionReplica]
    let addresses: [NodeID: SocketAddress]
    let figures: @ReactorActor () -> [(String, Int)]
    private(set) var counts = QueueCounts()

    init(
        _ replicas: [PartitionReplica], addresses: [NodeID: SocketAddress],
        figures: @escaping @ReactorActor () -> [(String, Int)]
    ) {
        self.replicas = replicas
        self.addresses = addresses
        self.figures = figures
    }

    func answer(_ command: RESPCommand) async -> RESPValue {
        do throws(QueueRefusal) {
            let reply = try await run(command)
            counts.note(command.name)
            return reply
        } catch {
            counts.note(error)
            guard case .notLeader(let leader) = error else { return .error(error.text) }
            let address = leader.flatMap { addresses[$0] }
            return .error("NOTLEADER \(address.map(\.description) ?? "-")")
        }
    }

    private func run(_ command: RESPCommand) async throws(QueueRefusal) -> RESPValue {
        switch command.name {
        case "": throw .syntax("empty command")
        case "PING": return command[1].map { .bulk($0) } ?? .simple("PONG")
        case "ROLE": return roles
        case "INFO": return .bulk(information)
        case "PUBLISH": return try await publish(command)
        case "FETCH": return try await fetch(command)
        case "ACK": return try await acknowledge(command)
        case "REJECT": return try await reject(command)
        case "RELEASE": return try await release(command)
        case "EXTEND": return try await extend(command)
        case "JOIN", "HEARTBEAT", "LEAVE": return try await membership(command)
        case "DEPTH": return try await depth(command)
        case "COMMAND", "CLIENT", "CONFIG": return .array([])  // redis-cli asks on connecting.
        default: throw .syntax("unknown command '\(command.name.prefix(32).lowercased())'")
        }
    }

    func replica(_ number: Int) throws(QueueRefusal) -> PartitionReplica {
        guard replicas.indices.contains(number - 1) else { throw .wrongPartition }
        return replicas[number - 1]
    }

    // MARK: Messages

    private func publish(_ command: RESPCommand) async throws(QueueRefusal) -> RESPValue {
        let publication = try Publication(command)
        let index = ShardKey.shard(of: publication.key, count: replicas.count)
        switch try await replicas[index].publish(publication) {
        case .published(let offset): return .integer(Int64(clamping: offset.rawValue))
        case .known(let offset):
            counts.duplicates += 1
            return .integer(Int64(clamping: offset.rawValue))
        default: throw .unknown("unexpected reply")
        }
    }

    private func fetch(_ command: RESPCommand) async throws(QueueRefusal) -> RESPValue {
        let call = try FetchCall(command)
        let leases = try await replica(call.partition).fetch(
            call.fetch, lane: call.lane, wait: call.wait)
        counts.delivered += leases.count
        counts.redelivered += leases.count { $0.attempt > 1 }
        return .array(leases.map(\.reply))
    }

    private func acknowledge(_ command: RESPCommand) async throws(QueueRefusal) -> RESPValue {
        var reader = CallReader(command, "ACK topic group partition token [token...]")
        let lease = try LeaseName(&reader)
        guard !reader.isAtEnd else {
            return try await settle(lease, .acknowledge(lease.group, [lease.token]))
        }
        let tokens = try [lease.token] + reader.tokens()
        let reply = try await replica(lease.partition).propose(.acknowledge(lease.group, tokens))
        guard case .settled(let stood) = reply else { throw .unknown("unexpected reply") }
        return .array(stood.map { .integer($0 ? 1 : 0) })
    }

    private func release(_ command: RESPCommand) async throws(QueueRefusal) -> RESPValue {
        var reader = CallReader(command, "RELEASE topic group partition token")
        let lease = try LeaseName(&reader)
        try reader.finish()
        return try await settle(lease, .release(lease.group, [lease.token]))
    }

    private func extend(_ command: RESPCommand) async throws(QueueRefusal) -> RESPValue {
        var reader = CallReader(command, "EXTEND topic group partition token ms")
        let lease = try LeaseName(&reader)
        let visibility = try reader.milliseconds(from: 1)
        try reader.finish()
        return try await settle(lease, .extend(lease.group, lease.token, by: visibility))
    }

    private func settle(
        _ lease: LeaseName, _ command: PartitionCommand
    ) async throws(QueueRefusal) -> RESPValue {
        guard try await replica(lease.partition).propose(command) == .settled([true]) else {
            throw .fenced("the lease is over")
        }
        return .simple("OK")
    }

    private func reject(_ command: RESPCommand) async throws(QueueRefusal) -> RESPValue {
        var reader = CallReader(
            command, "REJECT topic group partition token POISON|RETRY note")
        let lease = try LeaseName(&reader)
        let isPoison = reader.skip("POISON")
        guard isPoison || reader.skip("RETRY") else { throw reader.problem }
        let note = String(try reader.text().prefix(CallReader.nameBytesMax))
        try reader.finish()
        let reply = try await replica(lease.partition).reject(
            lease.group, lease.token, note: note, isPoison: isPoison)
        switch reply {
        case .buried: return .simple("BURIED")
        case .retried(let delay): return .integer(delay.nanoseconds / 1_000_000)
        default: throw .fenced("the lease is over")
        }
    }

    // MARK: Groups

    private func membership(_ command: RESPCommand) async throws(QueueRefusal) -> RESPValue {
        var reader = CallReader(command, "\(command.name) topic group member incarnation")
        let name = try reader.group()
        let stamp = MemberStamp(
            member: try reader.name(), incarnation: UInt64(try reader.integer(0...Int64.max)))
        try reader.finish()
        let coordinator = replicas[name.coordinator(partitionCount: replicas.count)]
        let request: PartitionCommand =
            switch command.name {
            case "JOIN": .join(name, stamp)
            case "HEARTBEAT": .heartbeat(name, stamp)
            default: .leave(name, stamp)
            }
        guard case .assigned(let assignment) = try await coordinator.propose(request) else {
            return .simple("OK")
        }
        return .array([
            .integer(Int64(clamping: assignment.generation.rawValue)),
            .integer(Int64(assignment.memberCount)),
            .array(assignment.partitions.map { .integer(Int64($0 + 1)) }),
        ])
    }
}

/// What ACK and its like name first.
private struct LeaseName {
    let group: GroupName
    let partition: Int
    let token: LeaseToken

    init(_ reader: inout CallReader) throws(QueueRefusal) {
        group = try reader.group()
        partition = Int(try reader.integer(1...1 << 20))
        token = try reader.token()
    }
}
