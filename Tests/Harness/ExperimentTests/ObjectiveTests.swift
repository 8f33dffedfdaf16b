// The objective grammar: every sentence of the contract, and for every place where a sentence can go
// wrong, that the error points there and names the nearest valid word.

import Testing

@testable import Experiment

struct ObjectiveTests {
    @Test(arguments: [
        (
            "availability >= 99.9% in baseline",
            Objective.Claim.availability(.greaterOrEqual, Ratio(billionths: 999_000_000)),
            Objective.Slice(phase: .baseline)
        ),
        (
            "availability>=0.999",
            .availability(.greaterOrEqual, Ratio(billionths: 999_000_000)), Objective.Slice()
        ),
        (
            "p99 < 250ms in recovery",
            .latency(.p99, .less, .duration(.milliseconds(250))), Objective.Slice(phase: .recovery)
        ),
        (
            "p99.9{journey=post} <= 1.5s",
            .latency(.p999, .lessOrEqual, .duration(.milliseconds(1500))),
            Objective.Slice(journey: "post")
        ),
        (
            "p50 >= 1.5x baseline in fault",
            .latency(.p50, .greaterOrEqual, .multiple(thousandths: 1500, of: .baseline)),
            Objective.Slice(phase: .fault)
        ),
        (
            "error_rate { journey = checkout } <= 1% in fault",
            .errorRate(.lessOrEqual, Ratio(billionths: 10_000_000)),
            Objective.Slice(phase: .fault, journey: "checkout")
        ),
        (
            "stale_share{journey=static} >= 50% in fault",
            .staleShare(.greaterOrEqual, Ratio(billionths: 500_000_000)),
            Objective.Slice(phase: .fault, journey: "static")
        ),
        (
            "rate >= 95% of planned in tail",
            .rate(.greaterOrEqual, .shareOfPlanned(Ratio(billionths: 950_000_000))),
            Objective.Slice(phase: .tail)
        ),
        (
            "rate > 1900/s in tail",
            .rate(.greater, .perSecond(thousandths: 1_900_000)), Objective.Slice(phase: .tail)
        ),
        ("lost_writes == 0", .count(.lostWrites, .equal, 0), Objective.Slice()),
        ("duplicate_effects == 0", .count(.duplicateEffects, .equal, 0), Objective.Slice()),
        ("dead_letters <= 3", .count(.deadLetters, .lessOrEqual, 3), Objective.Slice()),
        ("leader_changes <= 2", .leaderChanges(.lessOrEqual, 2), Objective.Slice()),
        (
            "counter store.reads < 150 in fault",
            .counter(Objective.Counter(tier: "store", field: "reads"), .less, 150),
            Objective.Slice(phase: .fault)
        ),
        (
            "leader_changes {tier=store} == 0 in fault", .leaderChanges(.equal, 0),
            Objective.Slice(phase: .fault, tier: "store")
        ),
    ])
    func `a sentence of the contract is read`(
        text: String, claim: Objective.Claim, slice: Objective.Slice
    ) throws {
        let objective = try Objective.parse(text)
        #expect(objective.claim == claim)
        #expect(objective.slice == slice)
        #expect(objective.text == text)
    }

    @Test(arguments: [
        ("recovery < 2s", Objective.RecoveryScope()),
        ("recovery < 2s after each fault", Objective.RecoveryScope()),
        ("recovery < 2s after kill", Objective.RecoveryScope(fault: "kill")),
        ("recovery < 2s after each kill", Objective.RecoveryScope(fault: "kill")),
        ("recovery < 2s after heal of kill", Objective.RecoveryScope(origin: .heal, fault: "kill")),
        ("recovery < 2s after heal of each fault", Objective.RecoveryScope(origin: .heal)),
    ])
    func `recovery names the fault and where it is counted from`(
        text: String, scope: Objective.RecoveryScope
    ) throws {
        let objective = try Objective.parse(text)
        #expect(objective.claim == .recovery(.less, .seconds(2), after: scope))
    }

