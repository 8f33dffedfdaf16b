// The little of HTTP/2 and of protocol buffers that the store bench speaks, against the RFC's layout.

import Testing

@testable import faultline_bench

struct RivalProtocolTests {
    @Test func `a frame is a length, a kind, flags, a stream and its payload`() throws {
        // RFC 9113, section 4.1: 24 bits of length, 8 of type, 8 of flags, 31 of stream.
        let frame = H2Frame(.data, flags: 1, stream: 0x0102_0304, payload: [9, 8])
        #expect(frame.bytes == [0, 0, 2, 0, 1, 1, 2, 3, 4, 9, 8])
        let parsed = H2Frame.parse(frame.bytes.span)
        let (read, count) = try #require(parsed)
        #expect(count == 11)
        #expect(read.kind == .data)
        #expect(read.endsStream)
        #expect(read.stream == 0x0102_0304)
        #expect(read.payload == [9, 8])
    }

    @Test(arguments: [0, 8, 9, 10])
    func `a frame that is not all there is none yet`(count: Int) {
        let bytes = Array(H2Frame(.ping, payload: [1, 2]).bytes.prefix(count))
        let parsed = H2Frame.parse(bytes.span)
        #expect(parsed == nil)
    }

    @Test func `a message is fields with a tag, and damage ends it`() {
        var message = ProtobufMessage()
        message.add(1, Array("key".utf8))
        message.add(2, [UInt8](repeating: 7, count: 200))
        #expect(message.bytes.prefix(5) == [0x0A, 3, 0x6B, 0x65, 0x79])
        let fields = ProtobufFields(message.bytes)
        #expect(fields.bytes(1) == Array("key".utf8))
        #expect(fields.bytes(2)?.count == 200)
        #expect(fields.bytes(3) == nil)
        #expect(ProtobufFields(message.bytes.dropLast()).bytes(2) == nil)
        // Field 4 as a varint: 300 is AC 02.
        #expect(ProtobufFields([0x20, 0xAC, 0x02]).number(4) == 300)
        #expect(ProtobufFields([0x20, 0xAC]).number(4) == nil)
    }
}
