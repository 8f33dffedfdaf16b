// Spikes bend the plan's time and nothing else: exactly so many times as many requests while they last.

import Experiment
import Linux
import Load
import Testing
import Wire

struct SpikeTests {
    @Test func `an even load comes ten times as often in a spike, to the request`() {
        let requests = requests(.even, rate: 100, seconds: 20) {
            [LoadSpike(at: .seconds(8), length: .seconds(3), factor: 10)]
        }
        #expect(requests.count == 1700 + 3000)
        #expect(count(requests, from: 0, to: 8) == 800)
        #expect(count(requests, from: 8, to: 11) == 3000)
        #expect(count(requests, from: 11, to: 20) == 900)
        #expect(requests == requests.sorted())
    }

    @Test func `edges that fall between two requests are exact too`() {
        // 0.5 s at 3/s is 1.5 requests, 0.25 s at 12/s is 3: the third request of all is due when
        // 1.5 more have summed up, which at 12/s is 125 ms later.
        let requests = requests(.even, rate: 3, seconds: 1) {
            [LoadSpike(at: .milliseconds(500), length: .milliseconds(250), factor: 4)]
        }
        let expected = [0, 333_333_333, 541_666_666, 625_000_000, 708_333_333, 916_666_666]
        #expect(requests.count == expected.count)
        for (time, wanted) in zip(requests, expected) { #expect(abs(time - Int64(wanted)) <= 1) }
    }

    @Test func `a lull and two spikes side by side add up`() {
        let requests = requests(.even, rate: 100, seconds: 10) {
            [
                LoadSpike(at: .seconds(1), length: .seconds(2), factor: 0.5),
                LoadSpike(at: .seconds(3), length: .seconds(1), factor: 3),
                LoadSpike(at: .seconds(4), length: .seconds(1), factor: 2),
            ]
        }
        #expect(requests.count == 100 + 100 + 300 + 200 + 500)
    }

    @Test func `a Poisson load follows the same integral`() {
        let requests = requests(.poisson, rate: 1000, seconds: 10) {
            [LoadSpike(at: .seconds(4), length: .seconds(2), factor: 5)]
        }
        // Within four deviations of 10,000 and of 4,000.
        #expect(abs(count(requests, from: 4, to: 6) - 10_000) < 400)
        #expect(abs(count(requests, from: 0, to: 4) - 4000) < 260)
        #expect(abs(count(requests, from: 6, to: 10) - 4000) < 260)
    }

    @Test func `before its first spike a load is what it would be without`() {
        let plain = requests(.poisson, rate: 500, seconds: 4) { [] }
        let spiked = requests(.poisson, rate: 500, seconds: 4) {
            [LoadSpike(at: .seconds(2), length: .seconds(1), factor: 10)]
        }
        let before = plain.filter { $0 < 2_000_000_000 }
        #expect(Array(spiked.prefix(before.count)) == before)
        #expect(spiked.count > 2 * plain.count)
    }

    @Test func `spikes survive the plan's file, and disorder is refused`() throws {
        var profile = Samples.profile
        profile.spikes = [
            LoadSpike(at: .seconds(1), length: .seconds(2), factor: 2.5),
            LoadSpike(at: .seconds(3), length: .seconds(1), factor: 0.5),
        ]
        let plan = LoadPlan(
            seed: 1, duration: .seconds(9), profile: profile,
            target: try #require(SocketAddress("10.1.2.3:8080")), host: "x")
        #expect(try LoadPlan(json: plan.json) == plan)
        profile.spikes.reverse()
        let reversed = LoadPlan(
            seed: 1, duration: .seconds(9), profile: profile, target: plan.target, host: "x")
        let error = #expect(throws: LoadPlanError.self) { try LoadPlan(json: reversed.json) }
        #expect(error?.member == "spikes")
    }

    private func requests(
        _ arrivals: ArrivalProcess, rate: Double, seconds: Int, _ spikes: () -> [LoadSpike]
    ) -> [Int64] {
        var profile = Samples.profile
        profile.arrivals = arrivals
        profile.rate = rate
        profile.spikes = spikes()
        let plan = ArrivalPlan(profile, duration: .seconds(seconds), seed: 3)
        return Samples.requests(of: plan).map(\.intended)
    }

    private func count(_ times: [Int64], from start: Int64, to end: Int64) -> Int {
        times.count { $0 >= start * 1_000_000_000 && $0 < end * 1_000_000_000 }
    }
}
