// The links of a simulated group: they lose, delay, repeat and reorder, and partitions cut them.
//
// Every link has its own stream of random numbers, so an event that is taken out of a schedule leaves the
// fate of messages elsewhere as it was, and a shrunk schedule keeps what made it fail. Links go by
// the places of nodes in the group.

import Determinism
import Raft

struct SimulatedNetwork {
    /// A message on its way; with a snapshot, the state that was streamed along.
    struct Parcel {
        var message: RaftMessage
        var state: Registers?
        /// Whether the sender's driver reports the fate of the snapshot by this copy.
        var isReported: Bool
    }

    private let size: Int
    /// How many partitions cut a link; index: from * size + to.
    private var cuts: [Int]
    private var streams: [SeededRandom]

    /// What is under way; free places are reused.
    private var parcels: [Parcel?] = []
    private var free: [Int] = []

    init(size: Int, random: SeededRandom) {
        self.size = size
        cuts = Array(repeating: 0, count: size * size)
        streams = (0..<size * size).map { random.fork("link \($0)") }
    }

    // MARK: Messages

    /// Draws when copies of a message arrive; none when it is lost, or the link is cut.
    mutating func delays(
        from: Int, to: Int, _ weather: Weather
    ) -> (first: SimulatedTime?, second: SimulatedTime?) {
        let link = from * size + to
        let fate = streams[link].integer(in: 0..<1000)
        guard cuts[link] == 0, fate >= weather.lost else { return (nil, nil) }
        let first = delay(link, weather)
        let isRepeated = fate - weather.lost < weather.repeated
        return (first, isRepeated ? delay(link, weather) : nil)
    }

    private mutating func delay(_ link: Int, _ weather: Weather) -> SimulatedTime {
        let isStraggler =
            weather.straggling > 0 && streams[link].integer(in: 0..<1000) < weather.straggling
        let latest = isStraggler ? weather.stragglerDelayMax : weather.delayMax
        let range = weather.delayMin.microseconds...latest.microseconds
        return SimulatedTime(microseconds: streams[link].integer(in: range))
    }

    /// Keeps a parcel until it arrives; returns where.
    mutating func keep(_ parcel: Parcel) -> Int {
        if let place = free.popLast() {
            parcels[place] = parcel
            return place
        }
        parcels.append(parcel)
        return parcels.count - 1
    }

    mutating func take(_ place: Int) -> Parcel? {
        defer { free.append(place) }
        return parcels[place].take()
    }

    // MARK: Partitions

    /// Cuts links, or mends them; a link that two partitions cut stays cut until both are over.
    mutating func change(_ links: [(from: Int, to: Int)], cut: Bool) {
        for link in links { cuts[link.from * size + link.to] += cut ? 1 : -1 }
    }

    mutating func heal() { cuts = Array(repeating: 0, count: size * size) }

    /// The links that a partition cuts, given where its targets are.
    func links(of partition: Partition, place: (Target) -> Int) -> [(from: Int, to: Int)] {
        switch partition {
        case .isolated(let target): return links { $0 == place(target) || $1 == place(target) }
        case .muted(let target): return links { from, _ in from == place(target) }
        case .deafened(let target): return links { _, to in to == place(target) }
        case .split(let mask): return links { mask >> $0 & 1 != mask >> $1 & 1 }
        case .bridge(let target):
            let middle = place(target)
            let half = size / 2
            return links { from, to in
                guard from != middle, to != middle else { return false }
                let (near, far) = ((from - middle + size) % size, (to - middle + size) % size)
                return (near <= half) != (far <= half)
            }
        case .ring:
            // With three nodes all are neighbours, so the ring is cut open.
            return links { from, to in
                let distance = (from - to + size) % size
                return size > 3 ? distance != 1 && distance != size - 1 : from + to == size - 1
            }
        case .pair(let one, let other):
            let pair = [place(one), place(other)]
            return links { !pair.contains($0) || !pair.contains($1) }
        case .link(let from, let to):
            return links { $0 == place(from) && $1 == place(to) }
        }
    }

    private func links(where isCut: (Int, Int) -> Bool) -> [(from: Int, to: Int)] {
        (0..<size).flatMap { from in
            (0..<size).filter { $0 != from && isCut(from, $0) }.map { (from, $0) }
        }
    }
}
