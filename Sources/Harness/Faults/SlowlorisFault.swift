// Slowloris: many connections whose request heads come one byte at a time and never end. A server that
// waits for a whole head without a bound spends a connection on each of them for good; one that bounds
// the time lets them go, and they come again. The connections are made by the harness itself and speak
// plain HTTP, so it works on whatever stands for a balancer.

import Experiment
import History
import Linux
import Reactor
import Testbed

@ReactorActor
final class SlowlorisFault: Fault {
    private static let head = Array("GET / HTTP/1.1\r\nHost: slowloris\r\nX-Endless: ".utf8)
    /// Between two bytes of one connection.
    private static let pause: Duration = .milliseconds(500)
    /// The share of the connections that is to be open at once: those that were let go come again.
    private static let openShareMin = 0.8

    private let members: [Member]
    private let count: Int
    private let proofTimeout: Duration
    private var isActive = false
    private var open = 0
    private var opened = 0
    private var running: [Task<Void, Never>] = []

    init(_ members: [Member], connections: Int, proofTimeout: Duration = .seconds(5)) {
        self.members = members
        count = connections
        self.proofTimeout = proofTimeout
    }

    var promise: [Evidence] { [Evidence("connections", "\(count) to each")] }
    var targets: [String] { members.map(\.name) }

    private var wanted: Int { Int(Double(count * members.count) * Self.openShareMin) }

    func inject() {
        isActive = true
        for member in members {
            for _ in 0..<count {
                running.append(Task { @ReactorActor in await dribble(into: member.plan.listen) })
            }
        }
    }

    func prove() async throws(FaultError) -> [Evidence] {
        guard await eventually(within: proofTimeout, { self.open >= self.wanted }) else {
            throw .unproven("only \(open) of \(count * members.count) connections are open")
        }
        return [Evidence("connections open", "\(open)")]
    }

    func proveStanding() throws(FaultError) {
        guard open > 0, isActive else { throw .unproven("no connection is open") }
    }

    func heal() async {
        isActive = false
        for task in running { await task.value }
        running.removeAll()
    }

    func proveHealed() async throws(FaultError) -> [Evidence] {
        guard open == 0 else { throw .unproven("\(open) connections are still open") }
        for member in members {
            guard await eventually(within: proofTimeout, { await member.isReady() }) else {
                throw .unproven("\(member.name) does not answer")
            }
        }
        return [Evidence("connections made", "\(opened)")]
    }

    /// One connection after the other, each for as long as the server bears it.
    private func dribble(into address: SocketAddress) async {
        while isActive {
            guard
                let connection = try? await Connection.connect(
                    to: address, deadline: .now() + .seconds(1))
            else {
                await Reactor.sleep(for: Self.pause)
                continue
            }
            open += 1
            opened += 1
            var rest = Self.head[...]
            while isActive, connection.isOpen, !connection.peerIsDone {
                connection.send([rest.popFirst() ?? UInt8(ascii: "a")])
                await Reactor.sleep(for: Self.pause)
            }
            connection.close()
            open -= 1
        }
    }
}
