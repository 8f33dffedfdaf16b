// IPv6 addresses: every way to write one is read, one way is written, and what is none is told from one.

import Linux
import Testing

struct IPv6AddressTests {
    @Test(arguments: [
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),  // the first of two runs alike
        ("2001:DB8::A", "2001:db8::a"),
        ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
        ("::", "::"),
        ("::1", "::1"),
        ("1::", "1::"),
        ("2001:db8:1:1:1:1:0:1", "2001:db8:1:1:1:1:0:1"),  // one zero is no run
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("::ffff:c000:201", "::ffff:192.0.2.1"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ])
    func `each form is read and one is written`(_ text: String, _ written: String) throws {
        let address = try #require(IPv6Address(text))
        #expect("\(address)" == written)
        #expect(IPv6Address(written) == address)
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::",
        "1:2:3:4:5:6:7::8", "::1.2.3", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "+1::",
        "192.0.2.1", "::1%lo",
    ])
    func `what is no address is refused`(_ text: String) {
        #expect(IPv6Address(text) == nil)
    }

    @Test func `an IPv4 address can be mapped and found again`() {
        let plain = IPv4Address(192, 0, 2, 7)
        let address = IPv6Address(mapping: plain)
        #expect(address.mapped == plain)
        #expect(address.bytes == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 7])
        #expect(IPv6Address(high: 1, low: address.low).mapped == nil)
        #expect(IPv6Address(high: 0, low: UInt64(plain.rawValue)).mapped == nil)
    }
}
