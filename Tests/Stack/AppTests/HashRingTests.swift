// The ring: shares that are about equal, and keys that stay where they are.

import Testing

@testable import App

struct HashRingTests {
    private let names = ["cache-1", "cache-2", "cache-3", "cache-4"]
    private let keys = (0..<20_000).map { "{u\($0)}:feed" }

    @Test func `every member has about its share`() {
        let ring = HashRing(names)
        var counts = [Int](repeating: 0, count: names.count)
        for key in keys { counts[ring.member(of: key)] += 1 }
        for count in counts { #expect((3500...6500).contains(count), "\(counts)") }
    }

    @Test func `a member more moves only its own share`() {
        let before = HashRing(names)
        let after = HashRing(names + ["cache-5"])
        var moved = 0
        for key in keys where before.member(of: key) != after.member(of: key) {
            #expect(after.member(of: key) == 4, "a key moves to the new member or not at all")
            moved += 1
        }
        #expect((2500...5500).contains(moved))
    }

    @Test func `keys of one tag are together, and the order of the names does not matter`() {
        let ring = HashRing(names)
        let turned = HashRing(names.reversed())
        for user in 0..<100 {
            let place = ring.member(of: "{u\(user)}:feed")
            #expect(ring.member(of: "{u\(user)}:feed:version") == place)
            #expect(turned.member(of: "{u\(user)}:feed") == names.count - 1 - place)
        }
    }
}
