// How a run ends early: a signal turns the switch on, and whoever sleeps wakes and unwinds.

package import Linux
package import Reactor

/// Says once that the run ends early; every wait of a run goes through it.
@ReactorActor
package final class AbortSwitch {
    package private(set) var signal: Signal?
    private let gate = Turnstile()

    package init() {}

    package var isOn: Bool { signal != nil }

    package func turnOn(_ signal: Signal) {
        guard self.signal == nil else { return }
        self.signal = signal
        gate.wakeAll()
    }

    /// False when the run was aborted before the time came.
    package func sleep(until deadline: MonotonicTime) async -> Bool {
        while !isOn {
            if await gate.wait(deadline: deadline) == false { return true }
        }
        return false
    }
}
