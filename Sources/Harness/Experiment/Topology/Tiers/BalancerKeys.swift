// The keys of a balancer in a topology, one line each: its name, the setting that it changes, its bounds
// and its schema. Reader and schema both go through this list, so neither can know a key that the other
// does not.

import Blueprint
import Linux
import Wire

struct BalancerKey {
    let key: String
    let schema: JSON
    private let change: (inout Fields, inout BalancerSettings) -> Void

    private init<Value>(
        _ key: String, _ setting: WritableKeyPath<BalancerSettings, Value>, _ schema: JSON,
        _ parse: @escaping Checked.Reader<Value>
    ) {
        self.key = key
        self.schema = schema
        change = { fields, settings in
            if let value = fields.optional(key, parse) { settings[keyPath: setting] = value }
        }
    }

    /// Takes the key, if it is there, into the settings.
    func read(_ fields: inout Fields, into settings: inout BalancerSettings) {
        change(&fields, &settings)
    }

    static var all: [BalancerKey] { choosing + health + tries + admission + intake }
}

extension BalancerKey {
    private static var choosing: [BalancerKey] {
        [
            word("policy", \.policy),
            word("hash-key", \.hashKey),
        ]
    }

    private static var health: [BalancerKey] {
        [
            duration("check-interval", \.checkInterval, .milliseconds(10) ... .seconds(60)),
            duration("check-timeout", \.checkTimeout, .milliseconds(1) ... .seconds(60)),
            integer("rise", \.rise, 1...100),
            integer("fall", \.fall, 1...100),
            duration("slow-start", \.slowStart, .zero ... .seconds(600)),
            ratio("panic-threshold", \.panicThreshold),
            boolean("outlier-ejection", \.outlier.isOn),
            integer("outlier-failures", \.outlier.consecutiveFailures, 1...1000),
            duration("outlier-interval", \.outlier.interval, .milliseconds(50) ... .seconds(60)),
            duration("ejection-time", \.outlier.ejectionBase, .milliseconds(50) ... .seconds(600)),
            ratio("ejected-max", \.outlier.ejectedShareMax),
            integer("outlier-latency-factor", \.outlier.latencyFactor, 0...1000),
        ]
    }

    private static var tries: [BalancerKey] {
        [
            duration("connect-timeout", \.connectTimeout, .milliseconds(1) ... .seconds(60)),
            duration("try-timeout", \.tryTimeout, .milliseconds(1) ... .seconds(600)),
            duration("request-timeout", \.requestTimeout, .milliseconds(1) ... .seconds(600)),
            integer("retries", \.retry.triesMax, 0...10),
            BalancerKey("retry-budget", \.retry.budget, budgetSchema, budget),
            integer("retry-minimum", \.retry.budgetMinimum, 0...10_000),
            duration("hedge-after", \.retry.hedgeAfter, .milliseconds(1) ... .seconds(60)),
            duration("drain-timeout", \.drainTimeout, .zero ... .seconds(600)),
        ]
    }

    private static var admission: [BalancerKey] {
        [
            integer("in-flight-max", \.admission.inFlightMax, 1...1_000_000),
            integer("backend-connections-max", \.admission.backendConnectionsMax, 1...60_000),
            integer("pending-max", \.admission.pendingMax, 0...1_000_000),
            boolean("shed", \.admission.sheds),
            integer("limit-min", \.admission.limitMin, 1...100_000),
            integer("limit-max", \.admission.limitMax, 1...100_000),
            BalancerKey(
                "rate-limit-per-client", \.admission.clientRate, ExperimentSchema.ref("rate"),
                wholeRate),
            integer("rate-limit-burst", \.admission.clientBurst, 1...1_000_000),
        ]
    }

    private static var intake: [BalancerKey] {
        [
            integer("connections-max", \.intake.connectionsMax, 1...1_000_000),
            duration("header-timeout", \.intake.headerTimeout, .milliseconds(10) ... .seconds(600)),
            duration("idle-timeout", \.intake.idleTimeout, .milliseconds(10) ... .seconds(3600)),
            size("body-rate-min", \.intake.bodyRateMin, 0...1 << 30),
            size("head-max", \.intake.headBytesMax, 256...64 << 10),
            size("body-max", \.intake.bodyBytesMax, 0...1 << 40),
            boolean("accept-proxy", \.intake.expectsProxy),
            word("send-proxy", \.intake.sendsProxy),
            word("access-log", \.intake.accessLog),
            BalancerKey(
                "access-log-rate", \.intake.accessLogRate, ExperimentSchema.ref("rate"), wholeRate),
        ]
    }
}

// One maker for each kind of value.
extension BalancerKey {
    private typealias Setting<Value> = WritableKeyPath<BalancerSettings, Value>

    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ setting: Setting<Word>
    ) -> BalancerKey {
        BalancerKey(key, setting, ExperimentSchema.words(Word.self), Checked.word(key, Word.self))
    }

    private static func duration(
        _ key: String, _ setting: Setting<Duration>, _ bounds: ClosedRange<Duration>
    ) -> BalancerKey {
        BalancerKey(key, setting, ExperimentSchema.ref("duration"), Checked.duration(bounds))
    }

    private static func integer(
        _ key: String, _ setting: Setting<Int>, _ bounds: ClosedRange<Int>
    ) -> BalancerKey {
        BalancerKey(
            key, setting, ExperimentSchema.integer(from: bounds.lowerBound),
            Checked.integer(bounds))
    }

    private static func size(
        _ key: String, _ setting: Setting<Int>, _ bounds: ClosedRange<Int>
    ) -> BalancerKey {
        BalancerKey(key, setting, ExperimentSchema.ref("size"), Checked.size(bounds))
    }

    private static func ratio(_ key: String, _ setting: Setting<Double>) -> BalancerKey {
        BalancerKey(key, setting, ExperimentSchema.ref("ratio"), Quantity.ratio)
    }

    private static func boolean(_ key: String, _ setting: Setting<Bool>) -> BalancerKey {
        BalancerKey(key, setting, ["type": "boolean"], Checked.boolean)
    }

    /// A share of the requests, or `off` for no budget at all.
    private static func budget(_ text: String) throws(ValueError) -> Double? {
        text == "off" ? nil : try Quantity.ratio(text)
    }

    static func wholeRate(_ text: String) throws(ValueError) -> Int {
        let rate = try Checked.rate(max: 1_000_000)(text)
        guard rate >= 1 else { throw ValueError("the rate must be at least 1/s, not \(text)") }
        return Int(rate)
    }

    private static var budgetSchema: JSON {
        ["oneOf": [ExperimentSchema.ref("ratio"), ["const": "off"]]]
    }
}

extension RetrySettings {
    /// The budget as one word: nil for none.
    fileprivate var budget: Double? {
        get { isBudgeted ? budgetShare : nil }
        set {
            isBudgeted = newValue != nil
            budgetShare = newValue ?? budgetShare
        }
    }
}
