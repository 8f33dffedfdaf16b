// The scanner against whole commands, streams cut at every byte, and bytes that are no commands.

import Testing

@testable import Cache

@Suite struct CommandScannerTests {
    /// Scans a stream that arrives in pieces of `size` bytes; answers the commands that came out.
    private func scan(_ text: String, piece size: Int) throws -> [[String]] {
        var scanner = CommandScanner()
        var pending: [UInt8] = []
        var commands: [[String]] = []
        let stream = [UInt8](text.utf8)
        for start in stride(from: 0, to: stream.count, by: size) {
            pending += stream[start..<min(start + size, stream.count)]
            while let consumed = try scanner.next(in: pending.span) {
                commands.append(scanner.words.map { String(decoding: pending[$0], as: UTF8.self) })
                pending.removeFirst(consumed)
            }
        }
        return commands
    }

    @Test(arguments: [1, 2, 3, 7, 1000])
    func `a pipelined stream gives the same commands however it is cut`(_ size: Int) throws {
        let stream =
            "*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n"
            + "PING\r\n*0\r\n*-1\r\n\r\nSET k \"a b\" 'c'\n*2\r\n$3\r\nGET\r\n$0\r\n\r\n"
        let commands = try scan(stream, piece: size)
        #expect(
            commands == [
                ["PING"], ["SET", "k", "a\r\nb"], ["PING"], [], [], [], ["SET", "k", "a b", "c"],
                ["GET", ""],
            ])
    }

    @Test func `a command without its end is incomplete`() throws {
        #expect(try scan("*2\r\n$3\r\nGET\r\n$1\r\nk\r", piece: 100).isEmpty)
        #expect(try scan("PING", piece: 100).isEmpty)
    }

    @Test(arguments: [
        ("*x\r\n", "Protocol error: invalid multibulk length"),
        ("*1048577\r\n", "Protocol error: invalid multibulk length"),
        ("*1\r\n:5\r\n", "Protocol error: expected '$', got ':'"),
        ("*1\r\n$-1\r\n", "Protocol error: invalid bulk length"),
        ("*1\r\n$99999999999\r\n", "Protocol error: invalid bulk length"),
        ("*1\r\n$1\r\nabc", "Protocol error: invalid bulk length"),
        ("*11111111111111111111111111111111111", "Protocol error: too big mbulk count string"),
        ("*1\r\n$1111111111111111111111111111111111", "Protocol error: too big bulk count string"),
        ("SET k \"a\r\n", "Protocol error: unbalanced quotes in request"),
    ])
    func `bytes that are no command are refused`(_ bytes: String, _ text: String) throws {
        for size in [1, bytes.utf8.count] {
            let violation = #expect(throws: ProtocolViolation.self) {
                try scan(bytes, piece: size)
            }
            #expect(violation?.text == text)
        }
    }

    @Test func `an endless line is refused at the limit and not before`() throws {
        let allowed = String(repeating: "x", count: CommandLimits.inlineMax - 1)
        #expect(try scan(allowed + "\n", piece: 1 << 20) == [[allowed]])
        #expect(throws: ProtocolViolation.longInline) {
            try scan(allowed + "yy", piece: 1 << 20)
        }
    }
}
