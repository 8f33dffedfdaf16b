// The far end of the impairment link: one thread reads the packets that a policy rule sends there,
// holds or drops them by their direction's model, and sends them back out of the same end.
//
//     A --eth0--> router -- rule "from A to B lookup T" --> near end ==veth== far end
//                 router <-- rule "iif near lookup main" <-- near end ==veth== [this thread]
//     B <--eth0-- router
//
// The far end is alone in a namespace of its own, so no IP stack answers there. Frames come in
// under a hardware address that nobody has: the kernel hands them to packet sockets and then drops
// them. They go out addressed to the near end.
//
// Time: a packet's arrival is the kernel's stamp, not the moment this thread woke, so only the
// wake-up before sending adds an error.

import Determinism
import Experiment
import Linux
import Synchronization

/// Holds, drops and forwards the packets of impaired directions, on a thread of its own.
final class LinkEmulator: Sendable {
    /// Packets that may wait at once; at 50 ms that is 300,000 packets a second.
    static let packetsMax = 16_384

    private let state: Mutex<State>
    private let wakeup: Wakeup
    private let finished: Wakeup

    private struct State {
        var links: [Link] = []
        var places: [Direction: Int] = [:]
        var eased: [Eased] = []
        var isStopping = false

        /// Where a direction's link is; makes one for a direction that is new.
        mutating func place(of direction: Direction) -> Int {
            if let place = places[direction] { return place }
            places[direction] = links.count
            links.append(Link())
            return links.count - 1
        }
    }

    private struct Link {
        var model = LinkModel()
        var counters = LinkCounters()
    }

    /// A link from which a layer was taken: what waits there leaves no later than `limit`.
    private struct Eased {
        let link: Int
        let limit: MonotonicTime
    }

    /// Starts the thread on a ring that was opened on the far end.
    init(_ ring: consuming PacketRing, ends: Ends) throws(SyscallError) {
        state = Mutex(State())
        wakeup = try Wakeup()
        finished = try Wakeup(blocking: true)
        let handover = RingHandover(ring)
        try Thread.start("link-emulator") { [self] in
            if let ring = handover.take() { run(ring, ends) }
            finished.signal()
        }
    }

    /// The hardware addresses that frames get on their way back.
    struct Ends: Sendable {
        let near: LinkAddress
        let far: LinkAddress
    }

    /// Takes effect for the next packet.
    func impair(
        _ direction: Direction, _ impairment: Impairment, as layer: LinkLayer, random: SeededRandom
    ) {
        state.withLock {
            let place = $0.place(of: direction)
            $0.links[place].model.put(layer, impairment, random: random)
        }
    }

    /// Takes a layer away. What waits is sent, in order, once the layers that remain would have sent
    /// it; call it for the last layer when the rule is gone.
    func heal(_ direction: Direction, as layer: LinkLayer) {
        state.withLock {
            let place = $0.place(of: direction)
            let limit = MonotonicTime.now() + $0.links[place].model.delay(beside: layer)
            $0.links[place].model.remove(layer, limit: limit)
            $0.eased.append(Eased(link: place, limit: limit))
        }
        wakeup.signal()
    }

    /// What is done to a direction now by one layer; nil: nothing.
    func impairment(of direction: Direction, as layer: LinkLayer) -> Impairment? {
        look(at: direction)?.impairment(of: layer)
    }

    /// What is done to a direction now by all other layers, in order.
    func impairments(of direction: Direction, beside layer: LinkLayer?) -> [Impairment] {
        look(at: direction)?.impairments(beside: layer) ?? []
    }

    private func look(at direction: Direction) -> LinkModel? {
        state.withLock { state in state.places[direction].map { state.links[$0].model } }
    }

    /// Nil for a direction that was never impaired.
    func counters(of direction: Direction) -> LinkCounters? {
        state.withLock { state in state.places[direction].map { state.links[$0].counters } }
    }

    /// Ends the thread and waits for it; what still waits is dropped.
    func stop() {
        state.withLock { $0.isStopping = true }
        wakeup.signal()
        finished.waitForOne()
        finished.signal()
    }
}

extension LinkEmulator {
    private struct Waiting {
        let slot: FrameStore.Slot
        let link: Int
    }

    /// What one turn of the loop sent, for the counters.
    fileprivate struct Sent {
        let link: Int
        let accepted: Bool
        let lateness: Duration
    }

