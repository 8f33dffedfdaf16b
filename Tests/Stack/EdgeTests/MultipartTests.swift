// Several ranges at once (RFC 9110 sections 14.2 and 14.6).

import Endpoints
import Reactor
import Testing
import Wire

@testable import Edge

extension EdgeSuite {
    @ReactorActor
    struct MultipartTests {
        @Test func `parts that are apart come with heads of their own`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            let body = String(repeating: "0123456789", count: 100)
            fixture.serve(["Cache-Control: max-age=60", "Content-Type: text/x"], body: body)
            try await fixture.send()
            let answer = try await fixture.send("GET", "/a", ["Range: bytes=500-502, -3, 0-1"])
            #expect(answer.status == 206)
            #expect(answer.head.headers["content-range"] == nil)
            let type = answer.field("content-type")
            try #require(type.hasPrefix("multipart/byteranges; boundary="))
            let boundary = try #require(type.split(separator: "=").last)
            let head = "\r\n--\(boundary)\r\nContent-Type: text/x\r\nContent-Range: bytes"
            #expect(
                answer.text == "\(head) 500-502/1000\r\n\r\n012\(head) 997-999/1000\r\n\r\n789"
                    + "\(head) 0-1/1000\r\n\r\n01\r\n--\(boundary)--\r\n")
            #expect(fixture.origin.requests.count == 1)
        }

        @Test(
            arguments: [
                ("bytes=0-1,4-5", .part(0..<6)),  // nearer than a head is long
                ("bytes=0-1,500-501", .parts([0..<2, 500..<502])),
                ("bytes=500-501,0-1", .parts([500..<502, 0..<2])),
                ("bytes=500-600,0-1,550-700", .parts([0..<2, 500..<701])),  // put together
                ("bytes=0-999,0-999", .part(0..<1000)), ("bytes=0-1,2000-", .part(0..<2)),
                ("bytes=2000-,-0", .unsatisfiable), ("bytes=,", .whole), ("bytes=0-1,x", .whole),
                ("bytes= 0-1 , 500-501 ,", .parts([0..<2, 500..<502])),
            ] as [(String, ByteRange)])
        func `a set of ranges is read`(_ field: String, _ expected: ByteRange) {
            #expect(ByteRange(field, length: 1000) == expected)
        }

        @Test func `more ranges than anybody needs are none`() {
            let many = (0..<17).map { "\($0 * 500)-\($0 * 500)" }.joined(separator: ",")
            #expect(ByteRange("bytes=\(many)", length: 10_000) == .whole)
        }

        @Test func `a boundary that stands in the content is not used`() {
            let body = Array("xx part-9 yy part-a part-b".utf8)
            #expect(MultipartRanges.boundary(for: body, seed: 9) == "part-c")
            #expect(MultipartRanges.boundary(for: [], seed: 9) == "part-9")
        }
    }
}
