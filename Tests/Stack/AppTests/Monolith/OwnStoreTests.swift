// A monolith's rows: there after a crash once they were acknowledged, never twice, never without end.

import Journal
import Linux
import Reactor
import Testing

@testable import App

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct OwnStoreTests {
    private let folder = Monolith.freshFolder()

    private func open(_ limits: OwnStoreLimits = OwnStoreLimits()) async throws -> OwnStore {
        let deadline = MonotonicTime.now() + .seconds(10)
        while true {
            do {
                return try OwnStore(name: "app-1", folder: folder, limits: limits)
            } catch {
                guard error.isLocked, .now() < deadline else { throw error }
                await Reactor.sleep(for: .milliseconds(2))
            }
        }
    }

    private var soon: MonotonicTime { .now() + .seconds(10) }

    @Test func `what was acknowledged is there after a restart`() async throws {
        defer { try? File.removeTree(folder) }
        var store: OwnStore? = try await open()
        let writes = (0..<50).map { number in
            Task { @ReactorActor [store] in
                try await store?.set("{u1}:post:\(number)", "text \(number)", deadline: soon)
            }
        }
        for write in writes { #expect(try await write.value == "app-1") }
        try await store?.remove("{u1}:post:7", deadline: soon)
        store = nil
        let again = try await open()
        #expect(again.rowCount == 49)
        #expect(try await again.get("{u1}:post:8", deadline: soon) == Array("text 8".utf8))
        #expect(try await again.get("{u1}:post:7", deadline: soon) == nil)
    }

    @Test func `a row is not seen before it is safe`() async throws {
        defer { try? File.removeTree(folder) }
        let store = try await open()
        let write = Task { @ReactorActor in try await store.set("k", "v", deadline: soon) }
        await Task.yield()
        let early = try await store.get("k", deadline: soon)
        #expect(early == nil)
        _ = try await write.value
        #expect(try await store.get("k", deadline: soon) == [UInt8(ascii: "v")])
    }

    @Test func `what is done once is done once, also at the same time and after a restart`()
        async throws
    {
        defer { try? File.removeTree(folder) }
        var store: OwnStore? = try await open()
        let tries = (0..<5).map { number in
            Task { @ReactorActor [store] in
                try await store?.once(
                    token: "t", [.put(key: "row:\(number)", value: [])], deadline: soon)
            }
        }
        var made = 0
        for attempt in tries where try await attempt.value == true { made += 1 }
        #expect(made == 1)
        #expect(store?.rowCount == 2)
        store = nil
        let again = try await open()
        #expect(
            try await again.once(token: "t", [.put(key: "row:9", value: [])], deadline: soon)
                == false)
        #expect(again.rowCount == 2)
    }

    @Test func `data past its bound is refused, and less of it is taken again`() async throws {
        defer { try? File.removeTree(folder) }
        var limits = OwnStoreLimits()
        limits.dataMax = 1000
        let store = try await open(limits)
        let text = String(repeating: "x", count: 700)
        _ = try await store.set("a", text, deadline: soon)
        await #expect(throws: DependencyError.self) {
            try await store.set("b", text, deadline: soon)
        }
        try await store.remove("a", deadline: soon)
        _ = try await store.set("b", text, deadline: soon)
    }

    @Test func `a journal of replaced rows is written anew at the start`() async throws {
        defer { try? File.removeTree(folder) }
        var store: OwnStore? = try await open()
        for number in 0..<200 { _ = try await store?.set("k", "value \(number)", deadline: soon) }
        let size = try #require(store?.journalSize)
        store = nil
        var limits = OwnStoreLimits()
        limits.slack = 0
        store = try await open(limits)
        #expect(try await store?.get("k", deadline: soon) == Array("value 199".utf8))
        store = nil
        let again = try await open()
        #expect(try await again.get("k", deadline: soon) == Array("value 199".utf8))
        #expect(size > 0)
    }
}
