// Labels of the wall clock, and arithmetic that saturates instead of wrapping round.

import Linux
import Testing

struct TimeTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_795_499_917_000_123_999, "2026-11-24T05:58:37.000123Z"),  // cut, not rounded
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000Z"),  // a leap day
            (4_107_542_399_999_999_999, "2100-02-28T23:59:59.999999Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),  // a skewed clock may stand before the epoch
            (-1_000_000_000, "1969-12-31T23:59:59.000000Z"),
        ] as [(Int64, String)])
    func `labels are RFC 3339 in UTC`(_ nanoseconds: Int64, _ text: String) {
        #expect(WallTime(nanoseconds: nanoseconds).rfc3339 == text)
    }

    @Test func `a folder's name has no colons`() {
        #expect(WallTime(nanoseconds: 1_795_499_917_000_123_000).compact == "20261124T055837Z")
    }

    @Test(
        arguments: [
            (Duration.zero, 0),
            (.milliseconds(-1500), -1_500_000_000),
            (.nanoseconds(1), 1),
            (.nanoseconds(1) / 2, 0),
            (.seconds(75) + .nanoseconds(999_999_999), 75_999_999_999),
            (.nanoseconds(-1) / 2, 0),
            // On both sides of what 64 bits hold of a share.
            (.nanoseconds(4_722_366_482_869), 4_722_366_482_869),
            (.nanoseconds(4_722_366_482_870), 4_722_366_482_870),
            (.seconds(Int64.max), Int64.max),
            (.seconds(Int64.min), Int64.min),
            (.nanoseconds(Int64.max), Int64.max),
            (.nanoseconds(Int64.max) + .nanoseconds(1), Int64.max),
            (.nanoseconds(Int64.min), Int64.min),
            (.nanoseconds(Int64.min) - .nanoseconds(1), Int64.min),
        ] as [(Duration, Int64)])
    func `a length in nanoseconds saturates`(_ length: Duration, _ nanoseconds: Int64) {
        #expect(length.nanoseconds == nanoseconds)
    }

    @Test func `no deadline is further away than any`() {
        let now = MonotonicTime.now()
        #expect(now + .seconds(Int64.max) == .distantFuture)
        #expect(.distantFuture + .seconds(1) == MonotonicTime.distantFuture)
        #expect(now + .seconds(Int64.min) < now)
        #expect(.distantFuture - MonotonicTime(nanoseconds: -1) == .nanoseconds(Int64.max))
        #expect(MonotonicTime(nanoseconds: .min) - now == .nanoseconds(Int64.min))
    }

    @Test func `the monotonic clock does not go back`() {
        var last = MonotonicTime.now()
        for _ in 0..<1000 {
            let now = MonotonicTime.now()
            #expect(now >= last)
            last = now
        }
        #expect(MonotonicTime(nanoseconds: 5) + .nanoseconds(-3) == MonotonicTime(nanoseconds: 2))
    }
}
