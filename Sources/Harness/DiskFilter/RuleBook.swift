// The rules in force, and what they make of a request. Several rules may meet one request: delays add
// up, and of errors the rule that came first has its way.

import Determinism
package import Experiment
package import Linux
import Synchronization

/// A request as rules see it.
struct DiskRequest {
    let operation: DiskOperation
    /// Within the data folder.
    let path: String

    /// A canary stands for every file that a rule is about, whatever the rule's path.
    var isCanary: Bool {
        let name = path.split(separator: "/").last ?? ""
        return name.hasPrefix(DiskOrder.canary)
    }
}

final class RuleBook: Sendable {
    fileprivate struct Rule {
        let name: String
        let fault: DiskFault
        var met = 0
    }

    fileprivate struct State {
        var rules: [Rule] = []
        var random: SeededRandom
    }

    /// Spares requests the lock and their path while there is no rule.
    private let isEmpty = Atomic(true)
    private let requests = Atomic(0)
    private let state: Mutex<State>

    static let rulesMax = 100

    init(seed: UInt64) {
        state = Mutex(State(random: SeededRandom(seed: seed).fork("disk")))
    }

    /// Holds a request up as long as the rules say, and throws the error that it is to meet.
    func meet(
        _ operation: DiskOperation, path: () -> String
    ) throws(SyscallError) {
        requests.add(1, ordering: .relaxed)
        if isEmpty.load(ordering: .acquiring) { return }
        let request = DiskRequest(operation: operation, path: path())
        let fate = state.withLock { $0.fate(of: request) }
        if fate.delay > .zero { PreciseWait.pause(fate.delay) }
        if let errno = fate.errno { throw SyscallError(stage: "rule", errno: errno) }
    }

    func add(_ fault: DiskFault, named name: String) throws(DiskOrderError) {
        let isTaken = state.withLock { state in
            state.rules.removeAll { $0.name == name }
            guard state.rules.count < Self.rulesMax else { return false }
            state.rules.append(Rule(name: name, fault: fault))
            return true
        }
        guard isTaken else { throw DiskOrderError(description: "too many rules") }
        isEmpty.store(false, ordering: .releasing)
    }

    func drop(_ name: String) {
        let isEmpty = state.withLock { state in
            state.rules.removeAll { $0.name == name }
            return state.rules.isEmpty
        }
        self.isEmpty.store(isEmpty, ordering: .releasing)
    }

    var status: DiskStatus {
        let rules = state.withLock { state in state.rules.map { ($0.name, $0.met) } }
        return DiskStatus(rules: rules, requests: requests.load(ordering: .relaxed))
    }
}

extension RuleBook.State {
    /// What becomes of a request.
    struct Fate {
        var delay: Duration = .zero
        var errno: Errno?
    }

    mutating func fate(of request: DiskRequest) -> Fate {
        var fate = Fate()
        for index in rules.indices {
            let scope = rules[index].fault.scope
            guard scope.has(request) else { continue }
            switch rules[index].fault {
            case .latency(let delay, let jitter, let shape, _):
                fate.delay += shape.draw(around: delay, jitter, from: &random)
            case .error(let errno, let ratio, _):
                guard ratio >= 1 || random.chance(ratio) else { continue }
                fate.errno = fate.errno ?? errno.kernel
            }
            rules[index].met += 1
        }
        return fate
    }
}

extension DiskFault {
    /// The requests that it is about.
    package var scope: DiskScope {
        switch self {
        case .latency(_, _, _, let scope), .error(_, _, let scope): scope
        }
    }
}

extension DiskScope {
    fileprivate func has(_ request: DiskRequest) -> Bool {
        guard operations.contains(request.operation) else { return false }
        guard let path, !request.isCanary else { return true }
        return path.matches(request.path)
    }
}

extension DiskErrno {
    package var kernel: Errno {
        switch self {
        case .inputOutput: .inputOutput
        case .noSpace: .noSpace
        }
    }
}

extension DiskDelayShape {
    /// Never longer than a hundred times the jitter: a request that outlasts the run shows nothing.
    func draw(
        around delay: Duration, _ jitter: Duration, from random: inout SeededRandom
    ) -> Duration {
        if jitter <= .zero { return delay }
        switch self {
        case .uniform: return random.duration(in: (delay - jitter)...(delay + jitter))
        case .exponential:
            let mean = Double(jitter.nanoseconds)
            return delay + .nanoseconds(Int64(min(random.exponential(mean: mean), 100 * mean)))
        }
    }
}
