// The field list: look-up in any case, replacing, and that no value can start a line of its own.

import Testing

@testable import Wire

@Suite struct HTTPHeadersTests {
    @Test func `a field is found in any case and keeps its spelling`() {
        let headers: HTTPHeaders = ["Content-Type": "text/plain", "X-a": "1", "x-A": "2"]
        #expect(headers["content-type"] == "text/plain")
        #expect(headers["CONTENT-TYPE"] == "text/plain")
        #expect(headers["content-typ"] == nil)
        #expect(headers["content-typf"] == nil)
        #expect(headers["X-A"] == "1")
        #expect(headers.values(of: "x-a") == ["1", "2"])
        #expect(headers.all.map(\.name) == ["Content-Type", "X-a", "x-A"])
        #expect(headers.count == 3)
    }

    @Test func `setting replaces every field of the name`() {
        var headers: HTTPHeaders = ["A": "1", "B": "2", "a": "3"]
        headers["a"] = "4"
        #expect(headers.all.map(\.value) == ["2", "4"])
        headers["A"] = nil
        #expect(headers.all.map(\.name) == ["B"])
        headers.remove("none")
        #expect(headers.count == 1)
    }

    /// Folding case by one bit alone would take `^` for `~`, and both may stand in a name.
    @Test func `only letters have a case`() {
        let headers: HTTPHeaders = ["a^": "1"]
        #expect(headers["A^"] == "1")
        #expect(headers["a~"] == nil)
    }

    @Test func `a value cannot end its line`() {
        var headers = HTTPHeaders()
        headers.append("A", "x\r\nEvil: 1\0\u{7F}\ty\u{E9}")
        #expect(headers["a"] == "x  Evil: 1  \ty\u{E9}")
        #expect(headers["evil"] == nil)
    }

    @Test func `hop by hop fields go, and those that Connection names`() {
        var headers: HTTPHeaders = [
            "Host": "h", "Connection": "close, X-Private ,Host, content-length", "x-private": "1",
            "Keep-Alive": "5", "TE": "trailers", "Trailer": "T", "Upgrade": "h2c",
            "Proxy-Connection": "x", "Content-Length": "3", "Accept": "*/*",
        ]
        headers.removeHopByHop()
        #expect(headers.all.map(\.name) == ["Host", "Content-Length", "Accept"])
    }

    @Test func `equality ignores the case of names, not of values, nor the order`() {
        #expect(["A": "x", "B": "y"] as HTTPHeaders == ["a": "x", "b": "y"])
        #expect(["A": "x"] as HTTPHeaders != ["A": "X"])
        #expect(["A": "x", "B": "y"] as HTTPHeaders != ["B": "y", "A": "x"])
        #expect(["A": "x"] as HTTPHeaders != [:])
    }

    @Test func `token characters are those of RFC 9110 section 5_6_2`() {
        let marks = Set("!#$%&'*+-.^_`|~".utf8)
        for byte in UInt8.min...UInt8.max {
            let scalar = UnicodeScalar(byte)
            let isAlphanumeric =
                scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
            #expect(HTTPGrammar.isToken(byte) == (marks.contains(byte) || isAlphanumeric))
        }
    }
}
