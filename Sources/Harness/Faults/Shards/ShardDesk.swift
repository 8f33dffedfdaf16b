// What the nodes of a store say of their shards, and what they can be asked to do with them: the
// operator's desk from which shard faults act, over the same commands that a person would type.
//
// Every node is asked, and of each shard the newest news counts, as it does for clients.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor
import Wire

@ReactorActor
final class ShardDesk {
    /// Every node of the store, whichever shard it began with.
    let nodes: [NamedAddress]
    private let random: SeededRandom
    private static let patience: Duration = .milliseconds(500)

    init(_ nodes: [NamedAddress], random: SeededRandom = SeededRandom(seed: 1)) {
        self.nodes = nodes
        self.random = random
    }

    /// The shards as the nodes that answer know them; empty when none does.
    func rows() async -> [ShardRow] {
        let questions = nodes.map { node in
            Task { @ReactorActor in await ask(node, ["SHARD", "ROUTES"]) }
        }
        var newest: [UInt64: ShardRow] = [:]
        for question in questions {
            for row in (await question.value?.elements ?? []).compactMap(Self.row) {
                if let known = newest[row.shard], known.version >= row.version { continue }
                newest[row.shard] = row
            }
        }
        // What a newer shard covers is no more.
        return newest.values.filter { row in
            !newest.values.contains {
                $0.version > row.version && $0.range.covers(row.range)
            }
        }.sorted { $0.range.lower < $1.range.lower }
    }

    func row(of shard: UInt64) async -> ShardRow? { await rows().first { $0.shard == shard } }

    private static func row(_ value: RESPValue) -> ShardRow? { value.text.flatMap(ShardRow.init) }

    /// Asks one node; nil when it does not answer in time.
    func ask(_ node: NamedAddress, _ words: [String]) async -> RESPValue? {
        let client = RESPClient(node.address)
        defer { client.close() }
        return try? await client.call(words, deadline: .now() + Self.patience)
    }

    /// Has whoever leads a shard carry out a command, trying again until the deadline.
    func command(
        _ words: [String], of row: ShardRow, deadline: MonotonicTime
    ) async throws(FaultError) -> RESPValue {
        let seeker = LeaderSeeker(
            row.members, random: random, tryTimeout: .seconds(3), acquaintances: nodes)
        do throws(SeekError) {
            return try await seeker.call(words, deadline: deadline).value
        } catch {
            throw .unproven("\(words.joined(separator: " ")): \(error)")
        }
    }

    // MARK: Keys

    /// A key in a range, and none that anybody else uses.
    func key(in range: ShardRange) async throws(FaultError) -> String {
        for number in [range.lower] + Array(0..<500) {
            let key = "{u\(number)}:faultline"
            for node in nodes {
                guard let places = await ask(node, ["SHARD", "KEY", key])?.elements,
                    let place = places.first?.integer
                else { continue }
                if range.contains(UInt64(clamping: place)) { return key }
                break
            }
        }
        throw .unproven("no key was found whose place is in \(range)")
    }

    /// The nodes that answer a read of a key themselves, instead of sending it on.
    func owners(of key: String) async -> [String] {
        let questions = nodes.map { node in
            Task { @ReactorActor in (node.name, await ask(node, ["GET", key])) }
        }
        var owners: [String] = []
        for question in questions {
            let (name, answer) = await question.value
            switch answer {
            case .null?, .bulk?: owners.append(name)
            case .error?, .simple?, .integer?, .array?, nil: break
            }
        }
        return owners
    }

    /// Waits for a key to have its one owner among these nodes; says who that is.
    func owner(
        of key: String, among members: [NamedAddress], deadline: MonotonicTime
    ) async throws(FaultError) -> String {
        var owners: [String] = []
        repeat {
            owners = await self.owners(of: key)
            if owners.count > 1 {
                throw .unproven("\(owners.joined(separator: " and ")) both answer for \(key)")
            }
            if let owner = owners.first, members.contains(where: { $0.name == owner }) {
                return owner
            }
            await Reactor.sleep(for: .milliseconds(20))
        } while .now() < deadline
        let found = owners.first ?? "nobody"
        throw .unproven("\(found) answers for \(key), which is no new owner")
    }
}

extension ShardRow {
    /// For evidence: `shard 0 0..<50 version 3`.
    var summary: String { "shard \(shard) \(range) version \(version)" }
}
