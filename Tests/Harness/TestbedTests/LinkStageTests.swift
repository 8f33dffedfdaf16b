// The stages of an impaired link one by one, without a kernel: distributions, bursts, queues, bits.

import Determinism
import Experiment
import Linux
import Testing

@testable import Testbed

struct DelayModelTests {
    private func draws(_ delay: Delay, count: Int = 4000, seed: UInt64 = 3) -> [Duration] {
        var model = DelayModel(delay, random: SeededRandom(seed: seed))
        return (0..<count).map { _ in model.next() }
    }

    private static var table: Delay.Distribution {
        DelayTable(text: "-8192 0 # low\n8192 16384").map(Delay.Distribution.table) ?? .uniform
    }

    @Test(arguments: [Delay.Distribution.uniform, .normal, .pareto, table], [0, 0.9])
    func `as many draws lie below a quantile as should`(
        distribution: Delay.Distribution, correlation: Double
    ) {
        let delay = Delay(
            .milliseconds(100), jitter: .milliseconds(20), correlation: correlation,
            distribution: distribution)
        let all = draws(delay)
        // Correlated draws count for fewer: (1 - c) / (1 + c) of them.
        let worth = Double(all.count) * (1 - correlation) / (1 + correlation)
        for share in [0.1, 0.45, 0.9] {
            let below = Double(all.count { $0 <= delay.quantile(share) }) / Double(all.count)
            let error = 5 * (share * (1 - share) / worth).squareRoot()
            // A table of four values has steps of a quarter.
            let step = if case .table = distribution { 0.25 } else { 0.0 }
            #expect(below > share - error && below < share + error + step)
        }
    }

    @Test func `correlated draws are near their neighbours`() {
        let delay = { (correlation: Double) in
            Delay(
                .milliseconds(100), jitter: .milliseconds(20), correlation: correlation,
                distribution: .normal)
        }
        let step = { (delays: [Duration]) in
            zip(delays, delays.dropFirst()).reduce(0.0) { $0 + abs(($1.0 - $1.1).seconds) }
        }
        // Neighbours differ by a normal variable of variance 2 - 2 c.
        let ratio = step(draws(delay(0.9))) / step(draws(delay(0)))
        #expect(abs(ratio - 0.1.squareRoot()) < 0.03)
    }

    @Test func `no delay is below nothing`() {
        let wide = Delay(.milliseconds(10), jitter: .milliseconds(10), distribution: .normal)
        #expect(draws(wide).allSatisfy { $0 >= .zero })
        #expect(draws(wide).contains(.zero))
    }

    @Test(arguments: ["", "1", "1 x", "1 40000", "1.5 2"])
    func `what is no table is refused`(text: String) {
        #expect(DelayTable(text: text) == nil)
    }
}

struct LossModelTests {
    private func losses(_ loss: Loss, count: Int, seed: UInt64 = 4) -> [Bool] {
        var model = LossModel(loss, random: SeededRandom(seed: seed))
        return (0..<count).map { _ in model.isLost() }
    }

    @Test(arguments: [0.01, 0.2, 0.9])
    func `independent loss is a share of all packets`(ratio: Double) {
        let lost = losses(.independent(ratio), count: 10_000).count { $0 }
        let deviation = (10_000 * ratio * (1 - ratio)).squareRoot()
        #expect(abs(Double(lost) - 10_000 * ratio) < 5 * deviation)
    }

    @Test func `every nth packet is the nth`() {
        let lost = losses(.everyNth(4), count: 12)
        #expect(lost.indices.filter { lost[$0] } == [3, 7, 11])
    }

    @Test(arguments: [
        GilbertElliott(p: 0.01, r: 0.25), GilbertElliott(p: 0.02, r: 0.5, h: 0.3, k: 0.99),
    ])
    func `a chain loses its share, in bursts`(chain: GilbertElliott) {
        let loss = Loss.gilbertElliott(chain)
        let lost = losses(loss, count: 40_000)
        let ratio = Double(lost.count { $0 }) / 40_000
        let deviation = (loss.ratio * (1 - loss.ratio) * loss.spread / 40_000).squareRoot()
        #expect(abs(ratio - loss.ratio) < 5 * deviation)
        let after = zip(lost, lost.dropFirst()).filter(\.0)
        let again = Double(after.count(where: \.1)) / Double(after.count)
        // By chance it would be the ratio itself.
        #expect(again > 3 * loss.ratio)
    }

    @Test func `a burst lasts as long as the bad state`() {
        let lost = losses(.gilbertElliott(GilbertElliott(p: 0.01, r: 0.25)), count: 40_000)
        let bursts = zip(lost, lost.dropFirst()).count { !$0 && $1 }
        // Bursts are geometric with mean 1/r = 4 and variance 12; some 385 of them.
        let mean = Double(lost.count { $0 }) / Double(bursts)
        #expect(abs(mean - 4) < 5 * (12.0 / Double(bursts)).squareRoot())
    }
}

