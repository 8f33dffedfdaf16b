// Compares the replicas of one shard: an entry of the log makes each of them take a checksum at just
// that place, and whoever has another than most is named.

package import Blueprint
import Determinism
import Endpoints
package import Linux
package import Reactor
import Wire

/// What comparing the replicas of a shard showed.
package enum ShardVerdict: Equatable, Sendable, CustomStringConvertible {
    case same(index: Int64, sum: Int64)
    /// The replica that is named first among those that differ from most.
    case differs(replica: String, index: Int64, sum: Int64, expected: Int64)
    /// No two replicas agree, so nobody can say which is wrong.
    case noMajority(index: Int64)
    /// Not all replicas could be asked.
    case unknown(String)

    package var description: String {
        switch self {
        case .same(let index, let sum): "all replicas have checksum \(sum) at index \(index)"
        case .differs(let replica, let index, let sum, let expected):
            "\(replica) has checksum \(sum) at index \(index), the others \(expected)"
        case .noMajority(let index): "no majority of replicas agrees at index \(index)"
        case .unknown(let why): "not verified: \(why)"
        }
    }
}

@ReactorActor
package struct ShardVerifier {
    private let replicas: [NamedAddress]

    package init(_ replicas: [NamedAddress]) { self.replicas = replicas }

    package func verify(deadline: MonotonicTime) async -> ShardVerdict {
        let index: Int64
        do {
            let seeker = LeaderSeeker(
                replicas, random: SeededRandom(seed: 1), tryTimeout: .seconds(10))
            let reply = try await seeker.call(["CHECKSUM"], deadline: deadline)
            guard let found = reply.value.elements?.first?.integer else {
                return .unknown("the leader answered \(reply.value)")
            }
            index = found
        } catch {
            return .unknown("\(error)")
        }
        var sums: [(replica: String, sum: Int64)] = []
        for replica in replicas {
            guard let sum = await sum(of: replica, at: index, deadline) else {
                return .unknown("\(replica.name) has no checksum at index \(index)")
            }
            sums.append((replica.name, sum))
        }
        return Self.judge(sums, at: index)
    }

    private func sum(
        of replica: NamedAddress, at index: Int64, _ deadline: MonotonicTime
    ) async -> Int64? {
        let client = RESPClient(replica.address)
        defer { client.close() }
        // A replica that lags has to apply the entry first.
        while MonotonicTime.now() < deadline {
            let reply = try? await client.call(["CHECKSUM", "AT", "\(index)"], deadline: deadline)
            if let sum = reply?.elements?.last?.integer { return sum }
            await Reactor.sleep(for: .milliseconds(20))
        }
        return nil
    }

    static func judge(_ sums: [(replica: String, sum: Int64)], at index: Int64) -> ShardVerdict {
        var counts: [Int64: Int] = [:]
        for (_, sum) in sums { counts[sum, default: 0] += 1 }
        guard let most = counts.first(where: { $0.value * 2 > sums.count })?.key else {
            return .noMajority(index: index)
        }
        guard let odd = sums.first(where: { $0.sum != most }) else {
            return .same(index: index, sum: most)
        }
        return .differs(replica: odd.replica, index: index, sum: odd.sum, expected: most)
    }
}
