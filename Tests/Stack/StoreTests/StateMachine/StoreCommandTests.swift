// The bytes of commands: every one comes back, and nothing else gets in.

import Store
import Testing
import Wire

struct StoreCommandTests {
    private static let samples: [StoreCommand.Action] = [
        .set(key: [1], value: []),
        .set(key: Array("{u17}:profile".utf8), value: [0, 255, 13, 10]),
        .set(key: [UInt8](repeating: 9, count: 511), value: [UInt8](repeating: 7, count: 3000)),
        .increment(key: [1, 2], by: 0),
        .increment(key: [1, 2], by: .min),
        .increment(key: [1, 2], by: .max),
        .once(token: [3], key: [4, 5], value: [6]),
        .once(token: [3, 3, 3], key: [4], value: []),
        .delete(key: [1, 2]),
        .openSession,
        .transact(transaction),
    ]

    /// Every kind of condition and write.
    private static var transaction: Transaction {
        let conditions = [
            Condition(key: [1], .version(0)), Condition(key: [1], .version(.max)),
            Condition(key: [2, 3], .value([])), Condition(key: [2], .absent),
            Condition(key: [9], .present),
        ]
        let writes = [
            Write(key: [1], .set([7, 8])), Write(key: [2], .delete), Write(key: [3], .add(.min)),
        ]
        guard let made = try? Transaction(conditions: conditions, writes: writes) else {
            preconditionFailure("a transaction within every limit")
        }
        return made
    }

    @Test(arguments: samples)
    func `a command comes back from its bytes`(action: StoreCommand.Action) throws {
        for sequence: UInt64 in [0, 1, 300, .max] {
            let command = try StoreCommand(request: id("app-1", sequence), action: action)
            #expect(try StoreCommand(decoding: command.encoded.span) == command)
        }
    }

    @Test(arguments: samples)
    func `bytes that are cut or too many are refused`(action: StoreCommand.Action) throws {
        let bytes = try StoreCommand(request: id("app-1", 300), action: action).encoded
        for count in 0..<bytes.count {
            #expect(throws: StoreCommandError.self) {
                try StoreCommand(decoding: Array(bytes[..<count]).span)
            }
        }
        #expect(throws: StoreCommandError.self) { try StoreCommand(decoding: (bytes + [0]).span) }
    }

    @Test func `an unknown tag is refused by name`() throws {
        var bytes = try StoreCommand.set("k", "v", id("c", 1)).encoded
        bytes[0] = 77
        let unknown = ByteReaderError(reason: .unknownTag(77), offset: 0)
        #expect(throws: StoreCommandError.malformed(unknown)) {
            try StoreCommand(decoding: bytes.span)
        }
    }

    @Test func `limits hold for building and for decoding`() throws {
        let long = [UInt8](repeating: 1, count: 512)
        #expect(throws: StoreCommandError.keyLength(512)) {
            try StoreCommand(request: id("c", 1), action: .set(key: long, value: []))
        }
        #expect(throws: StoreCommandError.keyLength(0)) {
            try StoreCommand(request: id("c", 1), action: .once(token: [], key: [1], value: []))
        }
        #expect(throws: StoreCommandError.keyLength(512)) {
            try StoreCommand(request: id("c", 1), action: .once(token: [1], key: long, value: []))
        }
        #expect(throws: StoreCommandError.clientLength(0)) {
            try StoreCommand(request: id("", 1), action: .increment(key: [1], by: 1))
        }
        let big = [UInt8](repeating: 1, count: StoreCommand.valueCountMax + 1)
        #expect(throws: StoreCommandError.valueLength(big.count)) {
            try StoreCommand(request: id("c", 1), action: .set(key: [1], value: big))
        }
        var writer = ByteWriter()
        writer.write(u8: 1)
        writer.write(bytes: [99])
        writer.write(varint: 1)
        writer.write(bytes: long)
        writer.write(bytes: [] as [UInt8])
        #expect(throws: StoreCommandError.keyLength(512)) {
            try StoreCommand(decoding: writer.bytes.span)
        }
    }
}
