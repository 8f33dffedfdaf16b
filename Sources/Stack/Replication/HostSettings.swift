// What a host is told at its start.

package import Journal
package import Linux
package import Raft

/// Where one host is reached by the others.
package struct HostAddress: Hashable, Sendable {
    package var id: NodeID
    package var address: SocketAddress

    package init(id: NodeID, address: SocketAddress) {
        self.id = id
        self.address = address
    }
}

package struct HostSettings: Sendable {
    /// Hosts talk to hosts of the same cluster only.
    package var cluster: UInt64
    /// This host, and so its replica in every group; stable over restarts.
    package var id: NodeID
    /// Where it listens for the others.
    package var listen: SocketAddress
    /// The other hosts that it may share groups with.
    package var peers: [HostAddress]
    /// Holds the shared log, and snapshots on their way.
    package var folder: String
    /// Elections of replicas with the same seed, group and host would collide for ever.
    package var seed: UInt64
    package var heartbeat = Duration.milliseconds(50)
    /// The least election timeout; each election draws from this up to twice this.
    package var electionTimeout = Duration.milliseconds(300)
    /// The same on all hosts. A lease assumes what `ReadRule.lease` says of clocks; the host sees to
    /// it that time is counted up to each read.
    package var readRule = ReadRule.quorumRound
    package var limits = ReplicaLimits()
    package var links = PeerLinkLimits()
    package var journal = JournalOptions()

    package init(
        cluster: UInt64, id: NodeID, listen: SocketAddress, peers: [HostAddress], folder: String,
        seed: UInt64
    ) {
        self.cluster = cluster
        self.id = id
        self.listen = listen
        self.peers = peers
        self.folder = folder
        self.seed = seed
    }

    /// The grain in which replicas count time.
    var tick: Duration { heartbeat / limits.ticksPerHeartbeat }

    func configuration(
        of group: GroupID, membership: Membership, seed: UInt64, commitRule: CommitRule
    ) -> RaftConfiguration {
        var configuration = RaftConfiguration(id: id, membership: membership, seed: seed)
        configuration.heartbeatTicks = limits.ticksPerHeartbeat
        configuration.electionTicks = Int(
            electionTimeout.nanoseconds / max(1, tick.nanoseconds))
        configuration.appendBytesMax = 64 << 10
        configuration.appendsInFlightMax = 32
        configuration.commitRule = commitRule
        configuration.readRule = readRule
        configuration.life = UInt64.random(in: 1 ... .max)
        return configuration
    }
}
