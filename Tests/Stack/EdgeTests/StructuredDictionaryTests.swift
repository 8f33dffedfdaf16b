// Dictionaries of structured fields: what is one, and what is none (RFC 9651).

import Testing

@testable import Edge

struct StructuredDictionaryTests {
    @Test(
        arguments: [
            ("", [:]), ("a", ["a": .boolean(true)]),
            ("a=1, b=?0", ["a": .integer(1), "b": .boolean(false)]),
            ("a=-12", ["a": .integer(-12)]), ("a=1.5", ["a": .decimal]),
            ("a=\"x\\\"y\"", ["a": .string("x\"y")]),
            ("a=Token/1:*", ["a": .token("Token/1:*")]), ("a=:aGk=:", ["a": .bytes]),
            ("a=@1659578233", ["a": .date]),
            ("a=(1 \"x\" t;p=1);q", ["a": .list]),
            ("a;p=1;q=\"x\", b", ["a": .boolean(true), "b": .boolean(true)]),
            ("a=1,  b=2\t,c", ["a": .integer(1), "b": .integer(2), "c": .boolean(true)]),
            ("a=1, a=2", ["a": .integer(2)]),
            ("*a_-.1=999999999999999", ["*a_-.1": .integer(999_999_999_999_999)]),
        ] as [(String, [String: StructuredValue])])
    func `a dictionary is read`(_ text: String, _ members: [String: StructuredValue]) {
        #expect(StructuredDictionary.parse([text]) == members)
    }

    @Test(arguments: [
        "A=1", "1a", "a=", "a =1", "a= 1", "a=1,", ",a", "a=1 b", "a=1.", "a=1.2345",
        "a=1234567890123456",
        "a=\"x", "a=\"\\x\"", "a=?2", "a=:x", "a=(1 2", "a=(1,2)", "a;", "a;B", "&&&&&", "a=@1.5",
        "a=--1",
    ])
    func `anything else is none`(_ text: String) {
        #expect(StructuredDictionary.parse([text]) == nil)
    }

    @Test func `lines are put together`() {
        #expect(
            StructuredDictionary.parse(["a=1", "b"]) == ["a": .integer(1), "b": .boolean(true)])
    }
}
