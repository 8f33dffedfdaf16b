// history.jsonl: what is written is read back, in any order of fields and in any chunks, and a file
// that cannot be trusted is refused with the line that says why.

import History
import Linux
import Testing

struct OperationLinesTests {
    @Test(arguments: [
        (Operation.Outcome.ok, 201),
        (.failed(.rejected), 503),
        (.unknown(.timeout), 0),
        (.shed, 0),
        (.neverSent, 0),
    ])
    func `an operation survives its two lines`(
        outcome: Operation.Outcome, status: Int
    ) throws {
        let operation = sample(outcome: outcome, status: status)
        let history = try read(lines(of: [operation]))
        #expect(history.operations == [operation])
        #expect(history.unfinished == 0)
        #expect(!history.isTorn)
    }

    @Test func `the lines are the documented ones`() {
        let text = String(decoding: lines(of: [sample(outcome: .ok, status: 201)]), as: UTF8.self)
        #expect(
            text == """
                {"type":"invoke","index":7,"journey":"post","method":"POST",\
                "target":"/users/17/posts","user":17,"effect":"post","key":"p-7",\
                "intended":1200000000,"started":1200081000}
                {"type":"ok","index":7,"completed":1204100000,"status":201,\
                "servedBy":"app-2","acknowledgedBy":"store-1-2","cache":"stale"}

                """)
    }

    @Test func `a lost session is told in the second line`() throws {
        var operation = sample(outcome: .ok, status: 201)
        operation.lostSession = true
        let bytes = lines(of: [operation])
        #expect(String(decoding: bytes, as: UTF8.self).hasSuffix(",\"session\":\"lost\"}\n"))
        #expect(try read(bytes).operations == [operation])
        let strange = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\"lost\"", omittingEmptySubsequences: false)
            .joined(separator: "\"kept\"")
        #expect(throws: RecordError.self) { try read(Array(strange.utf8)) }
    }

    @Test func `fields may come in any order and with strangers between them`() throws {
        let history = try read(
            Array(
                """
                {"intended":5,"extra":{"a":[1]},"user":1,"target":"/","method":"GET",\
                "journey":"browse","index":0,"effect":"read","type":"invoke"}
                {"status":200,"index":0,"completed":9,"type":"ok"}

                """.utf8))
        let operation = try #require(history.operations.first)
        #expect(operation.intended == 5)
        #expect(operation.completed == 9)
        #expect(operation.outcome == .ok)
        #expect(operation.started == nil)
    }

    @Test func `a history fed byte by byte is the same history`() throws {
        let operations = (0..<5).map { sample(index: $0, outcome: .ok, status: 200) }
        let bytes = lines(of: operations)
        var reader = HistoryReader()
        for byte in bytes { try reader.append([byte]) }
        #expect(reader.finish() == (try read(bytes)))
    }

    @Test func `completions may come in another order than invocations`() throws {
        let operations = (0..<4).map { sample(index: $0, outcome: .ok, status: 200) }
        var bytes: [UInt8] = []
        for operation in operations { operation.appendInvocation(to: &bytes) }
        for operation in operations.reversed() { operation.appendCompletion(to: &bytes) }
        #expect(try read(bytes).operations == operations)
    }

    @Test func `an operation that never ends is unknown`() throws {
        var bytes: [UInt8] = []
        sample(outcome: .ok, status: 201).appendInvocation(to: &bytes)
        let history = try read(bytes)
        #expect(history.operations.map(\.outcome) == [.unknown(.unfinished)])
        #expect(history.unfinished == 1)
    }

    @Test func `a last line cut short is reported and left out`() throws {
        let bytes = lines(of: [sample(outcome: .ok, status: 201)])
        let history = try read(bytes.dropLast(4))
        #expect(history.isTorn)
        #expect(history.operations.map(\.outcome) == [.unknown(.unfinished)])
    }

    @Test(arguments: [
        ("{\"type\":\"ok\",\"index\":3}", RecordError.Code.outOfTurn(index: 3)),
        ("{\"index\":3}", .missing(field: "type")),
        ("{\"type\":7,\"index\":3}", .mistyped(field: "type")),
        ("{\"type\":\"invoke\",\"index\":3,\"effect\":\"wish\"}", .unknownWord("wish")),
        ("{\"type\":\"maybe\",\"index\":7}", .unknownWord("maybe")),
    ])
    func `a line that makes no sense is refused with its number`(
        line: String, code: RecordError.Code
    ) throws {
        var bytes: [UInt8] = []
        sample(outcome: .ok, status: 201).appendInvocation(to: &bytes)
        bytes += Array((line + "\n").utf8)
        let error = try #require(throws: RecordError.self) { try read(bytes) }
        #expect(error.code == code)
        #expect(error.line == 2)
    }

    @Test func `garbage in the middle is an error, not a gap`() throws {
        var bytes = lines(of: [sample(outcome: .ok, status: 201)])
        bytes += Array("{\"type\":\n".utf8)
        let error = try #require(throws: RecordError.self) { try read(bytes) }
        #expect(error.line == 3)
        #expect(error.description == "line 3: the text ends too early")
    }

    @Test func `an operation is invoked and completed once`() throws {
        let bytes = lines(of: [sample(outcome: .ok, status: 201)])
        let error = try #require(throws: RecordError.self) { try read(bytes + bytes) }
        #expect(error.code == .outOfTurn(index: 7))
    }

    @Test func `quotes and control characters are escaped`() throws {
        var operation = sample(outcome: .ok, status: 201)
        operation.key = "a\"b\\c\nd\u{01}é"
        #expect(try read(lines(of: [operation])).operations == [operation])
    }

    @Test func `a written file reads back`() throws {
        let path = "/tmp/faultline-history-\(UInt64.random(in: 0 ... .max)).jsonl"
        defer { #expect(throws: Never.self) { try File.remove(path) } }
        // More than one buffer, so that the file grows while it is written.
        let operations = (0..<3000).map { sample(index: $0, outcome: .ok, status: 200) }
        var writer = try HistoryWriter(path: path)
        for operation in operations {
            try writer.invoked(operation)
            try writer.completed(operation)
        }
        try writer.finish()
        #expect(try HistoryReader.read(path: path).operations == operations)
    }

    private func sample(
        index: Int = 7, outcome: Operation.Outcome, status: Int
    ) -> Operation {
        var operation = Operation(
            index: index, journey: "post",
            request: .init(method: "POST", target: "/users/17/posts"), user: 17, effect: .post,
            key: "p-\(index)", intended: 1_200_000_000)
        operation.outcome = outcome
        operation.status = status
        if outcome == .ok {
            operation.servedBy = "app-2"
            operation.acknowledgedBy = "store-1-2"
            operation.cache = .stale
        }
        if outcome != .shed, outcome != .neverSent {
            operation.started = 1_200_081_000
            operation.completed = 1_204_100_000
        }
        return operation
    }

    private func lines(of operations: [Operation]) -> [UInt8] {
        var bytes: [UInt8] = []
        for operation in operations {
            operation.appendInvocation(to: &bytes)
            operation.appendCompletion(to: &bytes)
        }
        return bytes
    }

    private func read(_ bytes: [UInt8]) throws(RecordError) -> RecordedHistory {
        var reader = HistoryReader()
        try reader.append(bytes)
        return reader.finish()
    }
}
