// Kill: the process ends by a signal, and is started again when the fault is healed. With SIGKILL
// nothing of the node runs any more; what it had not written to its files is lost, what it had not
// synced is not (the page cache lives on), which is why kill alone proves no durability.

import Experiment
import History
import Linux
import Reactor
import Testbed

@ReactorActor
final class KillFault: Fault {
    private let signal: Signal
    private let members: [Member]
    private let exitTimeout: Duration
    private let readyTimeout: Duration
    /// The pids that were to end, so that a node that never stopped is not taken for a new one.
    private var killed: [String: Int32] = [:]

    init(
        _ signal: KillSignal, _ members: [Member], exitTimeout: Duration = .seconds(10),
        readyTimeout: Duration = .seconds(10)
    ) {
        self.signal =
            switch signal {
            case .kill: .kill
            case .term: .terminate
            case .abort: .abort
            }
        self.members = members
        self.exitTimeout = exitTimeout
        self.readyTimeout = readyTimeout
    }

    var promise: [Evidence] { [Evidence("signal", "\(signal)")] }
    var targets: [String] { members.map(\.name) }
    var endsProcesses: Set<String> { Set(targets) }

    func inject() throws(FaultError) {
        for member in members {
            killed[member.name] = member.node.process?.pid
            let taken: Bool
            do {
                taken = try member.node.signal(signal)
            } catch {
                throw .system(error)
            }
            guard taken else { throw .unproven("\(member.name) was not running") }
        }
    }

    /// The kernel's exit status names the signal; a SIGTERM may also end in an orderly exit.
    func prove() async throws(FaultError) -> [Evidence] {
        var evidence: [Evidence] = []
        for member in members {
            let deadline = MonotonicTime.now() + exitTimeout
            guard let exit = await member.node.process?.waitForExit(deadline: deadline) else {
                throw .unproven("\(member.name) still runs after \(signal)")
            }
            guard exit == .killed(signal) || (signal == .terminate && exit == .exited(0)) else {
                throw .unproven("\(member.name) ended otherwise: \(exit)")
            }
            evidence.append(Evidence("exit of \(member.name)", "\(exit)"))
        }
        return evidence
    }

    func proveStanding() throws(FaultError) {
        if let risen = members.first(where: { $0.node.isRunning }) {
            throw .unproven("\(risen.name) runs")
        }
    }

    func heal() throws(FaultError) {
        for member in members where !member.node.isRunning {
            do {
                try member.node.restart()
            } catch {
                throw .system(error)
            }
        }
    }

    /// A new process, ready by its own word.
    func proveHealed() async throws(FaultError) -> [Evidence] {
        let started = MonotonicTime.now()
        var evidence: [Evidence] = []
        for member in members {
            var isReady = false
            _ = await eventually(within: readyTimeout) {
                isReady = await member.isReady()
                return isReady || !member.node.isRunning
            }
            if let exit = member.node.process?.exit {
                throw .unproven("\(member.name) ended again after its restart: \(exit)")
            }
            guard isReady else {
                throw .unproven("\(member.name) is not ready again after \(readyTimeout)")
            }
            guard let old = killed[member.name], member.node.process?.pid != old else {
                throw .unproven("\(member.name) is the process that was to end")
            }
            let ready = (MonotonicTime.now() - started).milliseconds
            evidence.append(Evidence("\(member.name) ready after", ready))
        }
        return evidence
    }
}
