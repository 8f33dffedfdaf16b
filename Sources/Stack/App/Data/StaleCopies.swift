// Copies of documents for the time that the store is away: a feed of a minute ago beats none (RFC 5861
// calls it stale-if-error). They lie in the cache beside the documents, live much longer, and are never
// looked at while the store answers.
//
// Kept behind the answer, some at a time: a copy that was not kept is missed on a bad day only.

import Linux
import Reactor

@ReactorActor
final class StaleCopies {
    struct Copy {
        let document: [UInt8]
        /// Since the source was read.
        let age: Duration
    }

    private let cache: CacheTier
    private let lifetime: Duration
    private var underWay = 0
    private(set) var served = 0
    private static let underWayMax = 64

    init(_ cache: CacheTier, lifetime: Duration = .seconds(600)) {
        self.cache = cache
        self.lifetime = lifetime
    }

    /// Keeps what the source has just said.
    func keep(_ key: String, _ document: String) {
        guard underWay < Self.underWayMax else { return }
        underWay += 1
        let copy = "\(WallTime.now().nanoseconds / 1_000_000)\n" + document
        Task { @ReactorActor in
            try? await cache.set(name(of: key), copy, lifetime: lifetime)
            underWay -= 1
        }
    }

    func copy(of key: String) async -> Copy? {
        guard let bytes = try? await cache.get(name(of: key)),
            let end = bytes.firstIndex(of: UInt8(ascii: "\n")),
            let written = Int64(String(decoding: bytes[..<end], as: UTF8.self))
        else { return nil }
        served += 1
        let age = max(0, WallTime.now().nanoseconds / 1_000_000 - written)
        return Copy(document: Array(bytes[(end + 1)...]), age: .milliseconds(age))
    }

    private func name(of key: String) -> String { key + ":stale" }
}
