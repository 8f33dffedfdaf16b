// A balancer in a topology. Its keys are its settings under the words of an experiment file, so the
// spec holds the settings themselves, all but the backends, which follow from the tier it leads to.

package import Blueprint
import Linux
import Wire

package struct BalancerSpec: Sendable, Equatable {
    /// The tier that it spreads requests over.
    package var to: String
    /// With no backends yet.
    package var settings = BalancerSettings(backends: [])

    package init(to: String) { self.to = to }

    package var policy: BalancingPolicy { settings.policy }
}

extension BalancerSpec: TierSpecification {
    static var schema: [(key: String, JSON)] {
        [("to", ExperimentSchema.reference)] + BalancerKey.all.map { ($0.key, $0.schema) }
    }

    static func read(_ fields: inout Fields, _ reader: inout TierReader) -> BuiltinTier? {
        let to = reader.reference(&fields, "to", [.app, .balancer])
        var spec = BalancerSpec(to: to ?? "")
        for key in BalancerKey.all { key.read(&fields, into: &spec.settings) }
        relate(spec.settings, fields)
        return to == nil ? nil : .balancer(spec)
    }

    /// What two keys must not say against each other.
    private static func relate(_ settings: BalancerSettings, _ fields: Fields) {
        expect(
            settings.tryTimeout <= settings.requestTimeout, fields,
            ["try-timeout", "request-timeout"],
            "\"try-timeout\", \(Quantity.text(settings.tryTimeout)), is longer than "
                + "\"request-timeout\", \(Quantity.text(settings.requestTimeout))")
        expect(
            settings.checkTimeout < settings.checkInterval, fields,
            ["check-timeout", "check-interval"],
            "\"check-timeout\", \(Quantity.text(settings.checkTimeout)), must be shorter than "
                + "\"check-interval\", \(Quantity.text(settings.checkInterval)), or checks overlap")
        expect(
            settings.admission.limitMin <= settings.admission.limitMax, fields,
            ["limit-min", "limit-max"], "\"limit-min\" is above \"limit-max\"")
        expect(
            settings.outlier.ejectionBase <= settings.outlier.ejectionMax, fields,
            ["ejection-time"],
            "\"ejection-time\" is above \(Quantity.text(settings.outlier.ejectionMax))")
    }

    private static func expect(
        _ holds: Bool, _ fields: Fields, _ keys: [String], _ message: String
    ) {
        if holds { return }
        let place = keys.lazy.compactMap { fields.location(of: $0) }.first
        fields.log.error(message, at: place ?? fields.node.location)
    }

    var references: [String] { [to] }

    func settings(of tier: TierSpec, at place: NodePlace, in topology: Topology) -> TierSettings {
        var settings = settings
        settings.backends = topology.addresses(named: to)
        return .balancer(settings)
    }
}
