// A bit that turns over on the way. It lies in what TCP or UDP carries, never in a header: a damaged
// address would show as loss on a link that nobody impaired.

import Experiment

/// One damaged bit of one packet.
struct FrameDamage: Equatable, Sendable {
    /// Drawn from all numbers; the packet's length brings it down to a bit.
    let place: UInt64
    let checksum: Corruption.Checksum

    /// Turns the bit over; false where the packet carries nothing that could be damaged.
    ///
    /// Without a payload, as a bare acknowledgement, the checksum itself is damaged, unless it is to
    /// be good.
    func apply(to frame: inout MutableSpan<UInt8>) -> Bool {
        guard let layout = TransportLayout(frame.span) else { return false }
        guard !layout.payload.isEmpty else {
            guard checksum == .broken else { return false }
            frame[layout.checksum] ^= 1 << UInt8(place % 8)
            return true
        }
        let bit = Int(place % UInt64(layout.payload.count * 8))
        let offset = layout.payload.lowerBound + bit / 8
        let old = word(frame, offset, layout)
        frame[offset] ^= 1 << UInt8(bit % 8)
        if checksum == .repaired {
            mend(&frame, layout, from: old, to: word(frame, offset, layout))
        }
        return true
    }

    /// The 16 bits that the checksum adds up and that the byte is part of.
    private func word(
        _ frame: borrowing MutableSpan<UInt8>, _ offset: Int, _ layout: TransportLayout
    )
        -> UInt32
    {
        let isHigh = (offset - layout.start) % 2 == 0
        return UInt32(frame[offset]) << (isHigh ? 8 : 0)
    }

    /// RFC 1624, equation 3: HC' = ~(~HC + ~m + m').
    private func mend(
        _ frame: inout MutableSpan<UInt8>, _ layout: TransportLayout, from old: UInt32,
        to new: UInt32
    ) {
        let place = layout.checksum
        let stored = UInt32(frame[place]) << 8 | UInt32(frame[place + 1])
        // UDP without a checksum (RFC 768) has none to mend.
        if stored == 0, layout.isUDP { return }
        var sum = (~stored & 0xffff) + (~old & 0xffff) + new
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        let mended = ~sum & 0xffff
        frame[place] = UInt8(mended >> 8)
        frame[place + 1] = UInt8(mended & 0xff)
    }
}

/// Where TCP or UDP lies in an Ethernet frame with IPv4 (RFC 791, 9293, 768).
struct TransportLayout {
    let isUDP: Bool
    /// Where the transport header begins.
    let start: Int
    /// Where its checksum is.
    let checksum: Int
    let payload: Range<Int>

    /// Nil for other protocols, for later fragments and for what is cut short.
    init?(_ frame: Span<UInt8>) {
        guard frame.count >= 34, frame[14] >> 4 == 4 else { return nil }
        let fragment = UInt16(frame[20] & 0x1f) << 8 | UInt16(frame[21])
        guard fragment == 0 else { return nil }
        start = 14 + Int(frame[14] & 0xf) * 4
        let end = min(frame.count, 14 + Int(frame[16]) << 8 + Int(frame[17]))
        switch frame[23] {
        case 6 where end >= start + 20:
            isUDP = false
            checksum = start + 16
            let first = start + Int(frame[start + 12] >> 4) * 4
            payload = min(first, end)..<end
        case 17 where end >= start + 8:
            isUDP = true
            checksum = start + 6
            payload = start + 8..<end
        default: return nil
        }
    }
}
