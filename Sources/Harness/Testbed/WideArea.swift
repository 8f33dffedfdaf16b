// The distances between regions: laid before the first process starts, proven once all are ready, and
// gone with the testbed. They are part of the stack and no fault, so a fault on such a link comes on
// top of them and leaves them as they were.

package import Experiment
import Linux
package import Reactor

/// Lays and proves the links between the regions of a testbed's nodes.
@ReactorActor
package struct WideArea {
    private let testbed: Testbed
    private let links: [WideAreaLink]

    package init(_ links: [WideAreaLink], in testbed: Testbed) {
        self.links = links
        self.testbed = testbed
    }

    /// Every direction between nodes of two linked regions takes the way through the emulator.
    func lay() throws(SyscallError) {
        try testbed.links.lay(
            directions.map { link, direction in
                (direction, Impairment(delay: link.delay, jitter: link.jitter))
            })
    }

    /// The kernel leads every direction to the emulator, and probes between the regions take as long as
    /// the topology says: never less, and not much longer. A host that is still busy with starting the
    /// stack is given some tries.
    package func prove() async throws(StackError) {
        guard !links.isEmpty else { return }
        do {
            let laid = try testbed.links.detoured()
            if let missing = directions.first(where: { !laid.contains($0.direction) }) {
                throw StackError.distance("no rule for \(missing.direction)")
            }
            var failure: StackError?
            for _ in 0..<Self.tries {
                failure = judge(try await measure())
                if failure == nil { return }
            }
            if let failure { throw failure }
        } catch let error as SyscallError {
            throw .system(error)
        } catch let error as StackError {
            throw error
        } catch {
            preconditionFailure("only these two are thrown")
        }
    }

    private static let tries = 5
    private static let probes = 10
    /// How late the median may be on a busy host.
    private static let slack: Duration = .milliseconds(15)

    private func measure() async throws(SyscallError) -> [LinkMeasurement] {
        let patience = (links.map { $0.delay + $0.jitter }.max() ?? .zero) + .milliseconds(60)
        return try await LinkProbe(testbed.nodes).measure(
            samples.map(\.direction), count: Self.probes, interval: .milliseconds(1),
            patience: patience)
    }

    private func judge(_ measured: [LinkMeasurement]) -> StackError? {
        for (sample, result) in zip(samples, measured) {
            let least = sample.link.delay - sample.link.jitter - .microseconds(100)
            let most = sample.link.delay + sample.link.jitter + Self.slack
            guard let first = result.delays.first, let median = result.delay(atShare: 0.5) else {
                return .distance("no probe arrived over \(result.direction)")
            }
            guard first >= least, median <= most else {
                return .distance(
                    "\(result.direction) takes \(median), where the topology says "
                        + "\(sample.link.delay)")
            }
        }
        return nil
    }

    private typealias Laid = (link: WideAreaLink, direction: Direction)

    /// One direction each way for every link.
    private var samples: [Laid] {
        var seen: Set<[String]> = []
        return directions.filter { laid in
            let ends = [laid.direction.from, laid.direction.to].compactMap(testbed.region(of:))
            return seen.insert(ends).inserted
        }
    }

    private var directions: [Laid] {
        var laid: [Laid] = []
        // What a node sends to itself never leaves it.
        for source in testbed.nodes {
            for sink in testbed.nodes where sink !== source {
                laid += directions(from: source, to: sink)
            }
        }
        return laid
    }

    private func directions(from source: Node, to sink: Node) -> [Laid] {
        var laid: [Laid] = []
        for from in source.places {
            for to in sink.places {
                guard let link = links.first(where: { $0.joins(from.region, to.region) }) else {
                    continue
                }
                laid.append((link, Direction(from: from.address, to: to.address)))
            }
        }
        return laid
    }
}
