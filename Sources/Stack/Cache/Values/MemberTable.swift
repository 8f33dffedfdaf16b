// Names with something to each: the fields of a hash, the members of a set, the scores of a sorted set. The
// members lie densely in one array, in which a hole is filled by the last one. Up to `scanMax` they are found
// by looking at each, as in Redis' listpacks; past it by a dictionary of places.
//
// Dense members make two things cheap: a member at random, and a scan that keeps its promise. A scan goes
// downwards by place. What it has yet to visit lies below its cursor, and the one thing that moves, the last
// member into a hole, moves downwards: so whoever is there from the scan's start to its end is seen.

/// What a member carries besides its name.
protocol MemberPayload {
    /// Bytes on the heap that it is charged with.
    var size: Int { get }
}

/// The members of a plain set carry nothing.
struct NoPayload: MemberPayload {
    var size: Int { 0 }
}

extension [UInt8]: MemberPayload {
    var size: Int { Block.size(ofBytes: count) }
}

final class MemberTable<Payload: MemberPayload> {
    struct Member {
        let name: [UInt8]
        var payload: Payload
    }

    private(set) var members: [Member] = []
    /// Empty while the members are few.
    private var places: [[UInt8]: Int] = [:]
    /// Bytes that the members are charged with.
    private(set) var size = 0

    private static var scanMax: Int { 32 }
    /// A key, a place and a share of the free slots of a dictionary.
    private static var placeSize: Int { 24 }

    init() {}

    private init(_ other: MemberTable) {
        members = other.members
        places = other.places
        size = other.size
    }

    var copied: MemberTable { MemberTable(self) }

    var count: Int { members.count }

    /// False once there is a dictionary; OBJECT ENCODING tells people.
    var isScanned: Bool { places.isEmpty }

    func place(of name: Span<UInt8>) -> Int? {
        guard places.isEmpty else { return places[[UInt8](copying: name)] }
        for place in members.indices where members[place].name.isEqual(to: name) {
            return place
        }
        return nil
    }

    func contains(_ name: Span<UInt8>) -> Bool { place(of: name) != nil }

    func payload(of name: Span<UInt8>) -> Payload? {
        place(of: name).map { members[$0].payload }
    }

    /// True when the name is new.
    @discardableResult
    func set(_ name: Span<UInt8>, to payload: Payload) -> Bool {
        if let place = place(of: name) {
            size += payload.size - members[place].payload.size
            members[place].payload = payload
            return false
        }
        let member = Member(name: [UInt8](copying: name), payload: payload)
        members.append(member)
        size += Self.size(of: member)
        if !places.isEmpty {
            places[member.name] = members.count - 1
        } else if members.count > Self.scanMax {
            for (place, member) in members.enumerated() { places[member.name] = place }
        }
        return true
    }

    /// Nil when there was no such member.
    @discardableResult
    func remove(_ name: Span<UInt8>) -> Payload? {
        place(of: name).map { remove(at: $0).payload }
    }

    @discardableResult
    func remove(at place: Int) -> Member {
        let member = members[place]
        if !places.isEmpty { places[member.name] = nil }
        members.swapAt(place, members.count - 1)
        members.removeLast()
        size -= Self.size(of: member)
        if place < members.count, !places.isEmpty { places[members[place].name] = place }
        return member
    }

    private static func size(of member: Member) -> Int {
        MemoryLayout<Member>.stride + placeSize + member.name.size + member.payload.size
    }
}

extension MemberTable {
    /// One step of a scan from a cursor, 0 at its start: at most `countMax` members, and the next cursor,
    /// 0 at its end.
    func scan(from cursor: UInt64, countMax: Int) -> (places: Range<Int>, next: UInt64) {
        let end = cursor == 0 ? count : min(count, Int(clamping: cursor))
        let start = max(0, end - countMax)
        return (start..<end, UInt64(start))
    }
}
