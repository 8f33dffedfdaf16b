// What every fault is: something that can be injected, shown to act, taken away, and shown to be
// gone. A fault that cannot be proven either way makes the run inconclusive, so each step throws
// rather than hopes. Between the two proofs it must have stood all the time: just before the heal
// the kernel is asked whether it still does.
//
// To add a fault: one file here with a class that conforms, one case in `FaultSpec`, one line in
// `FaultFactory`, one test that sees it act and one in which its proof fails.

package import Experiment
package import History
package import Linux
package import Reactor
import Testbed

package typealias Evidence = TimelineEvent.Evidence

/// Why a step of a fault did not succeed.
package enum FaultError: Error, CustomStringConvertible {
    /// The target matched nothing at the moment when the fault fired.
    case target(TargetError)
    /// The kernel refused.
    case system(SyscallError)
    /// It was done and cannot be seen.
    case unproven(String)

    package var description: String {
        switch self {
        case .target(let error): "target: \(error)"
        case .system(let error): error.description
        case .unproven(let what): what
        }
    }
}

/// One injection of one fault into settled targets.
@ReactorActor
package protocol Fault: AnyObject {
    /// What the fault promises, such as a delay of 50 ms.
    var promise: [Evidence] { get }
    /// The nodes or links it acts on, for people.
    var targets: [String] { get }
    /// Nodes whose process this fault is meant to end.
    var endsProcesses: Set<String> { get }

    /// Makes ready whatever takes time, so that `inject` is quick.
    func prepare() async throws(FaultError)
    /// Makes it act.
    func inject() async throws(FaultError)
    /// Shows from outside that it acts, and how exactly.
    func prove() async throws(FaultError) -> [Evidence]
    /// Shows by the kernel's own books that it still acts; asked just before the heal.
    func proveStanding() throws(FaultError)
    /// Takes it away; harmless when it is gone already.
    func heal() async throws(FaultError)
    /// Shows from outside that it is gone.
    func proveHealed() async throws(FaultError) -> [Evidence]
}

extension Fault {
    package var endsProcesses: Set<String> { [] }
    package func prepare() async throws(FaultError) {}
    package func proveStanding() throws(FaultError) {}
}

extension Duration {
    /// Milliseconds with two decimals, for evidence.
    var milliseconds: String {
        let hundredths = (nanoseconds + 5_000) / 10_000
        let cents = hundredths % 100
        return "\(hundredths / 100).\(cents < 10 ? "0" : "")\(cents)ms"
    }
}

/// Asks until it is so or the time is up.
@ReactorActor
func eventually(
    within limit: Duration, every pause: Duration = .milliseconds(5), _ holds: () async -> Bool
) async -> Bool {
    let deadline = MonotonicTime.now() + limit
    while true {
        if await holds() { return true }
        if .now() >= deadline { return false }
        await Reactor.sleep(for: pause)
    }
}
