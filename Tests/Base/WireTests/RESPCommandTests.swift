// Commands as a server meets them: from client libraries, from people, in pipelines.

import Testing
import Wire

@Suite struct RESPCommandTests {
    static let samples: [(String, [String])] = [
        ("*1\r\n$4\r\nPING\r\n", ["PING"]),
        ("*3\r\n$3\r\nset\r\n$3\r\n{u}\r\n$0\r\n\r\n", ["set", "{u}", ""]),
        ("*0\r\n", []),
        ("*-1\r\n", []),
        ("PING\r\n", ["PING"]),
        ("PING\n", ["PING"]),
        ("\r\n", []),
        ("  SET  k\tv \r\n", ["SET", "k", "v"]),
        (#"SET k "a b\n\x41\"""# + "\r\n", ["SET", "k", "a b\nA\""]),
        (#"SET k 'a\'b\n'"# + "\r\n", ["SET", "k", "a'b\\n"]),
        (#"SET "" ''"# + "\r\n", ["SET", "", ""]),
        (#"x"y z""# + "\r\n", ["xy z"]),
    ]

    @Test(arguments: samples)
    func `a command is read whole and waited for in part`(text: String, words: [String]) throws {
        let bytes = text.bytes
        let parsed = try #require(try RESPCommand.parse(bytes.span))
        #expect(parsed.command.words == words.map(\.bytes))
        #expect(parsed.consumed == bytes.count)
        for prefix in properPrefixes(of: bytes) {
            #expect(try RESPCommand.parse(prefix.span) == nil)
        }
    }

    static let invalid: [(String, RESPError.Reason)] = [
        ("*1\r\n:1\r\n", RESPError.Reason.unexpectedByte(UInt8(ascii: ":"))),
        ("*1\r\n*0\r\n", .unexpectedByte(UInt8(ascii: "*"))),
        ("*1\r\n$-1\r\n", .malformedNumber),
        ("*x\r\n", .malformedNumber),
        ("*1048577\r\n", .arrayTooLong(elementsMax: 1_048_576)),
        ("*1\r\n$999999999\r\n", .bulkTooLong(bytesMax: 67_108_864)),
        ("SET \"a\r\n", .unbalancedQuotes),
        ("SET 'a\r\n", .unbalancedQuotes),
        ("SET \"a\"b\r\n", .unbalancedQuotes),
        ("SET \"a\\\"\r\n", .unbalancedQuotes),
    ]

    @Test(arguments: invalid)
    func `what is no command is refused`(text: String, reason: RESPError.Reason) throws {
        let error = try #require(throws: RESPError.self) { try RESPCommand.parse(text.utf8.span) }
        #expect(error.reason == reason)
    }

    @Test func `an inline line that never ends is refused at the limit`() throws {
        var limits = RESPLimits()
        limits.lineBytesMax = 8
        #expect(try RESPCommand.parse("PING 567".utf8.span, limits: limits) == nil)
        let error = try #require(throws: RESPError.self) {
            try RESPCommand.parse("PING 5678".utf8.span, limits: limits)
        }
        #expect(error.reason == .lineTooLong(bytesMax: 8))
    }

    @Test func `a pipeline is read command by command`() throws {
        let bytes = RESPValue.command("GET", "a") + "PING\r\n".bytes + RESPValue.command("DEL", "b")
        var names: [String] = []
        var start = 0
        while let (command, consumed) = try RESPCommand.parse(bytes.span.extracting(start...)) {
            names.append(command.name)
            start += consumed
        }
        #expect(names == ["GET", "PING", "DEL"])
        #expect(start == bytes.count)
    }

    @Test func `a client's command reads back as its words`() throws {
        let words = ["SET", "{u1}:post:1", "h\u{E9}\r\n", ""]
        var bytes: [UInt8] = []
        bytes.appendRESP(command: words)
        let parsed = try #require(try RESPCommand.parse(bytes.span))
        #expect(parsed.command.words == words.map(\.bytes))

        var raw: [UInt8] = []
        raw.appendRESP(command: words.map(\.bytes))
        #expect(raw == bytes)
    }

    @Test func `words are read as name, text, number and option`() throws {
        let command = RESPCommand(words: ["set", "k", "-12", "eX"].map(\.bytes) + [[0xFF]])
        #expect(command.name == "SET")
        #expect(command.count == 5)
        #expect(command.text(1) == "k")
        #expect(command.text(4) == nil)
        #expect(command.text(9) == nil)
        #expect(command.integer(2) == -12)
        #expect(command.integer(1) == nil)
        #expect(command.integer(9) == nil)
        #expect(command.word(3, is: "EX"))
        #expect(!command.word(3, is: "PX"))
        #expect(!command.word(9, is: "EX"))
        #expect(command[9] == nil)
        #expect(RESPCommand(words: []).name == "")
    }
}
