// Numbers to and from digits, at the edges where digits are gained, and spans as text.

import Testing
import Wire

@Suite struct SpanTextTests {
    static let unsigned: [UInt64] =
        (0..<20).flatMap { power -> [UInt64] in
            let ten = (0..<power).reduce(UInt64(1)) { value, _ in value * 10 }
            return [ten - 1, ten, ten + 1]
        } + [.max]

    @Test(arguments: unsigned)
    func `a number is written as Swift prints it`(number: UInt64) {
        var bytes = "x".bytes
        bytes.append(decimal: number)
        #expect(bytes == "x\(number)".bytes)
    }

    @Test(arguments: [Int64.min, .min + 1, -10, -9, -1, 0, 9, 10, .max])
    func `a number with a sign is written and read back`(number: Int64) {
        var bytes: [UInt8] = []
        bytes.append(decimal: number)
        #expect(bytes == "\(number)".bytes)
        #expect(bytes.span.decimalValue == number)
    }

    @Test(arguments: [
        "", "-", "+1", " 1", "1 ", "1a", "--1", "9223372036854775808", "-9223372036854775809",
        "99999999999999999999",
    ])
    func `what is not a plain number is none`(text: String) {
        let value = text.utf8.span.decimalValue
        #expect(value == nil)
    }

    @Test(arguments: [0, 1, 9, 10, 15, 16, 255, 256, 4095, 4096, 65535, 65536, Int.max])
    func `a size is written in base sixteen`(number: Int) {
        var bytes: [UInt8] = []
        bytes.append(hexadecimal: number)
        #expect(bytes == String(number, radix: 16).bytes)
    }

    @Test func `hexadecimal digits are those of both cases alone`() {
        for byte in UInt8.min...UInt8.max {
            let scalar = UnicodeScalar(byte)
            let expected = scalar.isASCII ? Character(scalar).hexDigitValue : nil
            #expect(byte.hexadecimalValue.map { Int($0) } == expected)
        }
    }

    @Test func `letters lose their case and no other byte changes`() {
        for byte in UInt8.min...UInt8.max {
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            #expect(byte.lowercased == (isCapital ? byte + 32 : byte))
        }
    }

    @Test func `bytes that are not UTF-8 are no text, and are repaired for people`() {
        let broken: [UInt8] = [0x61, 0xC3]
        let text = String(utf8: broken.span)
        #expect(text == nil)
        let repaired = String(repairing: broken.span)
        #expect(repaired == "a\u{FFFD}")
        let whole = String(utf8: "h\u{E9}".utf8.span)
        #expect(whole == "h\u{E9}")
    }
}
