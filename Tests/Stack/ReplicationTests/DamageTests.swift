// A host whose log was damaged on the disk: it says so, and has no vote before its peers have given
// it back what it lost.

import Journal
import Linux
import Raft
import Reactor
import Testing

@testable import Replication

@ReactorActor
@Suite(.timeLimit(.minutes(2)), .serialized)
struct DamageTests {
    /// Flips a bit in the middle of the log of a host that is down.
    private func damage(_ id: Int, _ cluster: HostCluster) throws {
        let folder = "\(cluster.folder)/\(id)/log"
        let segment = try #require(try File.list(folder).first { $0 != "lock" })
        var content = try File.contents(of: "\(folder)/\(segment)")
        content[content.count / 2] ^= 1
        try File.save(content, to: "\(folder)/\(segment)")
    }

    @Test func `a damaged replica is rebuilt, and only then has a vote`() async throws {
        try await HostCluster.with(groups: 2) { cluster in
            try await cluster.write(1...20)
            try await cluster.write("x", "y", to: 2)
            try await cluster.settle()
            let leader = try await cluster.leader()
            let damaged = leader % 3 + 1
            let behind = damaged % 3 + 1
            try await cluster.stop(behind)
            // The leader and the replica that will be damaged have these, nobody else.
            try await cluster.write(21...40)
            try await cluster.settle()
            let term = try cluster.group(on: damaged).status.term
            for id in [leader, damaged] { try await cluster.stop(id) }
            try damage(damaged, cluster)
            for id in [damaged, behind] { try cluster.start(id) }
            #expect(try cluster.group(on: damaged).status.isRecovering)
            #expect(try cluster.group(on: damaged).status.term >= term)
            try await cluster.until("the one that is behind asks for votes") {
                #expect(try !cluster.group(on: behind).isLeader)
                return try cluster.group(on: behind).status.role == .preCandidate ? () : nil
            }
            try cluster.start(leader)
            try await cluster.expectWritten(1...40)
            try await cluster.until("the damaged one is whole again") {
                try (UInt64(1)...2).contains {
                    try cluster.group($0, on: damaged).status.isRecovering
                } ? nil : ()
            }
            try await cluster.settle()
            #expect(try cluster.group(on: damaged).state.values.count == 40)
            // Now it counts: with the others' help no longer needed.
            try await cluster.stop(leader)
            try await cluster.expectWritten(1...40)
            #expect(try await cluster.value("x", in: 2) == "y")
        }
    }

    @Test func `a log that is gone is no new beginning`() async throws {
        try await HostCluster.with { cluster in
            try await cluster.write(1...20)
            try await cluster.settle()
            let lost = try await cluster.leader() % 3 + 1
            try await cluster.stop(lost)
            try File.removeTree("\(cluster.folder)/\(lost)/log")
            try cluster.start(lost)
            #expect(try !cluster.host(lost).isNew)
            #expect(try cluster.group(on: lost).status.isRecovering)
            try await cluster.until("it is whole again") {
                try cluster.group(on: lost).status.isRecovering ? nil : ()
            }
            try await cluster.settle()
            #expect(try cluster.group(on: lost).state.values.count == 20)
        }
    }

    @Test func `a damaged replica finds itself damaged again until it is rebuilt`() async throws {
        try await HostCluster.with { cluster in
            try await cluster.write(1...20)
            try await cluster.settle()
            for id in 1...3 { try await cluster.stop(id) }
            try damage(1, cluster)
            for _ in 0..<2 {
                try cluster.start(1)
                #expect(try cluster.group(on: 1).status.isRecovering)
                try await cluster.stop(1)
            }
            for id in 1...3 { try cluster.start(id) }
            try await cluster.expectWritten(1...20)
        }
    }

    @Test func `the register stays small however often terms change`() async throws {
        let folder = "/tmp/replication-register-\(CurrentProcess.id)"
        defer { try? File.removeTree(folder) }
        let founding = Founding(founders: Membership(voters: [NodeID(1)]), charter: [1])
        do {
            let register = try LogRegister.open(folder, options: JournalOptions())
            try register.note(.founded(founding), of: GroupID(1))
            try register.note(.founded(founding), of: GroupID(2))
            try register.note(.removed, of: GroupID(2))
            for term in UInt64(1)...20_000 {
                let state = HardState(term: Term(term), vote: NodeID(term % 3))
                try register.note(.hardState(state), of: GroupID(1))
                guard term.isMultiple(of: 500), let batch = try register.beginSync() else {
                    continue
                }
                try register.finishSync(batch.perform())
            }
            try register.sync()
        }
        let size = try File.list(folder).reduce(0) {
            $0 + (try File.contents(of: "\(folder)/\($1)")).count
        }
        #expect(size < 300 << 10, "20,000 changes take \(size) bytes")
        let register = try LogRegister.open(folder, options: JournalOptions())
        let last = HardState(term: Term(20_000), vote: NodeID(20_000 % 3))
        #expect(
            register.groups == [GroupID(1): LogRegister.Item(founding: founding, hardState: last)])
    }
}
