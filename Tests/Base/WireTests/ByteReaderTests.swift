// Writer and reader as mirrors, the layout byte by byte, and bytes that nobody wrote.

import Testing
import Wire

@Suite struct ByteReaderTests {
    @Test func `the layout is as documented`() {
        var writer = ByteWriter(appendingTo: [9])
        writer.write(u8: 1)
        writer.write(u16: 0x0302)
        writer.write(u32: 0x0706_0504)
        writer.write(u64: 0x0F0E_0D0C_0B0A_0908)
        writer.write(bool: true)
        writer.write(varint: 300)
        writer.write(signed: -2)
        writer.write(bytes: [0xAA, 0xBB])
        writer.write(text: "\u{E9}")
        writer.write(count: 5)
        writer.write(raw: [0xCC].span)
        #expect(
            writer.finish() == [9] + [UInt8](1...15) + [1, 0xAC, 0x02, 0x03, 2, 0xAA, 0xBB]
                + [2, 0xC3, 0xA9, 5, 0xCC])
    }

    @Test func `patching overwrites four bytes alone`() {
        var writer = ByteWriter(appendingTo: [1, 0, 0, 0, 0, 2])
        writer.patch(u32: 0x0D0C_0B0A, at: 1)
        #expect(writer.bytes == [1, 0x0A, 0x0B, 0x0C, 0x0D, 2])
    }

    static func message() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(u8: .max)
        writer.write(u16: .max - 1)
        writer.write(u32: .max - 2)
        writer.write(u64: .max - 3)
        writer.write(bool: false)
        writer.write(varint: 1 << 40)
        writer.write(signed: .min)
        writer.write(bytes: "abc".bytes)
        writer.write(text: "h\u{E9}")
        writer.write(raw: "xy".utf8.span)
        return writer.finish()
    }

    /// Reads what `message` wrote, to its end.
    static func read(_ bytes: [UInt8]) throws(ByteReaderError) -> [String] {
        var reader = ByteReader(bytes.span)
        var fields: [String] = []
        fields.append("\(try reader.readU8())")
        fields.append("\(try reader.readU16())")
        fields.append("\(try reader.readU32())")
        fields.append("\(try reader.readU64())")
        fields.append("\(try reader.readBool())")
        fields.append("\(try reader.readVarint())")
        fields.append("\(try reader.readSigned())")
        fields.append("\(try reader.readBytes())")
        fields.append(try reader.readText())
        fields.append("\([UInt8](copying: try reader.readRaw(2)))")
        try reader.expectEnd()
        return fields
    }

    @Test func `a message reads back, and no prefix of it does`() throws {
        let bytes = Self.message()
        #expect(
            try Self.read(bytes) == [
                "255", "65534", "4294967293", "18446744073709551612", "false", "1099511627776",
                "-9223372036854775808", "[97, 98, 99]", "h\u{E9}", "[120, 121]",
            ])
        for prefix in properPrefixes(of: bytes) {
            let error = try #require(throws: ByteReaderError.self) { try Self.read(prefix) }
            #expect(error.reason == .truncated)
        }
        let error = try #require(throws: ByteReaderError.self) { try Self.read(bytes + [0]) }
        #expect(error == ByteReaderError(reason: .trailingBytes, offset: bytes.count))
    }

    @Test func `every varint reads back in as few bytes as its bits need`() throws {
        let edges = (0..<64).flatMap { [UInt64(1) << UInt64($0), (UInt64(1) << UInt64($0)) - 1] }
        for value in edges + [.max] {
            var writer = ByteWriter()
            writer.write(varint: value)
            let bits = max(1, UInt64.bitWidth - value.leadingZeroBitCount)
            #expect(writer.count == (bits + 6) / 7)
            var reader = ByteReader(writer.bytes.span)
            let unsigned = try reader.readVarint()
            #expect(unsigned == value)

            for signed in [Int64(bitPattern: value), ~Int64(bitPattern: value)] {
                var writer = ByteWriter()
                writer.write(signed: signed)
                var reader = ByteReader(writer.bytes.span)
                let back = try reader.readSigned()
                #expect(back == signed)
            }
        }
    }

    static let malformedVarints: [[UInt8]] = [
        [0x80, 0x00],  // zero in two bytes
        [0xFF, 0x80, 0x00],
        [UInt8](repeating: 0xFF, count: 9) + [0x02],  // bit 64
        [UInt8](repeating: 0x80, count: 10) + [0x01],  // eleven bytes
    ]

    @Test(arguments: malformedVarints)
    func `a varint too long or too large is refused`(bytes: [UInt8]) throws {
        let error = try #require(throws: ByteReaderError.self) {
            var reader = ByteReader(bytes.span)
            _ = try reader.readVarint()
        }
        #expect(error == ByteReaderError(reason: .malformedVarint, offset: 0))
    }

    @Test func `a length or count beyond the bytes is refused before memory is taken`() throws {
        var writer = ByteWriter()
        writer.write(varint: .max)
        writer.write(u32: 0)
        let bytes = writer.finish()
        let length = try #require(throws: ByteReaderError.self) {
            var reader = ByteReader(bytes.span)
            _ = try reader.readBytes()
        }
        #expect(length.reason == .truncated)
        let count = try #require(throws: ByteReaderError.self) {
            var reader = ByteReader(bytes.span)
            _ = try reader.readCount()
        }
        #expect(count.reason == .impossibleCount)
    }

    @Test(arguments: [(2, true), (3, false)])
    func `a count is measured by the least an element takes`(
        elementBytesMin: Int, fits: Bool
    ) throws {
        let bytes: [UInt8] = [2, 0, 0, 0, 0]
        var reader = ByteReader(bytes.span)
        let count = try? reader.readCount(elementBytesMin: elementBytesMin)
        #expect(count == (fits ? 2 : nil))
    }

    @Test func `a bool is one or zero and text is UTF-8`() throws {
        let bool = try #require(throws: ByteReaderError.self) {
            var reader = ByteReader([2].span)
            _ = try reader.readBool()
        }
        #expect(bool == ByteReaderError(reason: .malformedBool, offset: 0))
        let text = try #require(throws: ByteReaderError.self) {
            var reader = ByteReader([1, 0xFF].span)
            _ = try reader.readText()
        }
        #expect(text == ByteReaderError(reason: .malformedUTF8, offset: 0))
    }
}
