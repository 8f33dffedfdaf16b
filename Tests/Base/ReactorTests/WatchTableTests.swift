// A descriptor's number is used again as soon as it is closed; its old events must not be.

import Linux
import Testing

@testable import Reactor

@ReactorActor
struct WatchTableTests {
    @Test func `an event reaches whoever watches`() throws {
        var table = WatchTable()
        var got: [Readiness] = []
        let token = table.insert(5) { got.append($0) }
        #expect(token.descriptor == 5)
        let deliver = try #require(table.action(for: token))
        deliver(.input)
        #expect(got == [.input])
    }

    @Test func `an event of a closed descriptor is dropped, also once its number is used again`() {
        var table = WatchTable()
        let old = table.insert(5) { _ in }
        let removed = table.remove(old)
        #expect(removed)
        #expect(table.action(for: old) == nil)
        let new = table.insert(5) { _ in }
        #expect(table.action(for: old) == nil)
        #expect(table.action(for: new) != nil)
        #expect(old != new)
    }

    @Test func `removing twice does not take the next one's place`() {
        var table = WatchTable()
        let old = table.insert(3) { _ in }
        let removed = table.remove(old)
        #expect(removed)
        let new = table.insert(3) { _ in }
        let removed2 = table.remove(old)
        #expect(!removed2)
        #expect(table.action(for: new) != nil)
        let removed3 = table.remove(new)
        #expect(removed3)
        let removed4 = table.remove(new)
        #expect(!removed4)
    }

    @Test(
        arguments: [(0, 0), (1, 1), (Int32.max, UInt32.max), (7, 0x8000_0000)] as [(Int32, UInt32)])
    func `a token carries descriptor and generation`(_ descriptor: Int32, _ generation: UInt32) {
        let token = WatchToken(descriptor: descriptor, generation: generation)
        #expect(token.descriptor == descriptor)
        #expect(token.generation == generation)
        #expect(WatchToken(rawValue: token.rawValue) == token)
    }
}
