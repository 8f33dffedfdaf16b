// Who is set aside for its answers, for how long, and who never is.

import Blueprint
import Linux
import Testing

@testable import Balancer

struct OutlierTests {
    @Test func `one of three that fails more than the others is set aside for a time`() {
        var bench = PoolBench(3)
        bench.serve(20, failing: [2])
        bench.compare()
        #expect(bench.rotation == [true, true, false])
        #expect(bench.pool.takeChanges().map(\.reason) == ["success rate"])
        bench.check(2, true)
        bench.check(2, true)
        #expect(bench.rotation == [true, true, false], "its checks were never bad")
        bench.compare(after: .seconds(3))
        #expect(bench.rotation == [true, true, false])
        bench.compare(after: .seconds(3))
        #expect(bench.rotation == [true, true, true])
    }

    @Test func `each ejection is longer than the last, up to a bound`() {
        var ejection = Ejection()
        var now = MonotonicTime(nanoseconds: 0)
        let lengths = (0..<4).map { _ -> Duration in
            ejection.begin(.latency, at: now, base: .seconds(5), max: .seconds(12))
            let until = ejection.until ?? now
            let length = until - now
            now = until
            let isOver = ejection.endIfDue(at: now)
            #expect(isOver)
            return length
        }
        #expect(lengths == [.seconds(5), .seconds(10), .seconds(12), .seconds(12)])
        ejection.forgive()
        ejection.forgive()
        #expect(ejection.count == 2)
    }

    @Test func `a slow one is set aside, and one that is slow with all others is not`() {
        var bench = PoolBench(3)
        bench.serve(20, slow: [0, 1, 2])
        bench.compare()
        #expect(bench.rotation == [true, true, true])
        bench.serve(20, slow: [1])
        bench.compare()
        #expect(bench.rotation == [true, false, true])
        #expect(bench.pool.backends[1].state == "ejected: latency")
    }

    @Test func `what all share ejects nobody`() {
        var bench = PoolBench(3)
        bench.serve(20, failing: [0, 1, 2])
        bench.compare()
        #expect(bench.rotation == [true, true, true])
    }

    @Test func `few answers say nothing`() {
        var bench = PoolBench(3)
        bench.serve(9, failing: [1])
        bench.compare()
        #expect(bench.rotation == [true, true, true])
    }

    @Test(arguments: [(10, 0.34, 3), (10, 0.05, 1), (2, 0.34, 1), (1, 1.0, 0), (4, 1.0, 4)])
    func `no more than a share is out, and one of several always may be`(
        _ count: Int, _ share: Double, _ most: Int
    ) {
        var bench = PoolBench(count) { $0.outlier.ejectedShareMax = share }
        for index in 0..<count {
            for _ in 0..<2 {
                let others = (0..<count).filter { $0 != index }
                guard bench.take(excluding: others) == index else { continue }
                bench.give(index, .failed)
            }
        }
        #expect(bench.rotation.count { !$0 } == most)
    }

    @Test func `nobody is set aside where the settings say so`() {
        var bench = PoolBench(3) { $0.outlier.isOn = false }
        bench.serve(20, failing: [2], slow: [1])
        bench.compare()
        #expect(bench.rotation == [true, true, true])
    }

    @Test func `the deviation of the others sets the bound`() {
        let rates = [0.99, 0.7, 0.8, 0.9, 0.55]
        let figures = rates.enumerated().map {
            OutlierFigures(index: $0, successRate: $1, latency: 0.001)
        }
        // Of the others the mean is 0.8475 and the deviation 0.109: 1.9 of it below is 0.64.
        let outliers = OutlierComparison.outliers(among: figures, OutlierSettings())
        #expect(outliers.map(\.index) == [4])
        #expect(OutlierComparison.outliers(among: [figures[4]], OutlierSettings()).isEmpty)
    }
}
