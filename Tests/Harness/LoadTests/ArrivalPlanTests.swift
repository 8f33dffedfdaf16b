// The plan is the part of a load that must be the same in a replay, so it is held to its seed here,
// and to the distributions that it claims.

import Experiment
import Linux
import Load
import Testing

struct ArrivalPlanTests {
    @Test(arguments: ArrivalProcess.allCases)
    func `the same seed plans the same requests`(arrivals: ArrivalProcess) {
        let first = Samples.plan(seed: 7, arrivals: arrivals)
        let second = Samples.plan(seed: 7, arrivals: arrivals)
        #expect(Samples.requests(of: first) == Samples.requests(of: second))
        #expect(first.fingerprint() == second.fingerprint())
        #expect(first.tag == second.tag)
    }

    @Test(arguments: ArrivalProcess.allCases)
    func `another seed plans other requests`(arrivals: ArrivalProcess) {
        let first = Samples.plan(seed: 7, arrivals: arrivals)
        let second = Samples.plan(seed: 8, arrivals: arrivals)
        #expect(first.fingerprint() != second.fingerprint())
        #expect(first.tag != second.tag)
    }

    @Test func `a fingerprint covers as many requests as asked for`() {
        let plan = Samples.plan(seed: 7, arrivals: .even)
        #expect(plan.fingerprint(first: 10).count == 10)
        #expect(plan.fingerprint(first: 10) == plan.fingerprint(first: 10))
        #expect(plan.fingerprint(first: 10) != plan.fingerprint(first: 11))
        #expect("\(plan.fingerprint())".count == 16)
    }

    @Test func `a longer plan begins like the shorter one`() {
        var profile = Samples.profile
        profile.arrivals = .poisson
        let short = ArrivalPlan(profile, duration: .seconds(1), seed: 3)
        let long = ArrivalPlan(profile, duration: .seconds(2), seed: 3)
        let count = Samples.requests(of: short).count
        #expect(short.fingerprint() == long.fingerprint(first: count))
        #expect(Samples.requests(of: long).count > count)
    }

    @Test func `even arrivals are exact`() {
        let requests = Samples.requests(of: Samples.plan(seed: 1, arrivals: .even))
        #expect(requests.map(\.index) == Array(0..<4000))
        #expect(requests.map(\.intended) == (0..<4000).map { Int64($0) * 500_000 })
    }

    @Test func `even arrivals at a rate that divides badly do not drift`() throws {
        var profile = Samples.profile
        profile.rate = 3
        profile.arrivals = .even
        let plan = ArrivalPlan(profile, duration: .seconds(3000), seed: 1)
        let requests = Samples.requests(of: plan)
        #expect(requests.count == 9000)
        #expect(try #require(requests.last).intended == 2_999_666_666_666)
    }

    @Test func `Poisson gaps have the mean and the variance of an exponential law`() {
        var profile = Samples.profile
        profile.arrivals = .poisson
        let plan = ArrivalPlan(profile, duration: .seconds(20), seed: 11)
        let times = [0.0] + Samples.requests(of: plan).map { Double($0.intended) }
        let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(gaps.count)
        // 40,000 draws of mean 500 us: three standard errors are 1.5% of the mean and 4.2% of the
        // variance.
        #expect(abs(mean - 500_000) < 7_500)
        #expect(abs(variance / (mean * mean) - 1) < 0.042)
    }

    @Test func `no arrival lies at or after the end, and none goes back`() {
        for arrivals in ArrivalProcess.allCases {
            let times = Samples.requests(of: Samples.plan(seed: 5, arrivals: arrivals))
                .map(\.intended)
            #expect(times.allSatisfy { $0 >= 0 && $0 < 2_000_000_000 })
            #expect(times == times.sorted())
        }
    }

    @Test func `journeys come up by their shares`() {
        let requests = Samples.requests(of: Samples.plan(seed: 2, arrivals: .even))
        for share in Samples.profile.journeys {
            let count = requests.count { $0.journey == share.journey }
            let expected = share.share * Double(requests.count)
            // Three standard deviations of a binomial draw.
            let bound = 3 * (expected * (1 - share.share)).squareRoot()
            #expect(abs(Double(count) - expected) < bound, "\(share.journey)")
        }
    }

    @Test func `users come up by a Zipf law over the whole population`() {
        let requests = Samples.requests(of: Samples.plan(seed: 2, arrivals: .even))
        let harmonic = (1...1000).reduce(0.0) { $0 + 1 / Double($1) }
        for pick in [\PlannedRequest.user, \.subject] {
            let users = requests.map { $0[keyPath: pick] }
            #expect(users.allSatisfy { (1...1000).contains($0) })
            for rank in 1...3 {
                let expected = Double(users.count) / (Double(rank) * harmonic)
                let count = users.count { $0 == rank }
                #expect(abs(Double(count) - expected) < 3.5 * expected.squareRoot(), "\(rank)")
            }
            #expect(Set(users).count > 400)
        }
    }

    @Test func `another mix of journeys leaves times and users as they were`() {
        var profile = Samples.profile
        profile.journeys = [JourneyShare(journey: .profile, share: 1)]
        let other = Samples.requests(of: ArrivalPlan(profile, duration: .seconds(2), seed: 2))
        let plain = Samples.requests(
            of: ArrivalPlan(Samples.profile, duration: .seconds(2), seed: 2))
        #expect(other.map(\.intended) == plain.map(\.intended))
        #expect(other.map(\.user) == plain.map(\.user))
        #expect(other.map(\.journey) != plain.map(\.journey))
    }

    @Test func `keys are unique, legal and in the order of the plan`() {
        let plan = Samples.plan(seed: 2, arrivals: .even)
        let keys = Samples.requests(of: plan).map { plan.key(of: $0) }
        #expect(keys == keys.sorted())
        #expect(Set(keys).count == keys.count)
        #expect(keys.allSatisfy { $0.hasPrefix(plan.tag + "-") && $0.utf8.count == 18 })
    }
}