    private func run(_ ring: consuming PacketRing, _ ends: Ends) {
        CurrentProcess.sharpenTimers()
        Urgency.raise(priority: 2)
        var store = FrameStore(capacity: Self.packetsMax)
        var queue = DelayQueue<Waiting>()
        var alarm = AlarmClock()
        while true {
            let mustStop = state.withLock { state in
                takeIn(&ring, &store, &queue, &state, ends)
                return state.isStopping
            }
            if mustStop { return }
            let sent = sendDue(ring, &store, &queue)
            if !sent.isEmpty { count(sent) }
            if ring.hasFrames { continue }
            alarm.wait(until: queue.nextDue, orReadable: ring.raw, wakeup.raw)
            wakeup.drain()
        }
    }

    /// Hastens what was eased, then admits a batch: both under one lock, so that a packet which
    /// came after the heal never overtakes one from before.
    private func takeIn(
        _ ring: inout PacketRing, _ store: inout FrameStore, _ queue: inout DelayQueue<Waiting>,
        _ state: inout State, _ ends: Ends
    ) {
        let now = MonotonicTime.now()
        for eased in state.eased {
            queue.hasten(to: max(now, eased.limit)) { $0.link == eased.link }
        }
        state.eased.removeAll(keepingCapacity: true)
        ring.receive(max: 64) { frame, age in
            guard let direction = Direction(frame: frame) else { return }
            let place = state.place(of: direction)
            state.links[place].counters.seen += 1
            let arrival = now + .nanoseconds(-age.nanoseconds)
            switch state.links[place].model.admit(bytes: frame.count, at: arrival) {
            case .lost: state.links[place].counters.lost += 1
            case .overQueue: state.links[place].counters.overQueue += 1
            case .sent(let passage):
                state.links[place].counters.add(
                    keep(frame, passage, ends, place, &store, &queue))
            }
        }
    }

    /// Puts a frame and its copy where they wait; returns what became of them.
    private func keep(
        _ frame: Span<UInt8>, _ passage: LinkModel.Passage, _ ends: Ends, _ link: Int,
        _ store: inout FrameStore, _ queue: inout DelayQueue<Waiting>
    ) -> Kept {
        var kept = Kept(isDoubled: passage.copy != nil)
        var next: MonotonicTime? = passage.departure
        var copy = passage.copy
        while let departure = next {
            next = copy
            copy = nil
            guard let slot = store.keep(frame, to: ends.near, from: ends.far) else {
                kept.overflowed += 1
                continue
            }
            if let damage = passage.damage {
                kept.isDamaged = store.change(slot) { damage.apply(to: &$0) }
            }
            queue.insert(Waiting(slot: slot, link: link), due: departure)
        }
        return kept
    }

    /// What became of one packet that was to be sent.
    fileprivate struct Kept {
        var isDoubled: Bool
        var isDamaged = false
        var overflowed = 0
    }

    private func sendDue(
        _ ring: borrowing PacketRing, _ store: inout FrameStore, _ queue: inout DelayQueue<Waiting>
    ) -> [Sent] {
        var sent: [Sent] = []
        while sent.count < 64, let (waiting, due) = queue.popDue(by: .now()) {
            let accepted = store.with(waiting.slot) { ring.send($0) }
            sent.append(
                Sent(link: waiting.link, accepted: accepted, lateness: .now() - due))
            store.release(waiting.slot)
        }
        return sent
    }

    private func count(_ sent: [Sent]) {
        state.withLock { state in
            for packet in sent {
                state.links[packet.link].counters.add(packet)
            }
        }
    }
}

extension LinkCounters {
    fileprivate mutating func add(_ kept: LinkEmulator.Kept) {
        if kept.isDoubled { duplicated += 1 }
        if kept.isDamaged { corrupted += 1 }
        overflowed += kept.overflowed
    }

    fileprivate mutating func add(_ packet: LinkEmulator.Sent) {
        if !packet.accepted { overflowed += 1 }
        if packet.accepted { delivered += 1 }
        latenessTotal += packet.lateness
        latenessMax = max(latenessMax, packet.lateness)
    }
}

extension Direction {
    /// Source and destination of an Ethernet frame that holds IPv4; nil for any other.
    init?(frame: Span<UInt8>) {
        guard frame.count >= 34, frame[14] >> 4 == 4 else { return nil }
        self.init(
            from: IPv4Address(frame[26], frame[27], frame[28], frame[29]),
            to: IPv4Address(frame[30], frame[31], frame[32], frame[33]))
    }
}

/// Carries the ring into the thread, whose closure could otherwise not consume it.
private final class RingHandover: Sendable {
    private let ring: Mutex<PacketRing?>

    init(_ ring: consuming PacketRing) { self.ring = Mutex(ring) }

    func take() -> PacketRing? {
        ring.withLock { held in
            let ring = held.take()
            return ring
        }
    }
}