struct RateModelTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    @Test(arguments: [10_000_000, 100_000_000, 7_777_777])
    func `packets leave at the rate, to the nanosecond`(rate: Int) {
        var model = RateModel(RateLimit(bitsPerSecond: rate, queue: .bytes(.max)))
        var last = start
        for _ in 0..<10_000 { last = model.admit(bytes: 1514, at: start) ?? start }
        let exact = Double(10_000 * 1514 * 8) / Double(rate)
        #expect(abs((last - start).seconds - exact) < 1e-9)
    }

    @Test func `an idle link sends at once and saves nothing up`() {
        var model = RateModel(RateLimit(bitsPerSecond: 8_000_000))
        #expect(model.admit(bytes: 1000, at: start) == start + .milliseconds(1))
        let later = start + .seconds(10)
        #expect(model.admit(bytes: 1000, at: later) == later + .milliseconds(1))
        #expect(model.admit(bytes: 1000, at: later) == later + .milliseconds(2))
    }

    @Test(arguments: [RateLimit.Queue.packets(3), .bytes(3000), .bytes(3999)])
    func `what finds the queue full is dropped`(queue: RateLimit.Queue) {
        var model = RateModel(RateLimit(bitsPerSecond: 8_000_000, queue: queue))
        let first = (0..<5).map { _ in model.admit(bytes: 1000, at: start) }
        #expect(first.compactMap { $0 }.count == 3)
        #expect(first[3...] == [nil, nil])
        // One has left by then, so there is room for one.
        let later = start + .milliseconds(1)
        #expect(model.admit(bytes: 1000, at: later) == start + .milliseconds(4))
        #expect(model.admit(bytes: 1000, at: later) == nil)
    }

    @Test func `one packet may always wait`() {
        var model = RateModel(RateLimit(bitsPerSecond: 8_000_000, queue: .bytes(1)))
        #expect(model.admit(bytes: 1000, at: start) != nil)
        #expect(model.admit(bytes: 1000, at: start) == nil)
    }
}

struct FrameDamageTests {
    /// Ethernet, IPv4 and UDP or TCP with a payload, the checksum over a pseudo header left out:
    /// mending keeps whatever sum was there.
    private func frame(isUDP: Bool, payload: Int) -> [UInt8] {
        let header = isUDP ? 8 : 20
        let length = 20 + header + payload
        var bytes = [UInt8](repeating: 0, count: 14 + length)
        bytes[14] = 0x45
        bytes[16] = UInt8(length >> 8)
        bytes[17] = UInt8(length & 0xff)
        bytes[23] = isUDP ? 17 : 6
        if !isUDP { bytes[34 + 12] = 0x50 }
        for index in 0..<payload {
            bytes[34 + header + index] = UInt8(truncatingIfNeeded: index * 7)
        }
        bytes[34 + (isUDP ? 6 : 16)] = 0xab
        return bytes
    }

    /// The sum of RFC 1071 over all after the IPv4 header; equal before and after a mended change.
    private func sum(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0
        for index in stride(from: 34, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8
            if index + 1 < bytes.count { sum += UInt32(bytes[index + 1]) }
        }
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        return sum
    }

    private func bitsChanged(_ left: [UInt8], _ right: [UInt8], from first: Int) -> Int {
        (first..<left.count).reduce(0) { $0 + (left[$1] ^ right[$1]).nonzeroBitCount }
    }

    private func damaged(_ bytes: [UInt8], _ damage: FrameDamage) -> (bytes: [UInt8], was: Bool) {
        var copy = bytes
        var span = copy.mutableSpan
        let was = damage.apply(to: &span)
        return (copy, was)
    }

    @Test(arguments: [true, false], [1, 32, 33])
    func `one bit of the payload turns over`(isUDP: Bool, payload: Int) {
        let whole = frame(isUDP: isUDP, payload: payload)
        let first = 34 + (isUDP ? 8 : 20)
        for place in 0..<UInt64(payload * 8 + 3) {
            for checksum in Corruption.Checksum.allCases {
                let result = damaged(whole, FrameDamage(place: place, checksum: checksum))
                #expect(result.was)
                #expect(bitsChanged(whole, result.bytes, from: first) == 1)
                #expect((sum(result.bytes) == sum(whole)) == (checksum == .repaired))
            }
        }
    }

    @Test func `without a payload only the checksum can be damaged`() {
        let bare = frame(isUDP: false, payload: 0)
        let result = damaged(bare, FrameDamage(place: 5, checksum: .broken))
        #expect(result.was && bitsChanged(bare, result.bytes, from: 0) == 1)
        #expect(!damaged(bare, FrameDamage(place: 5, checksum: .repaired)).was)
    }

    @Test func `what is neither TCP nor UDP, cut short or a later fragment is left alone`() {
        var other = frame(isUDP: true, payload: 8)
        other[23] = 1
        var fragment = frame(isUDP: true, payload: 8)
        fragment[21] = 4
        let short = Array(frame(isUDP: true, payload: 8).prefix(36))
        for bytes in [other, fragment, short, []] {
            #expect(!damaged(bytes, FrameDamage(place: 1, checksum: .broken)).was)
        }
    }
}
