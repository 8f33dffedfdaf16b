// When a dependency is left alone and when it is tried again.

import Linux
import Testing

@testable import App

struct CircuitBreakerTests {
    @Test func `single failures are let pass`() {
        var breaker = breaker()
        for _ in 0..<10 {
            breaker.noteFailure(at: at(0))
            breaker.noteFailure(at: at(0))
            breaker.noteSuccess()
        }
        #expect(calls(through: &breaker, at: [0, 0, 1]) == [0, 0, 1])
    }

    @Test func `failures in a row open it for the pause`() {
        var breaker = breaker()
        for _ in 0..<3 { breaker.noteFailure(at: at(10)) }
        #expect(calls(through: &breaker, at: [11, 109, 110]) == [110])
    }

    @Test func `one probe goes through, and its outcome decides`() {
        var breaker = breaker()
        for _ in 0..<3 { breaker.noteFailure(at: at(0)) }
        #expect(calls(through: &breaker, at: [100, 101]) == [100])
        breaker.noteFailure(at: at(150))
        #expect(calls(through: &breaker, at: [249, 250]) == [250])
        breaker.noteSuccess()
        #expect(calls(through: &breaker, at: [251, 251]) == [251, 251])
    }

    @Test func `a probe that never ends does not close it for ever`() {
        var breaker = breaker()
        for _ in 0..<3 { breaker.noteFailure(at: at(0)) }
        #expect(calls(through: &breaker, at: [100, 349, 350]) == [100, 350])
    }

    /// Those of the moments at which a call is allowed.
    private func calls(through breaker: inout CircuitBreaker, at moments: [Int64]) -> [Int64] {
        moments.filter { breaker.allows(at: at($0)) }
    }

    private func breaker() -> CircuitBreaker {
        CircuitBreaker(failuresMax: 3, pause: .milliseconds(100), probeTimeout: .milliseconds(150))
    }

    private func at(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: milliseconds * 1_000_000)
    }
}
