// The parser against RFC 8259: what it takes, what it refuses, and where it says the fault is.

import Testing
import Wire

@Suite struct JSONParseTests {
    static let valid: [(String, JSON)] = [
        ("null", JSON.null),
        (" \t\r\n true \n", true),
        ("false", false),
        ("0", 0),
        ("-17", -17),
        ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)),  // one past the integers
        ("1.5", 1.5),
        ("-2.5e-3", -0.0025),
        ("1E+2", .number(100)),
        ("1e3", .number(1000)),
        ("\"\"", ""),
        ("\"a b\"", "a b"),
        ("\"h\u{E9}\u{1F600}\"", "h\u{E9}\u{1F600}"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""x\u0041\u00e9\u20AC\uD83D\uDE00y""#, "xA\u{E9}\u{20AC}\u{1F600}y"),
        (#""\u0000""#, "\0"),
        ("[]", []),
        ("[ ]", []),
        ("[1,[2,[]], \"x\" ]", [1, [2, []], "x"]),
        ("{}", [:]),
        ("{\"b\": 1, \"a\":{\"c\":null}}", ["b": 1, "a": ["c": nil]]),
    ]

    @Test(arguments: valid)
    func `a valid text becomes its value`(text: String, expected: JSON) throws {
        #expect(try JSON.parse(text) == expected)
    }

    @Test func `minus zero keeps its sign`() throws {
        let value = try #require(try JSON.parse("-0").double)
        #expect(value.sign == .minus)
        #expect(value.isZero)
    }

    static let invalid: [(String, JSONError.Reason, Int)] = [
        ("", JSONError.Reason.unexpectedEnd, 0),
        ("  ", .unexpectedEnd, 2),
        ("nul", .unexpectedEnd, 3),
        ("nulL", .unexpectedByte(UInt8(ascii: "L")), 3),
        ("True", .unexpectedByte(UInt8(ascii: "T")), 0),
        ("NaN", .unexpectedByte(UInt8(ascii: "N")), 0),
        ("+1", .unexpectedByte(UInt8(ascii: "+")), 0),
        (".5", .unexpectedByte(UInt8(ascii: ".")), 0),
        ("01", .malformedNumber, 0),
        ("-", .malformedNumber, 0),
        ("-a", .malformedNumber, 0),
        ("1.", .malformedNumber, 0),
        ("1e", .malformedNumber, 0),
        ("1e+", .malformedNumber, 0),
        ("0x10", .trailingByte(UInt8(ascii: "x")), 1),
        ("[1e999]", .numberOutOfRange, 1),
        ("1 2", .trailingByte(UInt8(ascii: "2")), 2),
        ("\"a", .unexpectedEnd, 2),
        ("\"a\\", .unexpectedEnd, 3),
        ("\"\\x\"", .malformedEscape, 1),
        ("\"\\u12G4\"", .malformedEscape, 1),
        ("\"\\uD800\"", .loneSurrogate, 1),
        ("\"\\uD800\\n\"", .loneSurrogate, 1),
        ("\"\\uD800\\u0041\"", .loneSurrogate, 1),
        ("\"\\uDC00\"", .loneSurrogate, 1),
        ("\"a\tb\"", .controlByte(9), 2),
        ("'a'", .unexpectedByte(UInt8(ascii: "'")), 0),
        ("[1,]", .unexpectedByte(UInt8(ascii: "]")), 3),
        ("[1 2]", .unexpectedByte(UInt8(ascii: "2")), 3),
        ("[1", .unexpectedEnd, 2),
        ("{1:2}", .unexpectedByte(UInt8(ascii: "1")), 1),
        ("{\"a\" 1}", .unexpectedByte(UInt8(ascii: "1")), 5),
        ("{\"a\":1,}", .unexpectedByte(UInt8(ascii: "}")), 7),
        ("{\"a\":1,\"a\":2}", .duplicateKey("a"), 7),
        ("[1}", .unexpectedByte(UInt8(ascii: "}")), 2),
        ("// no", .unexpectedByte(UInt8(ascii: "/")), 0),
    ]

    @Test(arguments: invalid)
    func `an invalid text is refused where it goes wrong`(
        text: String, reason: JSONError.Reason, offset: Int
    ) throws {
        let error = try #require(throws: JSONError.self) { try JSON.parse(text) }
        #expect(error.reason == reason)
        #expect(error.offset == offset)
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22],  // a byte UTF-8 never has
            [0x22, 0xC3, 0x22],  // a sequence cut short
            [0x22, 0xC0, 0xAF, 0x22],  // an overlong slash
            [0x22, 0xED, 0xA0, 0x80, 0x22],  // a surrogate
            [0x22, 0x5C, 0x6E, 0xFF, 0x22],  // behind an escape
        ] as [[UInt8]])
    func `bytes that are not UTF-8 are refused`(text: [UInt8]) throws {
        let error = try #require(throws: JSONError.self) { try JSON.parse(text) }
        #expect(error.reason == .malformedUTF8)
        #expect(error.offset == 1)
    }

    @Test func `an error names line and column, counting scalars`() throws {
        let text = "{\n  \"\u{E9}\u{1F600}\": 1,\n  \"b\": tru}\n"
        let error = try #require(throws: JSONError.self) { try JSON.parse(text) }
        #expect(error.line == 3)
        #expect(error.column == 11)
        #expect(error.description == "line 3, column 11: unexpected '}'")

        let onSecond = try #require(throws: JSONError.self) {
            try JSON.parse("{\n\"\u{E9}\u{1F600}\": x}")
        }
        #expect(onSecond.line == 2)
        #expect(onSecond.column == 7)
    }

    @Test func `a byte order mark is refused`() throws {
        #expect(throws: JSONError.self) { try JSON.parse("\u{FEFF}1") }
    }

    @Test func `every prefix of an object is refused`() {
        let text = #"{"a":[1,2.5e1,"x\u00e9\n"],"b":{"c":true,"d":null}}"#.bytes
        for prefix in properPrefixes(of: text) {
            #expect(throws: JSONError.self) { try JSON.parse(prefix) }
        }
        #expect(throws: Never.self) { try JSON.parse(text) }
    }

    @Test func `nesting is taken up to the limit and refused past it`() throws {
        let deepest = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        #expect(throws: Never.self) { try JSON.parse(deepest) }

        let error = try #require(throws: JSONError.self) { try JSON.parse("[" + deepest + "]") }
        #expect(error.reason == .tooDeep(depthMax: 128))

        let mixed = try #require(throws: JSONError.self) {
            try JSON.parse(#"{"a":[{"b":1}]}"#.utf8.span, depthMax: 2)
        }
        #expect(mixed.reason == .tooDeep(depthMax: 2))
    }

    @Test func `siblings do not add to the depth`() throws {
        let value = try JSON.parse("[[],[],[[]]]".utf8.span, depthMax: 3)
        #expect(value == [[], [], [[]]])
    }

    @Test func `a large object finds a duplicate too`() throws {
        let members = (0..<40).map { "\"k\($0)\":\($0)" }
        let value = try JSON.parse("{" + members.joined(separator: ",") + "}")
        #expect(value["k39"] == 39)
        #expect(value.object?.map(\.0) == (0..<40).map { "k\($0)" })

        let twice = "{" + (members + ["\"k3\":0"]).joined(separator: ",") + "}"
        let error = try #require(throws: JSONError.self) { try JSON.parse(twice) }
        #expect(error.reason == .duplicateKey("k3"))
    }
}
