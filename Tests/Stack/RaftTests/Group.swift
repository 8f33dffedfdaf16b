// Several replicas with a network that a test scripts: it delivers everything at once, in order, except
// over links that are cut. For chaos see RaftSimulator.

@testable import Raft

struct Group {
    private(set) var replicas: [NodeID: Replica] = [:]
    private var inbox: [RaftMessage] = []
    private var isolated: Set<NodeID> = []
    /// Every message that was delivered since the last look.
    private(set) var delivered: [RaftMessage] = []

    init(of count: UInt64, change: (inout RaftConfiguration) -> Void = { _ in }) throws {
        for id in 1...count {
            var configuration = RaftConfiguration.node(id, of: count)
            change(&configuration)
            replicas[NodeID(id)] = try Replica(configuration)
        }
    }

    /// A group whose first nodes are its voters; the others know nothing and wait to be added.
    init(of voters: UInt64, joining newcomers: UInt64) throws {
        try self.init(of: voters + newcomers) {
            $0.membership = $0.id.rawValue <= voters ? group(of: voters) : .joining
        }
    }

    subscript(id: UInt64) -> Replica {
        get {
            guard let replica = replicas[NodeID(id)] else { preconditionFailure("no node \(id)") }
            return replica
        }
        set { replicas[NodeID(id)] = newValue }
    }

    var ids: [UInt64] { replicas.keys.sorted().map(\.rawValue) }
    var leaders: [UInt64] { ids.filter { self[$0].isLeader } }

    /// Settles one node and queues what it sends.
    mutating func settle(_ id: UInt64) { inbox += self[id].settle() }

    /// Delivers until nothing moves any more.
    mutating func settle() {
        for id in ids { settle(id) }
        while !inbox.isEmpty {
            let message = inbox.removeFirst()
            guard isolated.isDisjoint(with: [message.from, message.to]) else { continue }
            delivered.append(message)
            self[message.to.rawValue].step(.message(message))
            settle(message.to.rawValue)
        }
    }

    mutating func forgetDelivered() { delivered = [] }

    mutating func tick(_ id: UInt64, _ count: Int = 1) {
        self[id].step(.tick(count: count))
        settle()
    }

    /// Ticks all nodes in turn.
    mutating func tickAll(_ count: Int) {
        for _ in 0..<count {
            for id in ids { tick(id) }
        }
    }

    /// Makes a node campaign against others that have not heard a leader for long enough.
    mutating func elect(_ id: UInt64) {
        for other in ids where other != id { self[other].forgetLease() }
        tick(id, 2 * self[id].configuration.electionTicks)
    }

    @discardableResult
    mutating func propose(_ text: String, at id: UInt64) throws -> ProposalReceipt {
        let receipt = try self[id].propose(text)
        settle()
        return receipt
    }

    /// Asks a leader for other members, and delivers what comes of it.
    mutating func change(_ change: MembershipChange, at id: UInt64) throws {
        _ = try self[id].node.propose(change)
        settle()
    }

    /// Cuts nodes off from everybody; the links of all others are whole again.
    mutating func isolate(_ ids: UInt64...) { isolated = Set(ids.map { NodeID($0) }) }

    mutating func heal() { isolated = [] }

    mutating func crash(_ id: UInt64) throws { try self[id].crash() }
}
