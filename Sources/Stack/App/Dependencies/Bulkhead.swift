// A bound on how much of an app one dependency may hold (Nygard, "Release It!", "Bulkheads"): so many
// calls at once, and a short wait for a place. When the store is slow, requests that want the cache or
// the queue alone still get through, and what finds no place is refused at once instead of piling up.

import Linux
import Reactor

@ReactorActor
final class Bulkhead {
    private let name: String
    private let callsMax: Int
    private let waitingMax: Int
    private let waitMax: Duration
    private(set) var calls = 0
    private(set) var refused = 0
    private let places = Turnstile()

    init(
        _ name: String, callsMax: Int = 256, waitingMax: Int = 1024,
        waitMax: Duration = .milliseconds(200)
    ) {
        precondition(callsMax > 0, "a dependency is called")
        self.name = name
        self.callsMax = callsMax
        self.waitingMax = waitingMax
        self.waitMax = waitMax
    }

    /// Makes a call once there is a place; throws `overloaded` when there is none soon.
    func run<Value: Sendable>(
        until deadline: MonotonicTime,
        _ call: @ReactorActor () async throws(DependencyError) -> Value
    ) async throws(DependencyError) -> Value {
        try await takePlace(deadline)
        defer { givePlace() }
        return try await call()
    }

    var waiting: Int { places.waiterCount }

    private func takePlace(_ deadline: MonotonicTime) async throws(DependencyError) {
        if calls < callsMax {
            calls += 1
            return
        }
        let limit = min(deadline, .now() + waitMax)
        guard places.waiterCount < waitingMax, await places.wait(deadline: limit) else {
            refused += 1
            throw .overloaded("too many calls of the \(name) at once")
        }
    }

    /// The place goes to whoever has waited longest, so nobody overtakes.
    private func givePlace() {
        if !places.wakeOne() { calls -= 1 }
    }
}
