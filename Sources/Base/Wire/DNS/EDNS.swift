// Extension mechanisms (RFC 6891): an OPT record in the additional section, whose fields mean other
// things than those of a record.
//
//     0            41    payload   extended code   version   flags   length   options
//     | root name | OPT | class   | TTL: 8 bits   | 8 bits  | 16    | 16     | ...

package struct EDNS: Hashable, Sendable {
    private static let clientSubnetCode: UInt16 = 8
    private static let dnssecOKFlag: UInt16 = 0x8000
    /// The record without options.
    static let bytesMin = 11

    /// The largest datagram that the sender takes, in bytes; less than 512 counts as 512.
    package var payload: UInt16
    package var version: UInt8 = 0
    /// The upper eight bits of the response code.
    package var extendedCode: UInt8 = 0
    package var dnssecOK = false
    package var clientSubnet: ClientSubnet?

    package init(payload: UInt16) { self.payload = payload }

    var byteCount: Int { Self.bytesMin + (clientSubnet.map { 4 + $0.byteCount } ?? 0) }

    /// Reads what stands behind name and type; options other than the client subnet are skipped.
    init(_ cursor: inout DNSCursor) throws(DNSError) {
        payload = max(512, try cursor.u16())
        extendedCode = try cursor.u8()
        version = try cursor.u8()
        dnssecOK = try cursor.u16() & Self.dnssecOKFlag != 0
        let count = Int(try cursor.u16())
        guard count <= cursor.remaining else { throw DNSError(.truncated, at: cursor.offset) }
        let end = cursor.offset + count
        while cursor.offset < end {
            let code = try cursor.u16()
            let length = Int(try cursor.u16())
            guard length <= end - cursor.offset else {
                throw DNSError(.malformedOption, at: cursor.offset)
            }
            if code == Self.clientSubnetCode, clientSubnet == nil {
                clientSubnet = try ClientSubnet(&cursor, count: length)
            } else {
                _ = try cursor.raw(length)
            }
        }
        guard cursor.offset == end else { throw DNSError(.malformedOption, at: end) }
    }

    /// Writes the whole record.
    func write(to encoder: inout DNSEncoder) {
        encoder.write(u8: 0)
        encoder.write(u16: DNSType.opt.rawValue)
        encoder.write(u16: payload)
        encoder.write(u8: extendedCode)
        encoder.write(u8: version)
        encoder.write(u16: dnssecOK ? Self.dnssecOKFlag : 0)
        encoder.write(u16: UInt16(byteCount - Self.bytesMin))
        guard let clientSubnet else { return }
        encoder.write(u16: Self.clientSubnetCode)
        encoder.write(u16: UInt16(clientSubnet.byteCount))
        clientSubnet.write(to: &encoder)
    }
}
