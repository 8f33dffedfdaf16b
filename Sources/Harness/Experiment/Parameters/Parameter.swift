// One key of a step that belongs to its fault: what reads it, what bounds it and what the schema
// says of it. The reader of steps and the JSON Schema both take it from here, so that neither knows
// a key or a range that the other does not.

import Wire

/// A key with the type of its value.
struct Parameter<Value> {
    let key: String
    let isRequired: Bool
    /// What an editor shows and checks.
    let schema: JSON
    let read: Checked.Reader<Value>
}

/// A key, whatever the type of its value: what the schema needs of it.
protocol StepKey {
    var key: String { get }
    var isRequired: Bool { get }
    var schema: JSON { get }
}

extension Parameter: StepKey {}

extension Parameter {
    /// The same key, and a step without it is refused.
    var required: Parameter {
        Parameter(key: key, isRequired: true, schema: schema, read: read)
    }
}

extension Parameter where Value == Duration {
    static func duration(
        _ key: String, _ bounds: ClosedRange<Duration>, _ note: String
    ) -> Parameter {
        let range = "\(Quantity.text(bounds.lowerBound)) to \(Quantity.text(bounds.upperBound))"
        return Parameter(
            key: key, isRequired: false, schema: described("duration", "\(note); \(range)"),
            read: Checked.duration(bounds))
    }
}

extension Parameter where Value == Double {
    /// A ratio above nothing, up to all.
    static func share(_ key: String, _ note: String) -> Parameter {
        Parameter(
            key: key, isRequired: false, schema: described("ratio", note), read: Checked.share)
    }

    /// A ratio that may be nothing.
    static func ratio(_ key: String, _ bounds: ClosedRange<Double>, _ note: String) -> Parameter {
        Parameter(
            key: key, isRequired: false,
            schema: described("ratio", "\(note); \(bounds.lowerBound) to \(bounds.upperBound)"),
            read: Checked.ratio(bounds))
    }
}

extension Parameter where Value == Int {
    static func integer(_ key: String, _ bounds: ClosedRange<Int>, _ note: String) -> Parameter {
        let limits: [(String, JSON)] = [
            ("type", "integer"), ("minimum", .integer(Int64(bounds.lowerBound))),
            ("maximum", .integer(Int64(bounds.upperBound))), ("description", .string(note)),
        ]
        return Parameter(
            key: key, isRequired: false, schema: .object(limits), read: Checked.integer(bounds))
    }

    /// Bytes, as `64KiB`.
    static func size(_ key: String, _ bounds: ClosedRange<Int>, _ note: String) -> Parameter {
        let range = "\(bounds.lowerBound)B to \(bounds.upperBound)B"
        return Parameter(
            key: key, isRequired: false, schema: described("size", "\(note); \(range)"),
            read: Checked.size(bounds))
    }

    /// Bits a second, as `10Mbit/s`.
    static func bandwidth(_ key: String, _ bounds: ClosedRange<Int>, _ note: String) -> Parameter {
        let range =
            "\(Quantity.bandwidthText(bounds.lowerBound)) to "
            + Quantity.bandwidthText(bounds.upperBound)
        return Parameter(
            key: key, isRequired: false, schema: described("bandwidth", "\(note); \(range)"),
            read: Checked.bandwidth(bounds))
    }
}

extension Parameter where Value: RawRepresentable<String> & CaseIterable {
    static func word(_ key: String, _ type: Value.Type) -> Parameter {
        Parameter(
            key: key, isRequired: false, schema: ExperimentSchema.words(type),
            read: Checked.word(key, type))
    }
}

extension Parameter where Value == String {
    /// A text whose schema stands elsewhere.
    static func text(_ key: String, _ schema: JSON) -> Parameter {
        Parameter(key: key, isRequired: false, schema: schema, read: Checked.text)
    }
}

/// A definition of the schema with words of its own beside it.
private func described(_ definition: String, _ note: String) -> JSON {
    .object([
        ("$ref", .string("#/$defs/\(definition)")), ("description", .string(note)),
    ])
}

extension Fields {
    /// The value of a parameter; nil when absent or wrong, and reported where that is an error.
    mutating func value<Value>(_ parameter: Parameter<Value>) -> Value? {
        parameter.isRequired
            ? required(parameter.key, parameter.read) : optional(parameter.key, parameter.read)
    }
}
