// Asks the nodes throughout a run who leads, for objectives about changes of leaders. The questions
// come from the router, which no partition cuts off.

import Checkers
import Experiment
import Linux
import Reactor
import Testbed

@ReactorActor
final class LeaderWatch {
    private let stack: Stack
    private let log: EventLog
    private var ledger = LeaderLedger()
    private var isStopped = false
    private let gate = Turnstile()

    /// Less than the least election timeout, so that a leader does not come and go unseen.
    private static let interval: Duration = .milliseconds(100)

    init(_ stack: Stack, log: EventLog) {
        self.stack = stack
        self.log = log
    }

    var spans: [LeaderSpan] { ledger.spans }

    /// Asks until stopped.
    func run() async {
        while !isStopped {
            let next = MonotonicTime.now() + Self.interval
            let roster = await stack.roster()
            ledger.note(roster, at: log.now)
            _ = await gate.wait(deadline: next)
        }
    }

    func stop() {
        isStopped = true
        gate.wakeAll()
    }
}

extension ExperimentPlan {
    var asksForLeaders: Bool {
        objectives.contains {
            if case .leaderChanges = $0.objective.claim { true } else { false }
        }
    }
}
