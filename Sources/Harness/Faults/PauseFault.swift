// Pause: SIGSTOP to the whole process group. The node keeps its connections and its memory and does
// nothing; from outside it looks like a very long garbage collection or a stalled virtual machine.

import History
import Linux
import Reactor
import Testbed

@ReactorActor
final class PauseFault: Fault {
    private let members: [Member]
    private let stopTimeout: Duration
    private let readyTimeout: Duration

    init(
        _ members: [Member], stopTimeout: Duration = .seconds(2),
        readyTimeout: Duration = .seconds(5)
    ) {
        self.members = members
        self.stopTimeout = stopTimeout
        self.readyTimeout = readyTimeout
    }

    var promise: [Evidence] { [Evidence("state", "stopped")] }
    var targets: [String] { members.map(\.name) }

    func inject() throws(FaultError) { try signalAll(.stop) }

    func prove() async throws(FaultError) -> [Evidence] {
        for member in members {
            let stopped = await eventually(within: stopTimeout) {
                member.node.process?.state == .stopped
            }
            guard stopped else {
                throw .unproven("\(member.name) is in state \(state(of: member)), not stopped")
            }
        }
        return members.map { Evidence("state of \($0.name)", "stopped") }
    }

    func proveStanding() throws(FaultError) {
        if let awake = members.first(where: { $0.node.process?.state != .stopped }) {
            throw .unproven("\(awake.name) is in state \(state(of: awake)), not stopped")
        }
    }

    func heal() throws(FaultError) { try signalAll(.resume) }

    func proveHealed() async throws(FaultError) -> [Evidence] {
        for member in members {
            guard await eventually(within: readyTimeout, { await member.isReady() }) else {
                throw .unproven("\(member.name) does not answer after SIGCONT")
            }
            guard member.node.process?.state != .stopped else {
                throw .unproven("\(member.name) is still stopped")
            }
        }
        return members.map { Evidence("state of \($0.name)", state(of: $0)) }
    }

    private func signalAll(_ signal: Signal) throws(FaultError) {
        for member in members {
            let taken: Bool
            do {
                taken = try member.node.signal(signal)
            } catch {
                throw .system(error)
            }
            guard taken || signal == .resume else {
                throw .unproven("\(member.name) was not running")
            }
        }
    }

    private func state(of member: Member) -> String {
        member.node.process?.state.map { "\($0)" } ?? "ended"
    }
}
