// Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam, SODA 2018): a key goes to
// the first backend clockwise of it on a ring, unless that has more than 1 + epsilon times its fair
// share already, and then to the next that has not. Adding or removing a backend moves only the keys
// beside its points, and one hot key cannot drown one backend.

struct BoundedHash: Sendable {
    /// Points of each backend on the ring; the shares then differ by about a tenth.
    static let pointsEach = 128
    /// 1 + epsilon: the most that one backend takes on, as a multiple of the mean.
    static let boundFactor = 1.25

    private struct Point: Sendable {
        let place: UInt64
        let index: Int
    }

    /// In order of their places.
    private var ring: [Point] = []

    /// Backends by their places in the pool; a name keeps its points whatever its place.
    init(_ members: [(index: Int, name: String)] = []) {
        ring = members.flatMap { member in
            (0..<Self.pointsEach).map { number in
                Point(place: Self.hash("\(member.name)#\(number)".utf8), index: member.index)
            }
        }
        ring.sort { $0.place < $1.place }
    }

    func choose(_ candidates: [Candidate], key: UInt64) -> Int? {
        guard !candidates.isEmpty, !ring.isEmpty else { return candidates.first?.index }
        let inHand = candidates.reduce(1) { $0 + $1.inFlight }
        let weights = candidates.reduce(0) { $0 + $1.weight }
        let start = firstPoint(from: Self.mix(key))
        for step in 0..<ring.count {
            let index = ring[(start + step) % ring.count].index
            guard let candidate = candidates.first(where: { $0.index == index }) else { continue }
            let share = Double(inHand) * candidate.weight / weights
            let bound = (share * Self.boundFactor).rounded(.up)
            if Double(candidate.inFlight + 1) <= bound { return index }
        }
        // The bounds sum to more than what is in hand, so one candidate on the ring is below its own.
        return candidates.first?.index
    }

    private func firstPoint(from place: UInt64) -> Int {
        var low = 0
        var high = ring.count
        while low < high {
            let middle = (low + high) / 2
            if ring[middle].place < place { low = middle + 1 } else { high = middle }
        }
        return low == ring.count ? 0 : low
    }

    /// FNV-1a with a last mix, since FNV alone leaves similar names close together.
    static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        mix(
            bytes.reduce(0xcbf2_9ce4_8422_2325) { hash, byte in
                (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            })
    }

    /// The finaliser of SplitMix64.
    static func mix(_ value: UInt64) -> UInt64 {
        var mixed = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
