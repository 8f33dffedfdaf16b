// A deadline that moves: the last one set counts, never an earlier one, and moving it costs no entry.

import Linux
import Testing

@testable import Reactor

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct LazyTimerTests {
    @Test func `the deadline that was set last is the one that counts`() async {
        let fired = Promise<MonotonicTime>()
        let timer = LazyTimer { fired.fulfil(.now()) }
        let first = MonotonicTime.now() + .milliseconds(2)
        timer.set(first)
        timer.set(first + .milliseconds(30))
        #expect(await fired.value() ?? first >= first + .milliseconds(30))
    }

    @Test func `a deadline moved forward does not wait for the old one`() async {
        let fired = Promise<Bool>()
        let timer = LazyTimer { fired.fulfil(true) }
        timer.set(.now() + .seconds(3600))
        timer.set(.now() + .milliseconds(2))
        #expect(await fired.value() == true)
    }

    @Test func `it fires once, and again only when it is set again`() async {
        var count = 0
        let timer = LazyTimer { count += 1 }
        for round in 1...3 {
            let deadline = MonotonicTime.now() + .milliseconds(1)
            timer.set(deadline)
            await Reactor.sleep(until: deadline + .milliseconds(4))
            #expect(count == round)
        }
    }

    @Test func `what was cancelled does not fire, and can be set anew`() async {
        var count = 0
        let timer = LazyTimer { count += 1 }
        let deadline = MonotonicTime.now() + .milliseconds(2)
        timer.set(deadline)
        timer.cancel()
        await Reactor.sleep(until: deadline + .milliseconds(2))
        #expect(count == 0)
        let next = MonotonicTime.now() + .milliseconds(1)
        timer.set(next)
        await Reactor.sleep(until: next + .milliseconds(4))
        #expect(count == 1)
    }

    @Test func `a timer that is gone does not fire`() async {
        var count = 0
        let deadline = MonotonicTime.now() + .milliseconds(2)
        do {
            let timer = LazyTimer { count += 1 }
            timer.set(deadline)
        }
        await Reactor.sleep(until: deadline + .milliseconds(2))
        #expect(count == 0)
    }

    @Test func `moving a deadline costs no entry of the queue`() {
        let timer = LazyTimer {}
        let start = MonotonicTime.now() + .seconds(3600)
        timer.set(start)
        let before = Reactor.main.timers.count
        for step in 1...10_000 { timer.set(start + .milliseconds(step)) }
        // Suites that run beside this one have timers of their own.
        #expect(Reactor.main.timers.count < before + 1000)
    }

    @Test func `a timer may be set, cancelled or dropped in its own call`() async {
        let fired = Promise<Bool>()
        let held = Held()
        held.timer = LazyTimer { [unowned held] in
            held.count += 1
            held.timer?.set(.now())
            if held.count < 2 { return }
            held.timer?.cancel()
            held.timer = nil
            fired.fulfil(true)
        }
        held.timer?.set(.now())
        #expect(await fired.value() == true)
        #expect(held.count == 2)
    }
}

@ReactorActor
private final class Held {
    var timer: LazyTimer?
    var count = 0
}
