// Endpoints go out and come back by their checks, and the last good ones stay when all fail.

import Linux
import Testing

@testable import GeoDNS

struct HealthBookTests {
    private var book = HealthBook(count: 3, rise: 2, fall: 2, span: .milliseconds(900))
    private var clock = MonotonicTime(nanoseconds: 0)

    private mutating func round(_ results: Bool...) {
        for (index, passed) in results.enumerated() {
            clock = clock + .milliseconds(100)
            _ = book.note(index, passed: passed, at: clock)
        }
    }

    @Test mutating func `the first good check brings in, and two bad ones take out`() {
        #expect(!book.hasHealthy)
        round(true, true, true)
        #expect(book.isComplete)
        #expect(book.hasHealthy)
        round(false, true, true)
        #expect(book.answerable == [true, true, true])
        round(false, true, true)
        #expect(book.answerable == [false, true, true])
    }

    @Test mutating func `one good check does not bring back, two do`() {
        round(true, true, true)
        round(false, true, true)
        round(false, true, true)
        round(true, true, true)
        #expect(book.answerable == [false, true, true])
        round(true, true, true)
        #expect(book.answerable == [true, true, true])
    }

    @Test mutating func `what fails now and then only stays`() {
        round(true, true, true)
        for _ in 0..<10 {
            round(false, true, true)
            round(true, true, true)
        }
        #expect(book.answerable == [true, true, true])
    }

    @Test mutating func `when all fail together all of them stay in answers`() {
        round(true, true, true)
        round(false, false, false)
        round(false, false, false)
        #expect(book.isGuessing)
        #expect(book.answerable == [true, true, true])
    }

    @Test mutating func `an endpoint that was out long before stays out when the rest fails`() {
        round(true, true, true)
        for _ in 0..<10 { round(false, true, true) }
        round(false, false, false)
        round(false, false, false)
        #expect(book.isGuessing)
        #expect(book.answerable == [false, true, true])
        round(false, true, false)
        round(false, true, false)
        #expect(!book.isGuessing)
        #expect(book.answerable == [false, true, false])
    }

    @Test mutating func `when none was ever good all are answered`() {
        round(false, false, false)
        round(false, false, false)
        #expect(book.isComplete)
        #expect(!book.hasHealthy)
        #expect(book.answerable == [true, true, true])
    }
}
