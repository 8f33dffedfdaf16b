// Answers are believed as long as they say, and servers are asked in a sensible order.

import Linux
import Testing

@testable import Load

struct DNSAnswerCacheTests {
    private let addresses = [IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 2)]
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    @Test func `an answer is believed for its lifetime and no longer`() {
        var cache = DNSAnswerCache()
        #expect(cache.state(at: start) == .unknown)
        cache.take(addresses, lifetime: .seconds(2), at: start)
        #expect(cache.state(at: start + .milliseconds(1999)) == .known(addresses))
        #expect(cache.state(at: start + .seconds(2)) == .unknown)
        #expect(cache.pick(keeping: addresses[0], at: start + .seconds(2)) == nil)
    }

    @Test func `addresses are taken in turn, the first one first`() {
        var cache = DNSAnswerCache()
        cache.take(addresses, lifetime: .seconds(2), at: start)
        let picks = (0..<4).map { _ in cache.pick(keeping: nil, at: start) }
        #expect(picks == [addresses[0], addresses[1], addresses[0], addresses[1]])
    }

    @Test func `an address in use stays as long as the answer has it`() {
        var cache = DNSAnswerCache()
        cache.take(addresses, lifetime: .seconds(2), at: start)
        for _ in 0..<3 { #expect(cache.pick(keeping: addresses[1], at: start) == addresses[1]) }
        cache.take([addresses[0]], lifetime: .seconds(2), at: start)
        #expect(cache.pick(keeping: addresses[1], at: start) == addresses[0])
    }

    @Test func `that there is none is remembered too`() {
        var cache = DNSAnswerCache()
        cache.take([], lifetime: .seconds(1), at: start)
        #expect(cache.state(at: start) == .absent)
        #expect(cache.state(at: start + .seconds(1)) == .unknown)
    }

    @Test func `a silent server comes last for a while, and the quickest comes first`() throws {
        let first = try #require(SocketAddress("10.0.0.1:53"))
        let second = try #require(SocketAddress("10.0.0.2:53"))
        var order = NameServerOrder([first, second])
        #expect(order.order(at: start) == [first, second])
        order.noteSilence(first, at: start)
        #expect(order.order(at: start + .seconds(4)) == [second, first])
        #expect(order.order(at: start + .seconds(6)) == [first, second])
        order.noteAnswer(first, took: .milliseconds(80))
        order.noteAnswer(second, took: .milliseconds(2))
        #expect(order.order(at: start) == [second, first])
    }
}
