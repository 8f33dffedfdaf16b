// The disk's part of the promise: what a failed fsync, a torn tail, a damaged log and a log that is
// shortened do to it.

import Blueprint
import Endpoints
import Journal
import Linux
import Reactor
import Synchronization
import Testing
import Wire

@testable import Queue

@ReactorActor
@Suite(.serialized, .timeLimit(.minutes(1)))
struct DurabilityTests {
    @Test func `an order is answered only after an fsync that began later`() async throws {
        let fixture = try QueueFixture()
        let disk = SlowDisk()
        fixture.options.journal.beforeOperation = { disk.before($0) }
        let address = try fixture.start()
        let client = QueueClient(address)
        disk.hold()
        let call = Task { @ReactorActor in try await client.enqueue("a") }
        #expect(await eventually { disk.isWaiting })
        let other = QueueClient(address)
        #expect(try await other.take().isEmpty)
        #expect(try await other.call("PING") == .simple("PONG"))
        #expect(try await other.information()["log_syncs"] == "0")
        disk.release()
        #expect(try await call.value == .integer(0))
        #expect(try await other.take().map(\.id) == ["a"])
        await fixture.stop()
    }

    @Test func `a failed fsync ends the process and acknowledges nothing`() async throws {
        let result = await #expect(
            processExitsWith: .exitCode(1), observing: [\.standardErrorContent]
        ) {
            await enqueueWhileTheDiskFails()
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(text.contains("level=error from=queue-1 msg=\"the log failed"))
        #expect(text.contains("EIO"))
    }

    @Test func `a torn tail costs nothing that was acknowledged`() async throws {
        let fixture = try QueueFixture()
        var client = QueueClient(try fixture.start())
        _ = try await client.enqueue("a")
        await fixture.stop()
        let path = try #require(try journalFiles(fixture).last)
        try File.save(try File.contents(of: path) + [1, 2, 3], to: path)
        client = QueueClient(try fixture.start())
        #expect(try await client.take().map(\.id) == ["a"])
        await fixture.stop()
    }

    @Test func `a log that is damaged before its end is refused`() async throws {
        let fixture = try QueueFixture()
        let client = QueueClient(try fixture.start())
        for number in 0..<5 { _ = try await client.enqueue("m\(number)", "some payload") }
        await fixture.stop()
        let path = try #require(try journalFiles(fixture).last)
        var bytes = try File.contents(of: path)
        bytes[bytes.count / 2] ^= 1
        try File.save(bytes, to: path)
        #expect(throws: QueueError.self) { try fixture.start() }
    }

    @Test func `two queues cannot have one folder`() async throws {
        let fixture = try QueueFixture()
        try fixture.start()
        let second = try QueueFixture()
        #expect(throws: QueueError.self) {
            _ = try QueueServer(
                name: "queue-2", listen: SocketAddress(ip: .loopback, port: 0),
                dataFolder: fixture.folder, settings: second.settings, seed: 1)
        }
        await fixture.stop()
    }

    @Test func `the log stays short, and one old order and all ids survive in it`() async throws {
        let fixture = try QueueFixture()
        fixture.settings.deduplicationWindow = 20
        fixture.options.limits.payloadBytesMax = 1024
        fixture.options.journal.segmentSizeMax = 8192
        fixture.options.journal.payloadCountMax = 2048
        fixture.options.compaction.interval = 32
        fixture.options.compaction.logBytesMin = 16_384
        var client = QueueClient(try fixture.start())
        let payload = String(repeating: "x", count: 300)
        _ = try await client.enqueue("old", payload)
        _ = try await client.take()
        for number in 0..<400 {
            _ = try await client.enqueue("m\(number)", payload)
            let delivery = try #require(try await client.take().first)
            #expect(try await client.acknowledge(delivery.tag) == .integer(1))
        }
        let server = try #require(fixture.server)
        #expect(await eventually { server.service.storage.byteCount < 40_000 })
        #expect(server.service.storage.firstIndex > 600)
        #expect(try await client.information()["written_again"] != "0")

        client = try await fixture.restart()
        #expect(try await client.depth() == [1, 0, 400])
        let again = try #require(try await client.take().first)
        #expect(again.id == "old")
        #expect(again.attempt == 2)
        #expect(again.payload == Array(payload.utf8))
        for number in 380..<400 {
            #expect(try await client.enqueue("m\(number)") == .integer(Int64(number + 1)))
        }
        #expect(try await client.enqueue("m0") == .integer(401))
        await fixture.stop()
    }

    private func journalFiles(_ fixture: QueueFixture) throws -> [String] {
        let folder = fixture.folder + "/journal"
        return try File.list(folder).filter { $0 != "lock" }.map { folder + "/" + $0 }
    }
}

/// Exits with 7 when it is told that something is durable.
@ReactorActor
private func enqueueWhileTheDiskFails() async {
    do {
        let disk = SlowDisk()
        let fixture = try QueueFixture()
        fixture.options.journal.beforeOperation = { disk.before($0) }
        let client = QueueClient(try fixture.start())
        // Nobody cleans up behind a process that ends in the middle; its open files live on.
        try File.removeTree(fixture.folder)
        disk.fail()
        _ = try await client.enqueue("a")
        CurrentProcess.exit(7)
    } catch {
        // The connection is cut by the end of the process, perhaps before it.
        await Reactor.sleep(for: .seconds(30))
    }
}

/// Stands before every fsync: lets it pass, holds it, or fails it.
private final class SlowDisk: Sendable {
    private enum Mode {
        case passing, holding, failing
    }

    private let mode = Mutex(Mode.passing)
    private let waiting = Atomic(false)

    var isWaiting: Bool { waiting.load(ordering: .relaxed) }

    func hold() { mode.withLock { $0 = .holding } }
    func release() { mode.withLock { $0 = .passing } }
    func fail() { mode.withLock { $0 = .failing } }

    func before(_ operation: DiskOperation) -> Errno? {
        guard case .sync = operation else { return nil }
        while mode.withLock({ $0 == .holding }) {
            waiting.store(true, ordering: .relaxed)
            PreciseWait.pause(.milliseconds(1))
        }
        return mode.withLock { $0 == .failing } ? .inputOutput : nil
    }
}
