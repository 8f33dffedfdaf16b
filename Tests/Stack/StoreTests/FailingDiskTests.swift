// A disk that fails: the process ends and has acknowledged nothing that the disk did not take.

import Journal
import Linux
import Reactor
import Synchronization
import Testing
import Wire

@testable import Store

struct FailingDiskTests {
    @Test func `a failed fsync ends the process before the write is acknowledged`() async {
        await #expect(processExitsWith: .exitCode(70)) {
            let disk = Disk()
            var journal = JournalOptions()
            journal.beforeOperation = { operation in
                guard case .sync = operation, disk.isBroken.load(ordering: .relaxed) else {
                    return nil
                }
                return .inputOutput
            }
            try await Cluster.with(replicas: 1, journal: journal) { cluster in
                _ = try await cluster.leader()
                let first = try await cluster.ask(1, "SET", "a", "1")
                guard first == .simple("OK") else { CurrentProcess.exit(2) }
                disk.isBroken.store(true, ordering: .relaxed)
                _ = try await cluster.ask(1, "SET", "a", "2")
                CurrentProcess.exit(1)
            }
        }
    }
}

private final class Disk: Sendable {
    let isBroken = Atomic<Bool>(false)
}
