// The pause before a message is tried again: exponential, with full jitter (Brooker, "Exponential
// Backoff And Jitter", AWS 2015), so that messages that failed together do not come back together.

import Determinism
import Linux

enum Backoff {
    /// Uniform from zero to the ceiling of the attempt that just failed, counted from 1.
    static func delay(
        afterAttempt attempt: Int, policy: PartitionPolicy, seed: UInt64
    ) -> Duration {
        var random = SeededRandom(seed: seed)
        return random.duration(in: .zero...ceiling(afterAttempt: attempt, policy: policy))
    }

    static func ceiling(afterAttempt attempt: Int, policy: PartitionPolicy) -> Duration {
        precondition(attempt > 0, "attempts are counted from 1")
        var ceiling = policy.retryDelayMin
        for _ in 1..<attempt where ceiling < policy.retryDelayMax { ceiling = ceiling * 2 }
        return min(ceiling, policy.retryDelayMax)
    }
}
