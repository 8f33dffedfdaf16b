// The event loop: one thread, one epoll instance, and the executor of everything that runs on it.
//
// A tier is a process with one such loop. Its code is `@ReactorActor` classes with plain async
// functions: an `await` that the loop answers resumes on the same thread, so there is no hop, no
// lock and no data race to reason about. The loop turns like this: run every ready job, fire the
// timers that are due, wait in epoll for no longer than the next timer, hand out readiness.
//
// Where nobody calls `Reactor.run` (a test, a tool), the first job starts the loop on a thread of
// its own.

import CLinux
import Linux
import Synchronization

/// The global actor whose executor is the process's event loop.
@globalActor
package actor ReactorActor {
    package static let shared = ReactorActor()

    nonisolated package var unownedExecutor: UnownedSerialExecutor {
        unsafe Reactor.main.asUnownedSerialExecutor()
    }

    /// Runs code that is known to be called by the loop, such as a readiness callback.
    ///
    /// Traps off the loop. The cast drops the isolation from the function's type alone, which is
    /// how the standard library does it for the main actor (SE-0392).
    package static func assumeIsolated<Result: Sendable>(
        _ operation: @ReactorActor () -> Result
    ) -> Result {
        Reactor.main.checkIsolated()
        return withoutActuallyEscaping(operation) { escaping in
            let plain = unsafe unsafeBitCast(escaping, to: (() -> Result).self)
            return plain()
        }
    }
}

