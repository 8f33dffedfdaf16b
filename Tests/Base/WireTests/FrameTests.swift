// Frames on a stream: whole, in part, one behind the other, and damaged in every bit.

import Testing
import Wire

@Suite struct FrameTests {
    static func encoded(_ frame: Frame) -> [UInt8] {
        var bytes: [UInt8] = []
        frame.encode(into: &bytes)
        return bytes
    }

    @Test(arguments: [[], [7], [UInt8](0...200)])
    func `a frame is read whole, and waited for at every prefix`(payload: [UInt8]) throws {
        let frame = Frame(kind: 3, payload: payload)
        let bytes = Self.encoded(frame)
        #expect(bytes.count == Frame.headerBytes + 1 + payload.count)
        let parsed = try #require(try Frame.parse((bytes + [1, 2, 3]).span))
        #expect(parsed.frame == frame)
        #expect(parsed.consumed == bytes.count)
        for prefix in properPrefixes(of: bytes) {
            #expect(try Frame.parse(prefix.span) == nil)
        }
    }

    @Test func `the layout is as documented`() {
        let content: [UInt8] = [5, 0xAA, 0xBB]
        var expected = ByteWriter()
        expected.write(u32: 3)
        expected.write(u32: CRC32C.checksum(content.span))
        expected.write(raw: content.span)
        #expect(Self.encoded(Frame(kind: 5, payload: [0xAA, 0xBB])) == expected.bytes)
    }

    @Test func `frames are appended and read one behind the other`() throws {
        var bytes = Self.encoded(Frame(kind: 1, payload: [1]))
        Frame.encode(kind: 2, into: &bytes) { writer in
            writer.write(text: "two")
        }
        let first = try #require(try Frame.parse(bytes.span))
        let second = try #require(try Frame.parse(bytes.span.extracting(first.consumed...)))
        #expect(first.frame == Frame(kind: 1, payload: [1]))
        #expect(second.frame == Frame(kind: 2, payload: [3] + "two".bytes))
        #expect(first.consumed + second.consumed == bytes.count)
    }

    /// A flipped bit in the length may make the frame longer, so nil is right there; never a frame.
    @Test func `no flipped bit gets through`() {
        let bytes = Self.encoded(Frame(kind: 9, payload: "payload".bytes))
        for bit in 0..<bytes.count * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            let isInLength = bit < 32
            do throws(FrameError) {
                let parsed = try Frame.parse(damaged.span)
                #expect(parsed == nil)
                #expect(isInLength)
            } catch {
                #expect(isInLength || error.reason == .checksumMismatch)
            }
        }
    }

    @Test func `zeros are not a frame`() throws {
        let error = try #require(throws: FrameError.self) {
            try Frame.parse([0, 0, 0, 0].span)
        }
        #expect(error.reason == .empty)
    }

    @Test func `a payload is taken up to the limit and refused past it by its header alone`() throws
    {
        let bytes = Self.encoded(Frame(kind: 1, payload: [1, 2, 3]))
        #expect(try Frame.parse(bytes.span, payloadBytesMax: 3) != nil)
        let error = try #require(throws: FrameError.self) {
            try Frame.parse(bytes.span.extracting(first: 4), payloadBytesMax: 2)
        }
        #expect(error.reason == .tooLong(payloadBytesMax: 2))
    }
}
