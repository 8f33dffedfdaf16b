// The words from which the schema is put together: references, closed objects, numbers with units.

import Wire

extension ExperimentSchema {
    static func ref(_ name: String) -> JSON { ["$ref": .string("#/$defs/\(name)")] }

    /// The name of another tier of the same file.
    static var reference: JSON { text("the name of a tier") }

    static func text(_ description: String) -> JSON {
        ["type": "string", "minLength": 1, "description": .string(description)]
    }

    static func integer(from least: Int) -> JSON {
        ["type": "integer", "minimum": .integer(Int64(least))]
    }

    static var seed: JSON { ["type": "integer", "minimum": 0] }

    static func words<Word: RawRepresentable<String> & CaseIterable>(_: Word.Type) -> JSON {
        ["enum": .array(Word.allCases.map { .string($0.rawValue) })]
    }

    /// An object with these keys and no others.
    static func object(_ properties: [(String, JSON)], required: [String]) -> JSON {
        [
            "type": "object", "properties": .object(properties),
            "required": .array(required.map { .string($0) }), "additionalProperties": false,
        ]
    }

    /// A whole file of one kind, with the head that all files have.
    static func document(
        _ kind: DocumentKind, _ properties: [(String, JSON)], required: [String]
    ) -> JSON {
        object(
            [
                ("apiVersion", ["const": .string(DocumentKind.version)]),
                ("kind", ["const": .string(kind.rawValue)]),
            ] + properties, required: DocumentKind.headKeys + required)
    }

    /// Values with units.
    enum Vocabulary {
        static let definitions: [(String, JSON)] = [
            ("name", ["type": "string", "pattern": "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$"]),
            ("port", ["type": "integer", "minimum": 1024, "maximum": 65_535]),
            (
                "duration",
                [
                    "type": "string", "pattern": "^([0-9]+(\\.[0-9]+)?(h|m|s|ms|us|ns))+$",
                    "description": "as 250ms, 2s or 1m30s",
                ]
            ),
            (
                "ratio",
                [
                    "type": ["string", "number"], "pattern": "^[0-9]+(\\.[0-9]+)?%?$",
                    "minimum": 0, "maximum": 1, "description": "as 0.999 or 99.9%",
                ]
            ),
            (
                "rate",
                [
                    "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?/[sm]$",
                    "description": "as 2000/s",
                ]
            ),
            (
                "size",
                [
                    "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(B|KiB|MiB|GiB)$",
                    "description": "as 64MiB",
                ]
            ),
            (
                "bandwidth",
                [
                    "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(bit|kbit|Mbit|Gbit)/s$",
                    "description": "as 10Mbit/s",
                ]
            ),
        ]
    }
}