/// The process's event loop.
///
/// Unchecked: what only the loop may touch is guarded by `assertOnLoop`; what other threads touch
/// is behind `inbox`'s lock.
package final class Reactor: SerialExecutor, @unchecked Sendable {
    package static let main = Reactor()

    private let inbox = Mutex(Inbox())
    private let wakeup: Wakeup
    private var epoll: Epoll
    /// The loop's thread by its handle, which costs no system call to compare; 0: none yet.
    private let loopThread = Atomic<UInt>(0)
    private var ready: [UnownedJob] = []
    private var running: [UnownedJob] = []
    private var stopped = false
    /// Somebody has signalled since the inbox was last emptied.
    private var inboxHasMore = true
    var timers = TimerQueue()
    var watches = WatchTable()

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var loopStarted = false
    }

    private static let wakeupToken = UInt64.max

    private init() {
        do {
            wakeup = try Wakeup()
            epoll = try Epoll()
            try epoll.add(wakeup.raw, for: .input, token: Self.wakeupToken)
        } catch {
            preconditionFailure("no event loop without epoll and eventfd: \(error)")
        }
    }

    /// Runs the loop on the calling thread until `body` has returned.
    package static func run<Result: Sendable>(
        _ body: @escaping @ReactorActor @Sendable () async -> Result
    ) -> Result {
        let slot = ResultSlot<Result>()
        main.claimLoop()
        Task { @ReactorActor in
            slot.value = await body()
            main.stopped = true
        }
        main.turnUntilStopped()
        guard let value = slot.value else { preconditionFailure("the loop stops with a result") }
        return value
    }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) { put(UnownedJob(job)) }

    private func put(_ job: UnownedJob) {
        if isOnLoop {
            ready.append(job)
            return
        }
        let mustStart = inbox.withLock { inbox in
            inbox.jobs.append(job)
            let first = !inbox.loopStarted
            inbox.loopStarted = true
            return first
        }
        if mustStart { startOwnThread() }
        wakeup.signal()
    }

    package func checkIsolated() {
        precondition(isOnLoop, "not on the event loop's thread")
    }

    package func isIsolatingCurrentContext() -> Bool? { isOnLoop }

    var isOnLoop: Bool { loopThread.load(ordering: .relaxed) == Thread.currentHandle }

    // MARK: Loop

    private func claimLoop() {
        let free = inbox.withLock { inbox in
            defer { inbox.loopStarted = true }
            return !inbox.loopStarted
        }
        precondition(free, "the process has one loop, and it runs already")
        loopThread.store(Thread.currentHandle, ordering: .relaxed)
        CurrentProcess.sharpenTimers()
        keepOffGlobalPool()
    }

    /// Sends what the runtime would run on its thread pool to the loop instead.
    ///
    /// A resumed continuation is enqueued on the global executor first and only then switches to
    /// its actor; without this every wait would cross two threads. Only where `run` owns the
    /// process: tests and tools keep their pool.
    private func keepOffGlobalPool() {
        unsafe fl_set_global_enqueue { job in
            Reactor.main.put(unsafe unsafeBitCast(job, to: UnownedJob.self))
        }
    }

    private func startOwnThread() {
        do {
            try Thread.start("reactor") { [self] in
                loopThread.store(Thread.currentHandle, ordering: .relaxed)
                CurrentProcess.sharpenTimers()
                turnUntilStopped()
            }
        } catch {
            preconditionFailure("the event loop's thread did not start: \(error)")
        }
    }

    private func turnUntilStopped() {
        while !stopped { turn() }
    }

    private func turn() {
        if inboxHasMore { takeInbox() }
        runReadyJobs()
        if stopped { return }
        fireTimers()
        waitForReadiness()
    }

    private func takeInbox() {
        inboxHasMore = false
        inbox.withLock { inbox in
            if inbox.jobs.isEmpty { return }
            ready.append(contentsOf: inbox.jobs)
            inbox.jobs.removeAll(keepingCapacity: true)
        }
    }

    /// Runs what was ready at the start; jobs that these enqueue wait for the next turn, so that
    /// epoll and timers are never starved.
    ///
    /// The loop is a serial executor and deliberately no task executor: a job that ran with both
    /// would be put back into the queue at every call between two functions of the actor, since
    /// the runtime sees another task executor than the task's own. That costs a turn and lets
    /// other jobs in between "look" and "wait".
    private func runReadyJobs() {
        swap(&ready, &running)
        let executor = unsafe asUnownedSerialExecutor()
        for job in running { unsafe job.runSynchronously(on: executor) }
        running.removeAll(keepingCapacity: true)
    }

    private func fireTimers() {
        if timers.nextDeadline == .distantFuture { return }
        let now = MonotonicTime.now()
        while let action = timers.takeDue(at: now) { action() }
    }

    private func waitForReadiness() {
        var timeout: Duration?
        if !ready.isEmpty {
            timeout = .zero
        } else if timers.nextDeadline != .distantFuture {
            timeout = max(.zero, timers.nextDeadline - .now())
        }
        let count: Int
        do {
            count = try epoll.wait(timeout: timeout)
        } catch {
            preconditionFailure("epoll failed on the loop: \(error)")
        }
        if count > 0 { ReactorActor.assumeIsolated { deliver(count) } }
    }

    /// Hands out what one wait brought: isolation is assumed once for all, not with each event.
    @ReactorActor
    private func deliver(_ count: Int) {
        for index in 0..<count { deliver(epoll.event(at: index)) }
    }

    /// Calls back with neither table being accessed, since a callback may drop the last reference
    /// to a connection, whose end unregisters it.
    @ReactorActor
    private func deliver(_ event: Epoll.Event) {
        if event.token == Self.wakeupToken {
            wakeup.drain()
            inboxHasMore = true
        } else if let action = watches.action(for: WatchToken(rawValue: event.token)) {
            action(event.ready)
        }
    }

    // MARK: Descriptors

    /// Registers a descriptor, edge-triggered; the token stays valid until `unwatch`.
    func watch(
        _ raw: Int32, _ interest: Readiness,
        _ deliver: @escaping @ReactorActor (Readiness) -> Void
    ) throws(SyscallError) -> WatchToken {
        let token = watches.insert(raw, deliver)
        do {
            try epoll.add(raw, for: interest.union(.edge), token: token.rawValue)
        } catch {
            watches.remove(token)
            throw error
        }
        return token
    }

    /// Forgets a descriptor; call before it is closed.
    func unwatch(_ token: WatchToken) {
        guard watches.remove(token) else { return }
        do {
            try epoll.remove(token.descriptor)
        } catch {
            preconditionFailure("a watched descriptor is still open: \(error)")
        }
    }
}

/// Written by the main task and read after the loop has stopped, both on the loop's thread.
private final class ResultSlot<Value>: @unchecked Sendable {
    var value: Value?
}
