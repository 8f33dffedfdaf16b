// What one killed node cost the users: how many of them saw it, for how long, and whether anything that
// was acknowledged is gone.

package import History

package struct KillCost: Hashable, Sendable {
    /// The node that was killed.
    package var node: String
    /// Requests a second at the time.
    package var rate: Double
    /// Users with a request between the kill and the end of the load, and those of them for whom at
    /// least one did not end well.
    package var users: Int
    package var usersAffected: Int
    package var requestsLost: Int
    /// From the kill until the users had their service back.
    package var recovery: FaultRecovery.Finding
    /// Acknowledged writes that are gone; nil: nothing was read back.
    package var lostWrites: Int?

    /// From the verdict on a run with one kill; nil: there was none.
    package init?(_ verdict: Verdict, operations: [Operation], rate: Double) {
        guard let fault = verdict.faults.first else { return nil }
        node = fault.record.nodes.first ?? fault.record.target
        self.rate = rate
        let after = operations.filter { $0.intended >= fault.record.injected }
        users = Set(after.map(\.user)).count
        usersAffected = Set(after.filter { $0.outcome != .ok }.map(\.user)).count
        requestsLost = after.count { $0.outcome != .ok }
        recovery = fault.recovery.fromInjection
        lostWrites = verdict.data?.lost.count
    }
}
