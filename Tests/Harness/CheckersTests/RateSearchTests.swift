// The search against systems that are known: it must find their limit, within its precision and its number
// of trials, and must not believe a hiccup.

import Testing

@testable import Checkers

struct RateSearchTests {
    private typealias Outcome = RateSearch.Outcome

    /// Runs a search against a system; `system` gets the rate and the number of the trial.
    private func run(
        _ settings: RateSearch.Settings = .init(), _ system: (Double, Int) -> RateSearch.Outcome
    ) -> (result: RateSearch.Result?, trials: [RateSearch.Trial]) {
        var search = RateSearch(settings)
        while case .trial(let rate, _) = search.step {
            search.record(system(rate, search.trials.count))
        }
        guard case .finished(let result) = search.step else { return (nil, search.trials) }
        return (result, search.trials)
    }

    @Test(arguments: [3.0, 49, 50, 51, 137, 799, 1234, 4100])
    func `a steady limit is found within the precision and confirmed`(limit: Double) throws {
        let (result, trials) = run { rate, _ in rate <= limit ? .held : .failed }
        let rate = try #require(result?.rate)
        #expect(rate <= limit)
        let failing = try #require(result?.failing)
        #expect(failing > limit)
        #expect(failing / rate <= 1.1 * 1.01)
        #expect(result?.isConfirmed == true)
        #expect(result?.limit == .objectives)
        #expect(result?.isAtLeast == false)
        #expect(trials.count <= 16)
    }

    @Test func `a single hiccup while probing does not cap the search`() throws {
        let (result, trials) = run { rate, index in
            index == 2 ? .failed : rate <= 1000 ? .held : .failed
        }
        #expect(trials[2].rate == 200)
        #expect(trials[3].purpose == .doubt)
        #expect(try #require(result?.rate) > 800)
    }

    @Test func `a rate that held once by luck is not the result`() throws {
        // Above 300 everything fails, except for the first time.
        var seen: Set<Double> = []
        let (result, _) = run { rate, _ in
            rate <= 300 || seen.insert(rate).inserted ? .held : .failed
        }
        let rate = try #require(result?.rate)
        let confirmed = result?.isConfirmed ?? false
        #expect(rate <= 300 || !confirmed, "\(rate)")
    }

    @Test func `a system that holds at no rate has none`() {
        let (result, trials) = run { _, _ in .failed }
        #expect(result?.rate == nil)
        #expect(result?.isConfirmed == false)
        #expect(result?.isAtLeast == false)
        #expect(trials.map(\.rate).min() == 1)
    }

    @Test func `where the generator is the limit the result is at least`() throws {
        let (result, _) = run { rate, _ in rate <= 400 ? .held : .saturated }
        #expect(result?.limit == .generator)
        #expect(result?.isAtLeast == true)
        #expect(result?.rate == 400)
    }

    @Test func `a system that never fails is bounded by the range and the trials`() {
        var settings = RateSearch.Settings()
        settings.most = 400
        let ranged = run(settings) { _, _ in .held }
        #expect(ranged.result?.rate == 400)
        #expect(ranged.result?.limit == .range)
        #expect(ranged.result?.failing == nil)
        #expect(ranged.result?.isConfirmed == true)
        settings.most = 1e9
        settings.trialsMax = 5
        let (result, trials) = run(settings) { _, _ in .held }
        #expect(trials.count == 5)
        #expect(result?.rate == 400)
        #expect(result?.isConfirmed == true)
        #expect(result?.isAtLeast == true)
    }

    @Test func `the last trial confirms what is known`() throws {
        var settings = RateSearch.Settings()
        settings.trialsMax = 5
        let (result, trials) = run(settings) { rate, _ in rate <= 150 ? .held : .failed }
        #expect(trials.map(\.rate) == [50, 100, 200, 200, 100])
        #expect(trials.last?.purpose == .confirm)
        #expect(result?.rate == 100)
        #expect(result?.isConfirmed == true)
    }

    @Test(arguments: 0..<200)
    func `a flaky system never takes more trials than allowed nor leaves the range`(seed: Int) {
        var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1
        var settings = RateSearch.Settings()
        settings.most = 3000
        let (result, trials) = run(settings) { rate, _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let isLucky = state >> 61 == 0
            return (rate <= 700) != isLucky ? .held : .failed
        }
        #expect(trials.count <= 16)
        #expect(trials.allSatisfy { (1...3000).contains($0.rate) })
        #expect(result != nil)
        if let rate = result?.rate,
            let ceiling = trials.filter({ $0.rate > rate }).map(\.rate).min()
        {
            #expect(ceiling > rate)
        }
    }
}
