// When an app says that it is ready.

import Endpoints
import Linux
import Reactor
import Testing

@testable import App

struct ReadinessTests {
    private let start = MonotonicTime(nanoseconds: 0)

    /// What is said at each of these times, in milliseconds.
    private func said(_ looks: [(at: Int, isWell: Bool)]) -> [Bool] {
        var readiness = Readiness()
        return looks.map {
            readiness.observe(isWell: $0.isWell, at: start + .milliseconds($0.at))
        }
    }

    @Test func `trouble that passes is not told`() {
        #expect(
            said([
                (0, true), (100, false), (1500, false), (1550, true), (1600, false), (3000, false),
            ])
                == Array(repeating: true, count: 6))
    }

    @Test func `trouble that lasts is, and the end of it once it has lasted too`() {
        let looks = [
            (0, false), (1400, false), (1500, false),  // unready from here on
            (1600, true), (2000, false), (2100, true), (3000, true), (3100, true),
        ]
        #expect(
            said(looks.map { (at: $0.0, isWell: $0.1) })
                == [true, true, false, false, false, false, false, true])
    }
}
