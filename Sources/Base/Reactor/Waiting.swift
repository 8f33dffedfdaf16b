// What async code on the loop waits for: time, a value, a wake-up, work on another thread.
//
// All of it resumes on the loop. None of it observes task cancellation: code that must be able to
// stop early waits on something that can be woken.

package import Linux

extension Reactor {
    /// Suspends until the deadline has come; returns at the earliest on it, never before.
    @ReactorActor
    package static func sleep(until deadline: MonotonicTime) async {
        unsafe await withUnsafeContinuation { continuation in
            main.timers.schedule(at: deadline) { unsafe continuation.resume() }
        }
    }

    /// Suspends for a length of time.
    @ReactorActor
    package static func sleep(for duration: Duration) async {
        await sleep(until: .now() + duration)
    }
}

/// A value that arrives once, and those who wait for it.
@ReactorActor
package final class Promise<Value: Sendable> {
    /// The value, if it is there already.
    package private(set) var arrived: Value?
    private let gate = Turnstile()

    package init() {}

    /// Sets the value and wakes every waiter; later values are ignored.
    package func fulfil(_ value: Value) {
        if arrived != nil { return }
        arrived = value
        gate.wakeAll()
    }

    /// The value as soon as it is there; nil once the deadline has passed without it.
    package func value(deadline: MonotonicTime? = nil) async -> Value? {
        while arrived == nil {
            if await gate.wait(deadline: deadline) == false { break }
        }
        return arrived
    }
}

/// A place to wait until somebody says that something may have changed.
@ReactorActor
package final class Turnstile {
    private var waiters: [Waiter] = []

    package init() {}

    /// True when woken, false once the deadline has passed.
    package func wait(deadline: MonotonicTime? = nil) async -> Bool {
        if let deadline, deadline <= .now() { return false }
        return unsafe await withUnsafeContinuation { continuation in
            let waiter = unsafe Waiter(continuation)
            waiters.append(waiter)
            guard let deadline, deadline != .distantFuture else { return }
            waiter.timer = Reactor.main.timers.schedule(at: deadline) { [self] in
                waiters.removeAll { $0 === waiter }
                waiter.resume(woken: false)
            }
        }
    }

    /// Wakes all who wait now.
    package func wakeAll() {
        if waiters.isEmpty { return }
        // Mostly there is one; its room stays for the next, where a copy of the list would cost new room.
        if waiters.count == 1 { return waiters.removeLast().resume(woken: true) }
        let woken = waiters
        waiters.removeAll(keepingCapacity: true)
        for waiter in woken { waiter.resume(woken: true) }
    }

    /// Wakes the one who has waited longest; false when nobody waits.
    ///
    /// Who is woken gets true whatever its deadline, so that a thing may be handed over by waking.
    @discardableResult
    package func wakeOne() -> Bool {
        if waiters.isEmpty { return false }
        waiters.removeFirst().resume(woken: true)
        return true
    }

    package var waiterCount: Int { waiters.count }
}

/// One suspended caller; resumed exactly once, by a wake or by its timer.
@ReactorActor
@safe
final class Waiter {
    private var continuation: UnsafeContinuation<Bool, Never>?
    var timer: TimerEntry?

    init(_ continuation: UnsafeContinuation<Bool, Never>) {
        unsafe self.continuation = unsafe continuation
    }

    func resume(woken: Bool) {
        timer?.cancel()
        guard let waiting = unsafe continuation else { return }
        unsafe continuation = nil
        unsafe waiting.resume(returning: woken)
    }
}
