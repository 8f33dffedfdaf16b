// Writes messages. A name whose end stood in the message before is cut short by a pointer to there
// (RFC 1035 section 4.1.4); the names of newer types are never compressed (RFC 3597 section 4), so
// their data is written as it is.

struct DNSEncoder: Sendable {
    private(set) var bytes: [UInt8] = []
    /// Where labels begin that a pointer can lead to, in the order in which they were written.
    private var labels: [UInt16] = []

    /// Labels that are looked through for each name; more would make large messages slow.
    private static let labelsMax = 256
    /// What fourteen bits can point to.
    private static let pointerMax = 0x3FFF

    /// A place to go back to when what follows does not fit.
    struct Mark {
        fileprivate let bytes: Int
        fileprivate let labels: Int
    }

    var count: Int { bytes.count }
    var mark: Mark { Mark(bytes: bytes.count, labels: labels.count) }

    mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        labels.removeAll(keepingCapacity: true)
    }

    mutating func roll(backTo mark: Mark) {
        bytes.removeLast(bytes.count - mark.bytes)
        labels.removeLast(labels.count - mark.labels)
    }

    mutating func write(u8 value: UInt8) { bytes.append(value) }

    mutating func write(u16 value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    mutating func write(u32 value: UInt32) {
        write(u16: UInt16(truncatingIfNeeded: value >> 16))
        write(u16: UInt16(truncatingIfNeeded: value))
    }

    mutating func write(u64 value: UInt64) {
        write(u32: UInt32(truncatingIfNeeded: value >> 32))
        write(u32: UInt32(truncatingIfNeeded: value))
    }

    mutating func write(raw content: Span<UInt8>) { bytes.append(copying: content) }

    mutating func patch(u16 value: UInt16, at offset: Int) {
        bytes[offset] = UInt8(truncatingIfNeeded: value >> 8)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
    }

    /// A pointer to a name that begins at an offset.
    mutating func write(pointerTo offset: Int) { write(u16: 0xC000 | UInt16(offset)) }

    mutating func write(_ name: DNSName) {
        var place = 0
        // The labels of this name itself are no use to it: their ends are not written yet.
        let known = labels.count
        while name.wire[place] != 0 {
            let earlier = labels.prefix(known).first { matches(Int($0), name.wire, place) }
            if let earlier {
                write(pointerTo: Int(earlier))
                return
            }
            note(bytes.count)
            let end = place + 1 + Int(name.wire[place])
            bytes.append(contentsOf: name.wire[place..<end])
            place = end
        }
        bytes.append(0)
    }

    /// Lets pointers lead to the labels of an uncompressed name that was written as raw bytes.
    mutating func noteLabels(at offset: Int) {
        var place = offset
        while bytes[place] != 0 {
            note(place)
            place += 1 + Int(bytes[place])
        }
    }

    private mutating func note(_ offset: Int) {
        guard offset <= Self.pointerMax, labels.count < Self.labelsMax else { return }
        labels.append(UInt16(offset))
    }

    /// Whether the name written at an offset is the rest of a name from one of its labels on.
    private func matches(_ offset: Int, _ name: [UInt8], _ start: Int) -> Bool {
        var (here, there) = (offset, start)
        while true {
            while bytes[here] >= 0xC0 {
                here = Int(bytes[here] & 0x3F) << 8 | Int(bytes[here + 1])
            }
            let length = Int(bytes[here])
            guard length == Int(name[there]) else { return false }
            if length == 0 { return true }
            for index in 1...length
            where bytes[here + index].lowercased != name[there + index].lowercased {
                return false
            }
            here += length + 1
            there += length + 1
        }
    }
}

extension DNSEncoder {
    mutating func write(_ question: DNSQuestion) {
        write(question.name)
        write(u16: question.type.rawValue)
        write(u16: question.questionClass.rawValue)
    }

    mutating func write(_ record: DNSRecord) {
        write(record.name)
        writeBehindName(record.recordClass, ttl: record.ttl, record.data)
    }

    mutating func writeBehindName(_ recordClass: DNSClass, ttl: UInt32, _ data: DNSData) {
        write(u16: data.type.rawValue)
        write(u16: recordClass.rawValue)
        write(u32: ttl)
        let start = bytes.count
        write(u16: 0)
        write(data)
        patch(u16: UInt16(bytes.count - start - 2), at: start)
    }

    private mutating func write(_ data: DNSData) {
        switch data {
        case .a(let address): write(u32: address)
        case .aaaa(let high, let low):
            write(u64: high)
            write(u64: low)
        case .ns(let name), .cname(let name): write(name)
        case .soa(let authority): write(authority)
        case .txt(let strings):
            for string in strings {
                write(u8: UInt8(string.count))
                bytes.append(contentsOf: string)
            }
        case .other(_, let content): bytes.append(contentsOf: content)
        }
    }

    private mutating func write(_ authority: StartOfAuthority) {
        write(authority.primary)
        write(authority.mailbox)
        write(u32: authority.serial)
        write(u32: authority.refresh)
        write(u32: authority.retry)
        write(u32: authority.expire)
        write(u32: authority.minimum)
    }
}
