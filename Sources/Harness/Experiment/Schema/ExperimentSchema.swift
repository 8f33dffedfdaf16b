// The JSON Schema of our files, for editors to complete and check while one types. The loader is
// the judge: it knows tiers and nodes, which a schema cannot. A test holds both to the same keys.

package import Wire

package enum ExperimentSchema {
    /// One schema for all kinds, of JSON Schema's 2020-12 draft.
    package static var jsonSchema: JSON {
        [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Faultline files",
            "oneOf": [ref("experiment"), ref("topology"), ref("incident")],
            "$defs": .object(definitions),
        ]
    }

    private static var definitions: [(String, JSON)] {
        [
            ("experiment", experiment), ("load", load), ("phases", phases),
            ("recovered", recovered), ("step", ["oneOf": .array(FaultWord.allCases.map(step))]),
            ("selection", text("as app-2, one of app, store.shard-1.leader or region eu")),
            ("links", links), ("topology", topology), ("wan", wan), ("probe", probe),
            ("budget", NodeBudget.schema),
            ("tier", ["oneOf": .array(tiers)]), ("incident", incident), ("event", event),
        ] + Vocabulary.definitions
    }

    private static var experiment: JSON {
        document(
            .experiment,
            [
                ("name", ref("name")), ("description", text("the hypothesis in words")),
                ("topology", text("path of a topology file, relative to this file")),
                ("seed", seed), ("load", ref("load")), ("phases", ref("phases")),
                ("recovered", ref("recovered")),
                ("method", ["type": "array", "minItems": 1, "items": ref("step")]),
                (
                    "objectives",
                    [
                        "type": "array", "minItems": 1,
                        "items": text("as availability >= 99.9% in baseline"),
                    ]
                ),
            ], required: ["name", "topology", "load", "method", "objectives"])
    }

    private static var load: JSON {
        let shares = Journey.allCases.map { ($0.rawValue, ref("ratio")) }
        return object(
            [
                ("arrivals", words(ArrivalProcess.self)), ("rate", ref("rate")),
                ("journeys", object(shares, required: [])), ("users", integer(from: 1)),
                ("popularity", ["type": "number", "minimum": 0, "maximum": 5]),
                ("timeout", ref("duration")), ("connections", integer(from: 1)),
                ("spikes", ["type": "array", "items": spike]),
            ], required: ["rate", "journeys"])
    }

    private static var spike: JSON {
        object(
            [
                ("at", ref("duration")), ("for", ref("duration")),
                ("factor", ["type": "number", "minimum": 0.01, "maximum": 1000]),
            ], required: ["at", "for", "factor"])
    }

    private static var phases: JSON {
        object(
            ["warmup", "baseline", "recovery", "tail"].map { ($0, ref("duration")) }, required: [])
    }

    private static var recovered: JSON {
        object(
            [
                ("window", ref("duration")), ("windows", integer(from: 1)),
                ("availability", ref("ratio")), ("p99", ref("duration")),
            ], required: [])
    }

    /// A step with the parameters of its fault.
    private static func step(_ fault: FaultWord) -> JSON {
        let parameters = fault.parameters
        let length: [(String, JSON)] =
            fault.length == .momentary ? [] : [("for", ref("duration"))]
        let own = parameters.filter(\.isRequired).map(\.key)
        let needsLength = fault.length == .lasting
        return object(
            [
                ("at", ref("duration")), ("fault", ["const": .string(fault.rawValue)]),
                ("target", target(of: fault)),
                ("repeat", integer(from: 2)), ("every", ref("duration")),
            ] + length + parameters.map { ($0.key, $0.schema) },
            required: ["at", "fault", "target"] + (needsLength ? ["for"] : []) + own)
    }

    private static func target(of fault: FaultWord) -> JSON {
        switch fault.aim {
        case .selection: ref("selection")
        case .links: ref("links")
        case .either: ["oneOf": [ref("selection"), ref("links")]]
        }
    }

    private static var links: JSON {
        let sides: (Int, Int) -> JSON = { least, most in
            [
                "type": "array", "items": ref("selection"), "minItems": .integer(Int64(least)),
                "maxItems": .integer(Int64(most)),
            ]
        }
        return [
            "oneOf": [
                object([("isolate", ref("selection"))], required: ["isolate"]),
                object([("split", sides(2, 8))], required: ["split"]),
                object(
                    [("from", ref("selection")), ("to", ref("selection"))],
                    required: ["from", "to"]),
                object([("between", sides(2, 2))], required: ["between"]),
            ]
        ]
    }
}
