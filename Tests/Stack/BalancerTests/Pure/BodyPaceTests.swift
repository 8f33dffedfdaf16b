// The least rate of content, second by second on a clock of the test's own.

import Linux
import Testing

@testable import Balancer

struct BodyPaceTests {
    @Test(
        arguments: [
            ([300, 300, 300, 300, 300, 300, 300, 300, 300, 300], nil),
            // As much as it must be and no more.
            ([256, 256, 256, 256, 256, 256, 256, 256, 256, 256], nil),
            ([255, 255, 255, 255, 255, 0, 0, 0, 0, 0], 5),
            ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 5),
            // A pause is made up for within its stretch, and not in the next.
            ([0, 0, 0, 0, 1280, 0, 0, 0, 0, 1280], nil),
            ([1280, 0, 0, 0, 0, 1279, 0, 0, 0, 0], 10),
            // What was fast once is not waited for for ever.
            ([1_000_000, 0, 0, 0, 0, 0, 0, 0, 0, 0], 10),
        ] as [([Int], Int?)])
    func `content below the least rate over a whole stretch is too slow`(
        _ perSecond: [Int], _ end: Int?
    ) {
        var pace = BodyPace()
        pace.begin(at: at(0))
        var ended: Int?
        for (second, bytes) in perSecond.enumerated() where ended == nil {
            pace.moved += bytes
            if !pace.isEnough(256, over: .seconds(5), at: at(second + 1)) { ended = second + 1 }
        }
        #expect(ended == end)
    }

    @Test func `without a least rate nothing is too slow`() {
        var pace = BodyPace()
        pace.begin(at: at(0))
        let isEnough = pace.isEnough(0, over: .seconds(5), at: at(3600))
        #expect(isEnough)
    }

    @Test func `each request begins anew`() {
        var pace = BodyPace()
        pace.begin(at: at(0))
        pace.moved += 1_000_000
        pace.begin(at: at(100))
        let soon = pace.isEnough(256, over: .seconds(5), at: at(104))
        let late = pace.isEnough(256, over: .seconds(5), at: at(105))
        #expect(soon && !late)
    }

    private func at(_ seconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: Int64(seconds) * 1_000_000_000)
    }
}
