// The writer and the getters: escapes, both layouts, and that what is written reads back the same.

import Testing
import Wire

@Suite struct JSONEncodeTests {
    static let written: [(JSON, String)] = [
        (JSON.null, "null"),
        (true, "true"),
        (.integer(.min), "-9223372036854775808"),
        (.integer(.max), "9223372036854775807"),
        (0, "0"),
        (0.1, "0.1"),
        (.number(100), "100.0"),  // stays apart from the integer
        (.number(-0.0), "-0.0"),
        (.number(1e300), "1e+300"),
        (.number(.leastNonzeroMagnitude), "5e-324"),
        ("", "\"\""),
        ("plain", "\"plain\""),
        ("\"\\/", #""\"\\/""#),
        ("a\nb\r\tc\u{8}\u{C}", #""a\nb\r\tc\b\f""#),
        ("\0\u{1F}\u{7F}", "\"\\u0000\\u001f\u{7F}\""),
        ("\u{E9}\u{1F600}", "\"\u{E9}\u{1F600}\""),
        ([], "[]"),
        ([1, [], "x"], "[1,[],\"x\"]"),
        ([:], "{}"),
        (["b": 1, "a": ["c": nil]], "{\"b\":1,\"a\":{\"c\":null}}"),
    ]

    @Test(arguments: written)
    func `a value is written compactly and reads back the same`(
        value: JSON, expected: String
    ) throws {
        #expect(value.text == expected)
        #expect(try JSON.parse(value.text) == value)
    }

    @Test(arguments: [Double.infinity, -.infinity, .nan])
    func `a number JSON has no word for becomes null`(number: Double) {
        #expect(JSON.number(number).text == "null")
    }

    @Test func `every control byte is escaped and reads back`() throws {
        for byte in UInt8(0)..<0x20 {
            let text = "a\(Character(UnicodeScalar(byte)))b"
            let written = JSON.string(text).text
            #expect(written.utf8.allSatisfy { $0 >= 0x20 })
            #expect(try JSON.parse(written) == .string(text))
        }
    }

    @Test func `the indented layout puts a member on a line`() {
        let value: JSON = ["a": [1, ["b": nil]], "c": [:], "d": []]
        #expect(
            value.text(.indented) == """
                {
                  "a": [
                    1,
                    {
                      "b": null
                    }
                  ],
                  "c": {},
                  "d": []
                }
                """)
    }

    @Test func `encoding appends to what is there`() {
        var bytes = "x=".bytes
        JSON.integer(7).encode(into: &bytes)
        JSON.encode(string: "\n", into: &bytes)
        #expect(bytes == "x=7\"\\n\"".bytes)
    }

    @Test func `members and elements are reached by name and place`() {
        let value: JSON = ["list": [1, 2], "name": "n"]
        #expect(value["list"]?[1] == 2)
        #expect(value["list"]?[2] == nil)
        #expect(value["list"]?[-1] == nil)
        #expect(value["none"] == nil)
        #expect(value[0] == nil)
        #expect(value["name"]?["deeper"] == nil)
    }

    @Test func `a getter answers for its own kind alone`() {
        #expect(JSON.bool(true).bool == true)
        #expect(JSON.integer(1).bool == nil)
        #expect(JSON.string("s").string == "s")
        #expect(JSON.null.string == nil)
        #expect(JSON.integer(5).int == 5)
        #expect(JSON.number(1000).int64 == 1000)
        #expect(JSON.number(0.5).int == nil)
        #expect(JSON.number(1e19).int == nil)
        #expect(JSON.integer(2).double == 2.0)
        #expect(JSON.string("2").double == nil)
        #expect(JSON.array([1]).array == [1])
        #expect(JSON.object([]).array == nil)
        #expect(JSON.null.isNull)
        #expect(!JSON.bool(false).isNull)
    }

    @Test func `the order of members counts`() {
        #expect(["a": 1, "b": 2] as JSON != ["b": 2, "a": 1])
        #expect(["a": 1] as JSON != ["a": 1, "b": 2])
        #expect(JSON.integer(1) != .number(1))
    }
}
