// Time, promises, turnstiles and off-loop work: each resumes once, on the loop, and never early.

import Linux
import Reactor
import Testing

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct WaitingTests {
    @Test func `a sleep never ends early`() async {
        for length in [Duration.zero, .microseconds(200), .milliseconds(3)] {
            let deadline = MonotonicTime.now() + length
            await Reactor.sleep(until: deadline)
            #expect(MonotonicTime.now() >= deadline)
        }
    }

    @Test func `sleeps end in the order of their deadlines`() async {
        var ended: [Int] = []
        let start = MonotonicTime.now()
        let tasks = [3, 1, 2].map { number in
            Task { @ReactorActor in
                await Reactor.sleep(until: start + .milliseconds(number * 5))
                ended.append(number)
            }
        }
        for task in tasks { await task.value }
        #expect(ended == [1, 2, 3])
    }

    @Test func `a promise hands the first value to all who wait`() async {
        let promise = Promise<Int>()
        let waiters = (0..<3).map { _ in Task { @ReactorActor in await promise.value() } }
        await Task.yield()
        promise.fulfil(7)
        promise.fulfil(8)
        for waiter in waiters { #expect(await waiter.value == 7) }
        #expect(await promise.value() == 7)
    }

    @Test func `a promise that nobody keeps ends at the deadline`() async {
        #expect(await Promise<Int>().value(deadline: .now() + .milliseconds(5)) == nil)
    }

    @Test func `a woken waiter is not woken again by its timer`() async {
        let gate = Turnstile()
        let waiter = Task { @ReactorActor in await gate.wait(deadline: .now() + .seconds(20)) }
        while gate.waiterCount == 0 { await Task.yield() }
        gate.wakeOne()
        #expect(await waiter.value)
        #expect(gate.waiterCount == 0)
    }

    @Test func `waking one wakes whoever has waited longest, and says whether there was one`()
        async
    {
        let gate = Turnstile()
        var order: [Int] = []
        var waiters: [Task<Void, Never>] = []
        for number in 0..<3 {
            waiters.append(
                Task { @ReactorActor in
                    _ = await gate.wait()
                    order.append(number)
                })
            while gate.waiterCount <= number { await Task.yield() }
        }
        // One at a time: two that are woken together may run in either order.
        for waiter in waiters {
            #expect(gate.wakeOne())
            await waiter.value
        }
        #expect(gate.wakeOne() == false)
        #expect(order == [0, 1, 2])
    }

    @Test func `whoever gave up waiting is not in the way of the next`() async {
        let gate = Turnstile()
        let impatient = Task { @ReactorActor in await gate.wait(deadline: .now() + .milliseconds(5))
        }
        while gate.waiterCount == 0 { await Task.yield() }
        let patient = Task { @ReactorActor in await gate.wait() }
        #expect(await impatient.value == false)
        while gate.waiterCount != 1 { await Task.yield() }
        #expect(gate.wakeOne())
        #expect(await patient.value)
    }

    @Test func `blocking work runs elsewhere and its result comes back to the loop`() async {
        let loop = Thread.currentID
        let elsewhere = await offload { Thread.currentID }
        #expect(elsewhere != loop)
        #expect(Thread.currentID == loop)
    }

    @Test func `many pieces of off-loop work all come back`() async {
        let results = (0..<500).map { number in
            Task { @ReactorActor in await offload { number * 2 } }
        }
        var sum = 0
        for result in results { sum += await result.value }
        #expect(sum == 500 * 499)
    }
}
