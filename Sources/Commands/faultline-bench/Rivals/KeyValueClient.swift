// What the store bench asks of either store, in that store's own protocol: write a value and know that a
// majority has it on disk; read it, linearizably.

import Endpoints
import Linux
import Reactor
import Wire

/// One connection to the leader of a store.
@ReactorActor
protocol KeyValueClient: AnyObject {
    func write(_ key: Int, _ value: [UInt8], deadline: MonotonicTime) async throws
    /// Throws unless the value is there.
    func read(_ key: Int, deadline: MonotonicTime) async throws
    func close()
}

/// Our store, by RESP.
@ReactorActor
final class StoreClient: KeyValueClient {
    private let client: RESPClient
    private let name: String
    private var sequence: UInt64 = 0

    init(_ leader: SocketAddress, name: String) {
        client = RESPClient(leader)
        self.name = name
    }

    /// Finds the replica that says that it leads.
    static func leader(among replicas: [SocketAddress]) async throws -> SocketAddress {
        let deadline = MonotonicTime.now() + .seconds(20)
        while .now() < deadline {
            for replica in replicas {
                let client = RESPClient(replica)
                defer { client.close() }
                let answer = try? await client.call(["ROLE"], deadline: .now() + .seconds(1))
                if case .array(let words) = answer, words.first == .bulk(Array("leader".utf8)) {
                    return replica
                }
            }
            await Reactor.sleep(for: .milliseconds(50))
        }
        throw BenchError("no replica of the store leads")
    }

    func write(_ key: Int, _ value: [UInt8], deadline: MonotonicTime) async throws {
        sequence += 1
        var command: [UInt8] = []
        command.appendRESP(
            command: [
                Array("SET".utf8), Self.key(key), value, Array("ID".utf8), Array(name.utf8),
                Array("\(sequence)".utf8),
            ])
        let reply = try await client.call(encoded: command, deadline: deadline)
        guard reply == .simple("OK") else { throw BenchError("SET: \(reply)") }
    }

    func read(_ key: Int, deadline: MonotonicTime) async throws {
        var command: [UInt8] = []
        command.appendRESP(command: [Array("GET".utf8), Self.key(key)])
        let reply = try await client.call(encoded: command, deadline: deadline)
        guard case .bulk = reply else { throw BenchError("GET: \(reply)") }
    }

    func close() { client.close() }

    private static func key(_ key: Int) -> [UInt8] { Array("{u\(key)}:bench".utf8) }
}

/// etcd, by gRPC (rpc.proto of etcd: KV.Put, KV.Range, Maintenance.Status).
@ReactorActor
final class EtcdClient: KeyValueClient {
    private let channel: UnaryChannel

    init(
        _ address: SocketAddress, deadline: MonotonicTime = .now() + .seconds(5)
    ) async throws {
        channel = try await UnaryChannel.open(address, deadline: deadline)
    }

    /// Finds the member whose own ID is the leader's.
    static func leader(among members: [SocketAddress]) async throws -> SocketAddress {
        let deadline = MonotonicTime.now() + .seconds(20)
        while .now() < deadline {
            for member in members where try await leads(member) { return member }
            await Reactor.sleep(for: .milliseconds(50))
        }
        throw BenchError("no member of etcd leads")
    }

    private static func leads(_ member: SocketAddress) async throws -> Bool {
        guard let client = try? await EtcdClient(member) else { return false }
        defer { client.close() }
        let status = try? await client.channel.call(
            "/etcdserverpb.Maintenance/Status", [], deadline: .now() + .seconds(1))
        guard let status = status.map(ProtobufFields.init),
            let head = status.bytes(1).map(ProtobufFields.init), let leader = status.number(4)
        else { return false }
        return leader == head.number(2)
    }

    func write(_ key: Int, _ value: [UInt8], deadline: MonotonicTime) async throws {
        var message = ProtobufMessage()
        message.add(1, Self.key(key))
        message.add(2, value)
        let answer = try await channel.call(
            "/etcdserverpb.KV/Put", message.bytes, deadline: deadline)
        guard ProtobufFields(answer).bytes(1) != nil else { throw BenchError("Put: no header") }
    }

    func read(_ key: Int, deadline: MonotonicTime) async throws {
        var message = ProtobufMessage()
        message.add(1, Self.key(key))
        let answer = try await channel.call(
            "/etcdserverpb.KV/Range", message.bytes, deadline: deadline)
        guard ProtobufFields(answer).bytes(2) != nil else { throw BenchError("Range: no value") }
    }

    func close() { channel.close() }

    private static func key(_ key: Int) -> [UInt8] { Array("{u\(key)}:bench".utf8) }
}
