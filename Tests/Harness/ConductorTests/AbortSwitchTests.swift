// The switch by which a run ends early.

import Linux
import Reactor
import Testing

@testable import Conductor

@Suite(.timeLimit(.minutes(1)))
@ReactorActor
struct AbortSwitchTests {
    @Test func `who sleeps to the end is told so`() async {
        let aborted = AbortSwitch()
        let start = MonotonicTime.now()
        #expect(await aborted.sleep(until: start + .milliseconds(5)))
        #expect(MonotonicTime.now() - start >= .milliseconds(5))
        #expect(await aborted.sleep(until: start), "a time that has passed")
        #expect(!aborted.isOn)
    }

    @Test func `a signal wakes everybody who sleeps`() async {
        let aborted = AbortSwitch()
        var awake = 0
        let sleepers = (0..<3).map { _ in
            Task { @ReactorActor in
                let slept = await aborted.sleep(until: .now() + .seconds(600))
                awake += 1
                return slept
            }
        }
        await Reactor.sleep(for: .milliseconds(1))
        aborted.turnOn(.terminate)
        for sleeper in sleepers { #expect(await sleeper.value == false) }
        #expect(awake == 3)
    }

    @Test func `once on, nobody sleeps, and the first signal stays the reason`() async {
        let aborted = AbortSwitch()
        aborted.turnOn(.terminate)
        aborted.turnOn(.interrupt)
        #expect(aborted.signal == .terminate)
        #expect(await !aborted.sleep(until: .now() + .seconds(600)))
        #expect(await !aborted.sleep(until: .now() + .seconds(-1)))
    }
}
