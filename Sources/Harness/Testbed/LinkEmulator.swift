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
        var links: [Direction: Link] = [:]
        var healed: [Direction] = []
        var isStopping = false
    }

    private struct Link {
        var model: LinkModel?
        var counters = LinkCounters()
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

    /// Takes effect for the next packet; counters start again from zero.
    func impair(_ direction: Direction, _ impairment: Impairment, random: SeededRandom) {
        state.withLock {
            $0.links[direction] = Link(model: LinkModel(impairment, random: random))
        }
    }

    /// Goes back to what stood before a fault: what waits is sent at once, and the counters go on.
    func restore(_ direction: Direction, _ impairment: Impairment, random: SeededRandom) {
        state.withLock {
            $0.links[direction, default: Link()].model = LinkModel(impairment, random: random)
            $0.healed.append(direction)
        }
        wakeup.signal()
    }

    /// What is done to a direction now; nil: nothing.
    func impairment(of direction: Direction) -> Impairment? {
        state.withLock { $0.links[direction]?.model?.impairment }
    }

    /// Sends at once, in order, what still waits; call once the rule is gone.
    func heal(_ direction: Direction) {
        state.withLock {
            $0.links[direction]?.model = nil
            $0.healed.append(direction)
        }
        wakeup.signal()
    }

    /// Nil for a direction that was never impaired.
    func counters(of direction: Direction) -> LinkCounters? {
        state.withLock { $0.links[direction]?.counters }
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
        let direction: Direction
    }

    /// What one turn of the loop sent, for the counters.
    fileprivate struct Sent {
        let direction: Direction
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

    /// Hastens what was healed, then admits a batch: both under one lock, so that a packet which
    /// came after the heal never overtakes one from before.
    private func takeIn(
        _ ring: inout PacketRing, _ store: inout FrameStore, _ queue: inout DelayQueue<Waiting>,
        _ state: inout State, _ ends: Ends
    ) {
        let now = MonotonicTime.now()
        for direction in state.healed {
            queue.hasten(to: now) { $0.direction == direction }
        }
        state.healed.removeAll(keepingCapacity: true)
        ring.receive(max: 64) { frame, age in
            guard let direction = Direction(frame: frame) else { return }
            let arrival = now + .nanoseconds(-age.nanoseconds)
            var link = state.links[direction] ?? Link()
            let fate = link.model?.admit(at: arrival) ?? .once(now)
            link.counters.seen += 1
            var departures: (MonotonicTime, copies: Int) = (now, 0)
            switch fate {
            case .lost: link.counters.lost += 1
            case .once(let time): departures = (time, 1)
            case .twice(let time):
                departures = (time, 2)
                link.counters.duplicated += 1
            }
            for _ in 0..<departures.copies {
                if let slot = store.keep(frame, to: ends.near, from: ends.far) {
                    queue.insert(Waiting(slot: slot, direction: direction), due: departures.0)
                } else {
                    link.counters.overflowed += 1
                }
            }
            state.links[direction] = link
        }
    }

    private func sendDue(
        _ ring: borrowing PacketRing, _ store: inout FrameStore, _ queue: inout DelayQueue<Waiting>
    ) -> [Sent] {
        var sent: [Sent] = []
        while sent.count < 64, let (waiting, due) = queue.popDue(by: .now()) {
            let accepted = store.with(waiting.slot) { ring.send($0) }
            sent.append(
                Sent(direction: waiting.direction, accepted: accepted, lateness: .now() - due))
            store.release(waiting.slot)
        }
        return sent
    }

    private func count(_ sent: [Sent]) {
        state.withLock { state in
            for packet in sent {
                state.links[packet.direction, default: Link()].counters.add(packet)
            }
        }
    }
}

extension LinkCounters {
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
