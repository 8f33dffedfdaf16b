// Reads under a lease, over real sockets and real time: none is answered by a leader that slept.

import Linux
import Raft
import Reactor
import Testing

@testable import Replication

@ReactorActor
@Suite(.timeLimit(.minutes(1)), .serialized)
struct LeaseTests {
    private let rule = ReadRule.lease(driftPercentMax: 10)

    @Test func `a leader reads under its lease, and what it reads is fresh`() async throws {
        try await HostCluster.with(readRule: rule) { cluster in
            for number in 1...20 {
                try await cluster.write("k", "\(number)")
                #expect(try await cluster.value("k") == "\(number)")
            }
        }
    }

    /// What it stands for: SIGSTOP, another leader, a write there, SIGCONT, and a client whose read
    /// waited in the socket.
    @Test func `a leader that slept through its lease answers no read`() async throws {
        try await HostCluster.with(readRule: rule) { cluster in
            try await cluster.write("k", "old")
            let sleeper = try await cluster.leader()
            let group = try cluster.group(on: sleeper)
            #expect(await group.readBarrier() == .ready)
            let host = try cluster.host(sleeper)
            host.isAsleep = true
            host.isCutOff = true
            try await cluster.write("k", "new")
            #expect(group.isLeader, "it knows nothing of that")
            #expect(group.state.values["k"] == "old")
            #expect(await group.readBarrier() != .ready)
            host.isAsleep = false
            host.isCutOff = false
            _ = try await cluster.until("it has heard") {
                group.state.values["k"] == "new" ? true : nil
            }
        }
    }
}
