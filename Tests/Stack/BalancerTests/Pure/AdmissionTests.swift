// Who is let in: the limit that follows latency, the classes, the clients' buckets, the deadline.

import Blueprint
import Linux
import Testing

@testable import Balancer

struct AdmissionTests {
    /// A tier that works on ten requests at once and takes 10 ms for each; more than ten only wait.
    private func latency(inHand: Int) -> Duration { .milliseconds(10 * max(1, inHand / 10)) }

    @Test func `the limit settles near what the tier can work on at once`() {
        var limit = GradientLimit(AdmissionSettings())
        for _ in 0..<5 {
            for _ in 0..<50 { limit.note(latency(inHand: 3)) }
            limit.update()
        }
        var settled: [Int] = []
        for window in 0..<200 {
            limit.noteInHand(limit.limit)
            for _ in 0..<50 { limit.note(latency(inHand: limit.limit)) }
            limit.update()
            if window >= 100 { settled.append(limit.limit) }
        }
        #expect((settled.min() ?? 0) >= 10)
        #expect((settled.max() ?? 0) <= 60)
    }

    @Test func `the limit does not grow while it is not used`() {
        var limit = GradientLimit(AdmissionSettings())
        let before = limit.limit
        for _ in 0..<50 {
            limit.noteInHand(3)
            for _ in 0..<50 { limit.note(.milliseconds(10)) }
            limit.update()
        }
        #expect(limit.limit == before)
    }

    @Test func `the limit keeps within its bounds and needs samples to move`() {
        var settings = AdmissionSettings()
        settings.limitMin = 10
        settings.limitMax = 100
        var limit = GradientLimit(settings)
        limit.noteInHand(64)
        limit.note(.seconds(5))
        limit.update()
        #expect(limit.limit == 64)
        for window in 0..<20 {
            limit.noteInHand(limit.limit)
            for _ in 0..<20 { limit.note(window == 0 ? .milliseconds(1) : .seconds(5)) }
            limit.update()
            #expect((10...100).contains(limit.limit))
        }
        #expect(limit.limit < 20)
    }

    @Test func `the classes are turned away one after the other`() {
        let admitted = [69, 70, 89, 90, 99, 100].map { inHand in
            Priority.allCases.filter { $0.isAdmitted(inHand: inHand, limit: 100) }
        }
        let all: [Priority] = [.sheddable, .normal, .critical]
        #expect(
            admitted == [
                all, [.normal, .critical], [.normal, .critical], [.critical], [.critical], [],
            ])
        #expect(Priority.sheddable.isAdmitted(inHand: 0, limit: 1))
    }

    @Test(arguments: [
        ("Critical", Priority.critical), ("normal", .normal), ("SHEDDABLE", .sheddable),
        ("urgent", nil), ("", nil),
    ])
    func `the class is a word`(_ word: String, _ priority: Priority?) {
        #expect(Priority(word: word) == priority)
    }

    @Test(arguments: [
        (true, "/health/ready", Priority.critical), (true, "/users/1/feed", .normal),
        (false, "/users/1/posts", .critical),
    ])
    func `a request without a class gets one`(
        _ isRead: Bool, _ path: String, _ priority: Priority
    ) {
        #expect(Priority.usual(isRead: isRead, path: path) == priority)
    }

    @Test func `a client may burst, then keeps its rate`() {
        var rates = ClientRates(rate: 10, burst: 3, countMax: 10)
        var now = MonotonicTime(nanoseconds: 0)
        let burst = (0..<4).map { _ in rates.take(1, at: now) }
        #expect(burst == [nil, nil, nil, .milliseconds(100)])
        let other = rates.take(2, at: now)
        #expect(other == nil, "another client has its own")
        now = now + .milliseconds(100)
        let next = (0..<2).map { _ in rates.take(1, at: now) }
        #expect(next == [nil, .milliseconds(100)])
        now = now + .seconds(60)
        let rested = (0..<4).map { _ in rates.take(1, at: now) == nil }
        #expect(rested == [true, true, true, false])
    }

    @Test func `the table of clients forgets who was quiet longest`() {
        var rates = ClientRates(rate: 1, burst: 1, countMax: 3)
        let now = MonotonicTime(nanoseconds: 0)
        for key in 1...3 as ClosedRange<UInt64> { _ = rates.take(key, at: now) }
        _ = rates.take(1, at: now)
        let fourth = rates.take(4, at: now)
        #expect(fourth == nil)
        #expect(rates.count == 3)
        let (first, second) = (rates.take(1, at: now), rates.take(2, at: now))
        #expect(first != nil, "the first was heard of again and is remembered")
        #expect(second == nil, "the second was forgotten")
    }

    @Test func `without a rate nobody is counted`() {
        var rates = ClientRates(rate: 0, burst: 1, countMax: 3)
        for _ in 0..<10 {
            let wait = rates.take(1, at: MonotonicTime(nanoseconds: 0))
            #expect(wait == nil)
        }
        #expect(rates.count == 0)
    }

    @Test(arguments: [
        ("250", Duration.milliseconds(250)), ("0", .zero), ("", nil), ("-1", nil), ("1.5", nil),
        ("9999999999", nil), ("12a", nil),
    ])
    func `a deadline is whole milliseconds`(_ text: String, _ expected: Duration?) {
        let bytes = Array(text.utf8)
        let parsed = Deadline.parse(bytes.span)
        #expect(parsed == expected)
    }

    @Test func `the smaller deadline counts, and what is left is rounded down`() {
        let start = MonotonicTime(nanoseconds: 0)
        let asked = Deadline.of(.milliseconds(300), allowed: .seconds(2), from: start)
        #expect(asked - start == .milliseconds(300))
        #expect(Deadline.of(.seconds(9), allowed: .seconds(2), from: start) - start == .seconds(2))
        #expect(Deadline.of(nil, allowed: .seconds(2), from: start) - start == .seconds(2))
        #expect(Deadline.left(asked, at: start + .microseconds(500)) == 299)
        #expect(Deadline.left(asked, at: start + .seconds(1)) == 0)
    }
}