    @Test(arguments: [
        ("availabilty >= 99%", 0, "did you mean \"availability\"?"),
        ("p98 < 250ms", 0, "did you mean \"p9"),
        ("latency < 250ms", 0, "valid: availability, error_rate"),
        ("linearizable store", 0, "cannot be judged yet"),
        ("", 0, "expected a measure"),
        ("availability = 99%", 13, "expected one of <, <=, >, >=, =="),
        ("availability >= 99.9", 16, "a percentage such as 99.9%"),
        ("availability >= 101%", 16, "at most 100%"),
        ("availability >= fast", 16, "expected a ratio such as 99.9% or 0.999"),
        ("availability >= 0.9990000001", 16, "at most 9 digits"),
        ("availability >= 99% at baseline", 20, "expected \"in\", found \"at\""),
        ("availability >= 99% in basline", 23, "did you mean \"baseline\"?"),
        ("availability >= 99% in baseline please", 32, "should end here"),
        ("p99 < 250", 9, "a duration needs a unit"),
        ("p99 < 250msec", 9, "unknown unit \"msec\""),
        ("p99 <", 5, "expected a duration such as 250ms but the sentence ends"),
        ("p99{jurney=post} < 1s", 4, "did you mean \"journey\"?"),
        ("p99{journey post} < 1s", 12, "expected \"=\""),
        ("p99{journey=post < 1s", 17, "expected \"}\""),
        ("rate >= 95% in tail", 12, "expected \"of\", found \"in\""),
        ("rate >= 95/m in tail", 11, "/s"),
        ("recovery < 2s in tail", 14, "expected \"after\", found \"in\""),
        ("recovery < 9999999h", 11, "out of range"),
        ("counter reads < 150", 8, "a counter is a tier, a point and a field"),
        ("lost_writes == 0.5", 15, "at most 0 digits"),
        ("lost_writes == 9999999999999", 15, "too many digits"),
    ])
    func `a wrong sentence is refused where it goes wrong`(
        text: String, offset: Int, message: String
    ) throws {
        let error = try #require(throws: ObjectiveSyntaxError.self) { try Objective.parse(text) }
        #expect(error.offset == offset)
        #expect(error.message.contains(message))
    }

    @Test(arguments: [
        ("recovery < 2s after kil", 20, "did you mean \"kill\"?"),
        ("recovery < 2s after heal of flood", 28, "valid: kill, partition"),
        ("p99{journey=posts} < 1s", 12, "did you mean \"post\"?"),
    ])
    func `names that the experiment does not have are refused`(
        text: String, offset: Int, message: String
    ) throws {
        let vocabulary = ObjectiveVocabulary(
            faults: ["kill", "partition"], journeys: ["post", "browse"])
        let error = try #require(throws: ObjectiveSyntaxError.self) {
            try Objective.parse(text, vocabulary: vocabulary)
        }
        #expect(error.offset == offset)
        #expect(error.message.contains(message))
        #expect(throws: Never.self) { try Objective.parse(text) }
    }

    @Test func `a ratio is compared without rounding`() {
        let limit = Ratio(billionths: 999_000_000)
        #expect(limit.isMet(.greaterOrEqual, part: 999, whole: 1000))
        #expect(!limit.isMet(.greaterOrEqual, part: 998, whole: 1000))
        #expect(!limit.isMet(.greater, part: 999, whole: 1000))
    }

    @Test(arguments: [
        ("1m30s", Duration.seconds(90)), ("0.5us", .nanoseconds(500)), ("2h", .seconds(7200)),
    ])
    func `compound and broken durations are exact`(text: String, duration: Duration) throws {
        let objective = try Objective.parse("p50 < \(text)")
        #expect(objective.claim == .latency(.p50, .less, .duration(duration)))
    }
}
