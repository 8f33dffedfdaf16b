// The twelve bytes at the start of every message (RFC 1035 section 4.1.1):
//
//     0        2                                      4      6      8      10     12
//     | id     | QR opcode AA TC RD | RA Z AD CD rcode | QD   | AN   | NS   | AR   |

package struct DNSFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// QR.
    package static let response = DNSFlags(rawValue: 0x8000)
    /// AA.
    package static let authoritative = DNSFlags(rawValue: 0x0400)
    /// TC: ask again over TCP.
    package static let truncated = DNSFlags(rawValue: 0x0200)
    /// RD.
    package static let recursionDesired = DNSFlags(rawValue: 0x0100)
    /// RA.
    package static let recursionAvailable = DNSFlags(rawValue: 0x0080)
    /// CD, copied into the answer (RFC 4035 section 3.1.6).
    package static let checkingDisabled = DNSFlags(rawValue: 0x0010)

    static let all: DNSFlags = [
        .response, .authoritative, .truncated, .recursionDesired, .recursionAvailable,
        .checkingDisabled,
    ]
}

struct DNSHead: Hashable, Sendable {
    var id: UInt16
    var flags: DNSFlags = []
    var opcode = DNSOpcode.query
    /// The lower four bits of the code.
    var code: UInt16 = 0
    var questions = 0
    var answers = 0
    var authorities = 0
    var additionals = 0

    init(id: UInt16) { self.id = id }

    init(_ cursor: inout DNSCursor) throws(DNSError) {
        id = try cursor.u16()
        let word = try cursor.u16()
        flags = DNSFlags(rawValue: word).intersection(.all)
        opcode = DNSOpcode(rawValue: UInt8(truncatingIfNeeded: word >> 11))
        code = word & 0xF
        questions = Int(try cursor.u16())
        answers = Int(try cursor.u16())
        authorities = Int(try cursor.u16())
        additionals = Int(try cursor.u16())
    }

    var flagWord: UInt16 { flags.rawValue | UInt16(opcode.rawValue) << 11 | code & 0xF }
}
