// A disk that is slow or fails: a rule of the file system over each node's data folder.
//
// The proof has three parts. The file system lists the rule. A canary's requests come late or fail as
// promised, where before the injection they did neither. And once the rule is gone, they do neither
// again.

import DiskFilter
import Experiment
import History
import Linux
import Reactor
import Testbed

@ReactorActor
final class DiskRuleFault: Fault {
    private let fault: DiskFault
    private let members: [Member]
    /// The name of the rule, one of its kind in the run.
    private let name: String
    private var before: [String: [CanaryMeasurement]] = [:]
    private static var count = 0

    /// Requests of one kind are measured no longer than this, so that the proof ends before the fault.
    private nonisolated static let measureLimit: Duration = .milliseconds(400)

    init(_ fault: DiskFault, _ members: [Member]) {
        self.fault = fault
        self.members = members
        Self.count += 1
        name = "\(fault.word.rawValue)-\(Self.count)"
    }

    var targets: [String] { members.map(\.name) }

    var promise: [Evidence] {
        let words = operations.map(\.rawValue).joined(separator: ",")
        let scope = [Evidence("operations", words)] + pathEvidence
        switch fault {
        case .latency(let delay, let jitter, let shape, _):
            return [
                Evidence("delay", delay.milliseconds), Evidence("jitter", jitter.milliseconds),
                Evidence("distribution", shape.rawValue),
            ] + scope
        case .error(let errno, let ratio, _):
            return [
                Evidence("error", errno.rawValue), Evidence("ratio", ShareProof.percent(ratio)),
            ] + scope
        }
    }

    private var pathEvidence: [Evidence] {
        fault.scope.path.map { [Evidence("path", $0.description)] } ?? []
    }

    private var operations: [DiskOperation] {
        DiskOperation.allCases.filter(fault.scope.operations.contains)
    }

    /// Puts a canary on each disk and sees how it fares while all is well.
    func prepare() async throws(FaultError) {
        for member in members {
            let (canary, operations) = (try canary(of: member), operations)
            before[member.name] = try await blocking { () throws(SyscallError) in
                try canary.create()
                return try operations.map { operation throws(SyscallError) in
                    try canary.measure(operation, count: 5, within: .milliseconds(20))
                }
            }
        }
    }

    func inject() async throws(FaultError) {
        try await order(.add(name: name, fault))
    }

    func prove() async throws(FaultError) -> [Evidence] {
        try proveStanding()
        var evidence: [Evidence] = []
        for member in members {
            let measured = try await measure(member)
            for (index, measurement) in measured.enumerated() {
                guard let before = before[member.name], before.indices.contains(index) else {
                    throw .unproven("the disk of \(member.name) was not measured before")
                }
                evidence += try judge(measurement, before: before[index])
                    .map { Evidence("\(member.name) \($0.name)", $0.value) }
            }
        }
        return evidence
    }

    private func judge(
        _ measured: CanaryMeasurement, before: CanaryMeasurement
    ) throws(FaultError) -> [Evidence] {
        switch fault {
        case .latency(let delay, let jitter, let shape, _):
            try DiskDelayProof(delay: delay, jitter: jitter, shape: shape)
                .judge(measured, before: before)
        case .error(let errno, let ratio, _):
            try DiskErrorProof(errno: errno.kernel, ratio: ratio).judge(measured)
        }
    }

    func proveStanding() throws(FaultError) {
        for member in members {
            let disk = try disk(of: member)
            guard disk.isStanding else { throw .unproven("the disk of \(member.name) is gone") }
            guard try rules(of: disk).contains(name) else {
                throw .unproven("the disk of \(member.name) has no rule \(name)")
            }
        }
    }

    func heal() async throws(FaultError) {
        try await order(.drop(name: name))
    }

    func proveHealed() async throws(FaultError) -> [Evidence] {
        var evidence: [Evidence] = []
        for member in members {
            let disk = try disk(of: member)
            guard try !rules(of: disk).contains(name) else {
                throw .unproven("the disk of \(member.name) still has the rule \(name)")
            }
            evidence += try proveWell(try await measure(member), of: member)
            let canary = try canary(of: member)
            try await blocking { () throws(SyscallError) in try canary.remove() }
        }
        return evidence
    }

    /// Another fault may stand on the same disk; then it, and not this one, is what the canary meets.
    private func proveWell(
        _ measured: [CanaryMeasurement], of member: Member
    ) throws(FaultError) -> [Evidence] {
        guard try rules(of: disk(of: member)).isEmpty else {
            return [Evidence("\(member.name) other faults stand", "yes")]
        }
        return try measured.map { measurement throws(FaultError) in
            let word = "\(measurement.operation.rawValue) of the canary on \(member.name)"
            guard let least = measurement.times.first, measurement.errors.isEmpty else {
                throw .unproven("\(word) still fails: \(measurement.summary)")
            }
            if case .latency(let delay, let jitter, let shape, _) = fault {
                // One request that comes at once shows that none is held up.
                let bound = delay - (shape == .uniform ? jitter : .zero)
                guard least < bound || bound < .milliseconds(1) else {
                    throw .unproven("\(word) is still slow: \(measurement.summary)")
                }
            }
            return Evidence("\(member.name) \(measurement.operation.rawValue)", measurement.summary)
        }
    }

    // MARK: The disks

    private func measure(_ member: Member) async throws(FaultError) -> [CanaryMeasurement] {
        let (canary, operations, count) = (try canary(of: member), operations, measureCount)
        return try await blocking { () throws(SyscallError) in
            try operations.map { operation throws(SyscallError) in
                try canary.measure(operation, count: count, within: Self.measureLimit)
            }
        }
    }

    private var measureCount: Int {
        switch fault {
        case .latency: 10
        case .error(_, let ratio, _): DiskErrorProof.count(for: ratio)
        }
    }

    private func disk(of member: Member) throws(FaultError) -> DiskMount {
        guard let disk = member.node.disk else {
            throw .unproven("the data folder of \(member.name) is on no file system of ours")
        }
        return disk
    }

    private func canary(of member: Member) throws(FaultError) -> DiskCanary {
        DiskCanary(in: try disk(of: member).control.folder, named: name)
    }

    private func rules(of disk: DiskMount) throws(FaultError) -> [String] {
        do throws(SyscallError) {
            return (try disk.control.status()?.rules ?? []).map(\.name)
        } catch {
            throw .system(error)
        }
    }

    private func order(_ order: DiskOrder) async throws(FaultError) {
        let controls = try members.map { member throws(FaultError) in try disk(of: member).control }
        try await blocking { () throws(SyscallError) in
            for control in controls { try control.order(order) }
        }
    }
}

/// Runs calls that a disk may hold up beside the loop.
@ReactorActor
func blocking<Value: Sendable>(
    _ work: @escaping @Sendable () throws(SyscallError) -> Value
) async throws(FaultError) -> Value {
    let result = await offload { () -> Result<Value, SyscallError> in
        do throws(SyscallError) {
            return .success(try work())
        } catch {
            return .failure(error)
        }
    }
    switch result {
    case .success(let value): return value
    case .failure(let error): throw .system(error)
    }
}
