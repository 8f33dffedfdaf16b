// Blocking work off the loop: an fsync may take as long as the disk likes, and the loop must go on
// answering meanwhile. A few threads share one queue; results resume on the loop.

import Linux
import Synchronization

/// Runs blocking work on a helper thread and suspends the caller until it is done.
@ReactorActor
package func offload<Result: Sendable>(
    _ work: @escaping @Sendable () -> Result
) async -> Result {
    unsafe await withUnsafeContinuation { continuation in
        BlockingThreads.shared.submit {
            let result = work()
            unsafe continuation.resume(returning: result)
        }
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
