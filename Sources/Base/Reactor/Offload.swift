// Blocking work off the loop: an fsync may take as long as the disk likes, and the loop must go on
// answering meanwhile. A few threads share one queue; results resume on the loop.

import Linux
import Synchronization

/// Runs blocking work on a helper thread and suspends the caller until it is done.
///
/// The work is let go of before the caller goes on, so whatever it held (a descriptor, a lock on a
/// folder) is free by then.
@ReactorActor
package func offload<Result: Sendable>(
    _ work: @escaping @Sendable () -> Result
) async -> Result {
    unsafe await withUnsafeContinuation { continuation in
        let once = Once(work)
        BlockingThreads.shared.submit {
            let result = once.run()
            unsafe continuation.resume(returning: result)
        }
    }
}

/// Work that is dropped as soon as it is done; touched by one helper thread alone after its start.
private final class Once<Result: Sendable>: @unchecked Sendable {
    private var work: (@Sendable () -> Result)?

    init(_ work: @escaping @Sendable () -> Result) { self.work = work }

    func run() -> Result {
        guard let work = self.work else { preconditionFailure("work is done once") }
        self.work = nil
        return work()
    }
}

/// The process's helper threads, started with the first work.
private final class BlockingThreads: Sendable {
    static let shared = BlockingThreads()

    private static let threadCount = 3
    private let queue = Mutex<Queue>(Queue())
    private let available: Wakeup

    private struct Queue {
        var work: [@Sendable () -> Void] = []
        var started = false
    }

    private init() {
        do {
            available = try Wakeup(blocking: true)
        } catch {
            preconditionFailure("no helper threads without eventfd: \(error)")
        }
    }

    func submit(_ work: @escaping @Sendable () -> Void) {
        let mustStart = queue.withLock { queue in
            queue.work.append(work)
            defer { queue.started = true }
            return !queue.started
        }
        if mustStart { startThreads() }
        available.signal()
    }

    private func startThreads() {
        for index in 1...Self.threadCount {
            do {
                try Thread.start("blocking-\(index)") { [self] in serve() }
            } catch {
                preconditionFailure("a helper thread did not start: \(error)")
            }
        }
    }

    private func serve() -> Never {
        while true {
            available.waitForOne()
            let next = queue.withLock { queue in
                queue.work.isEmpty ? nil : queue.work.removeFirst()
            }
            next?()
        }
    }
}
