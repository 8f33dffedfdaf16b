// RFC 4648's own vectors, and texts that are not Base64.

import Determinism
import Testing

@testable import Telemetry

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),  // RFC 4648, section 10
    ])
    func `the vectors of the RFC, both ways`(plain: String, text: String) throws {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(try Base64.decode(text) == Array(plain.utf8))
    }

    @Test(arguments: [
        "Zg=", "Zg", "Z", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm-v", "Zm_v", "Zh==", "Zm9=",
        "Z=g=",
    ])
    func `other texts are refused`(text: String) {
        #expect(throws: HistogramError.self) { try Base64.decode(text) }
    }

    @Test func `random bytes of every length survive`() throws {
        var random = SeededRandom(seed: 64)
        for count in 0..<100 {
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            #expect(try Base64.decode(Base64.encode(bytes)) == bytes)
        }
    }
}
