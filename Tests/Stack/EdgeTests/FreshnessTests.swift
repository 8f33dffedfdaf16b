// How long an answer may be used: RFC 9111 sections 4.2 and 5, RFC 9213. Each row is two requests, the
// second some time after the first.

import Reactor
import Testing

@testable import Edge

extension EdgeSuite {
    @ReactorActor
    struct FreshnessTests {
        @Test(arguments: explicit + parsing + age + expires + heuristic + targeted)
        func `an answer is used as long as it is fresh`(_ row: CacheCase) async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            let second = try await row.run(on: fixture)
            #expect(second == row.expected)
        }
    }
}

private let explicit: [CacheCase] = [
    CacheCase("nothing is known of its freshness", [], .fetched),
    CacheCase("max-age", ["Cache-Control: max-age=60"], wait: 59, .stored),
    CacheCase("max-age has passed", ["Cache-Control: max-age=60"], wait: 60, .fetched),
    CacheCase("max-age of nothing", ["Cache-Control: max-age=0"], .fetched),
    CacheCase("s-maxage alone", ["Cache-Control: s-maxage=60"], wait: 59, .stored),
    CacheCase(
        "s-maxage before a longer max-age", ["Cache-Control: max-age=600, s-maxage=1"], wait: 2,
        .fetched),
    CacheCase(
        "s-maxage before a shorter max-age", ["Cache-Control: max-age=1, s-maxage=60"], wait: 2,
        .stored),
    CacheCase(
        "s-maxage on a line of its own",
        ["Cache-Control: max-age=600", "Cache-Control: s-maxage=1"],
        wait: 2, .fetched),
    CacheCase("Expires ahead", ["Expires: {+60}"], wait: 59, .stored),
    CacheCase("Expires ahead has come", ["Expires: {+60}"], wait: 60, .fetched),
    CacheCase("Expires behind", ["Expires: {-60}"], .fetched),
    CacheCase("Expires now", ["Expires: {+0}"], .fetched),
    CacheCase(
        "max-age before an earlier Expires", ["Cache-Control: max-age=60", "Expires: {-60}"],
        wait: 2, .stored),
    CacheCase(
        "max-age before a later Expires", ["Cache-Control: max-age=0", "Expires: {+60}"], .fetched),
    CacheCase(
        "must-revalidate while fresh", ["Cache-Control: max-age=60, must-revalidate"], wait: 2,
        .stored),
    CacheCase(
        "must-revalidate once stale",
        ["Cache-Control: max-age=1, must-revalidate", "ETag: \"a\""], wait: 2, .validated),
    CacheCase(
        "no-cache with a validator", ["Cache-Control: no-cache, max-age=60", "ETag: \"a\""],
        .validated),
    CacheCase("no-cache without one", ["Cache-Control: no-cache, max-age=60"], .fetched),
    CacheCase(
        "stale with an entity tag", ["Cache-Control: max-age=1", "ETag: \"a\""], wait: 2,
        .validated),
    CacheCase(
        "stale with a date", ["Cache-Control: max-age=1", "Last-Modified: {-600}"], wait: 2,
        .validated),
]

private let parsing: [CacheCase] = [
    CacheCase("any case", ["Cache-Control: MaX-aGe=60"], wait: 2, .stored),
    CacheCase("an extension before it", ["Cache-Control: foobar, max-age=60"], wait: 2, .stored),
    CacheCase("a quoted number", ["Cache-Control: max-age=\"60\""], wait: 2, .stored),
    CacheCase("leading zeros", ["Cache-Control: max-age=0060"], wait: 2, .stored),
    CacheCase("more than 31 bits", ["Cache-Control: max-age=2147483649"], wait: 1e6, .stored),
    CacheCase("more than 64 bits", ["Cache-Control: max-age=99999999999999999999"], .stored),
    CacheCase("apostrophes", ["Cache-Control: max-age='60'"], .fetched),
    CacheCase("a negative number", ["Cache-Control: max-age=-60"], .fetched),
    CacheCase("a letter in front", ["Cache-Control: max-age=a60"], .fetched),
    CacheCase("a letter behind", ["Cache-Control: max-age=60a"], .fetched),
    CacheCase("no number", ["Cache-Control: max-age="], .fetched),
    CacheCase("a space before the sign", ["Cache-Control: max-age =60"], .fetched),
    CacheCase("a space behind the sign", ["Cache-Control: max-age= 60"], .fetched),
    CacheCase(
        "the first of two counts", ["Cache-Control: max-age=60, max-age=1"], wait: 2, .stored),
    CacheCase(
        "the first of two lines counts", ["Cache-Control: max-age=1", "Cache-Control: max-age=60"],
        wait: 2, .fetched),
    CacheCase(
        "within the quotes of another", ["Cache-Control: ext=\"max-age=60\", max-age=1"], wait: 2,
        .fetched),
    CacheCase(
        "within quotes behind it", ["Cache-Control: max-age=1, ext=\"max-age=60\""], wait: 2,
        .fetched),
    CacheCase(
        "a quoted comma", ["Cache-Control: ext=\"a, no-store\", max-age=60"], wait: 2, .stored),
    CacheCase("empty elements", ["Cache-Control: , ,max-age=60,"], wait: 2, .stored),
]

private let age: [CacheCase] = [
    CacheCase("Age counts", ["Cache-Control: max-age=60", "Age: 50"], wait: 9, .stored),
    CacheCase("Age used up", ["Cache-Control: max-age=60", "Age: 50"], wait: 10, .fetched),
    CacheCase("Age past it", ["Cache-Control: max-age=60", "Age: 120"], .fetched),
    CacheCase("Age is no number", ["Cache-Control: max-age=60", "Age: abc"], .stored),
    CacheCase("Age is negative", ["Cache-Control: max-age=60", "Age: -120"], .stored),
    CacheCase("Age has a fraction", ["Cache-Control: max-age=60", "Age: 120.0"], .stored),
    CacheCase("the first Age of a list", ["Cache-Control: max-age=60", "Age: 120,0"], .fetched),
    CacheCase(
        "the first Age, the other way", ["Cache-Control: max-age=60", "Age: 0,120"], .stored),
    CacheCase(
        "the first of two lines", ["Cache-Control: max-age=60", "Age: 0", "Age: 120"], .stored),
    CacheCase(
        "Date in the past counts as age", ["Cache-Control: max-age=60", "Date: {-120}"], .fetched),
    CacheCase(
        "Date in the future does not", ["Cache-Control: max-age=60", "Date: {+120}"], wait: 59,
        .stored),
    CacheCase("an unreadable Date", ["Cache-Control: max-age=60", "Date: foo"], wait: 59, .stored),
]

private let expires: [CacheCase] = [
    CacheCase("Expires of 0", ["Expires: 0"], .fetched),
    CacheCase("Expires in capitals", ["Expires: THU, 18 AUG 2050 02:01:18 gmt"], wait: 60, .stored),
    CacheCase("Expires in UTC", ["Expires: Thu, 18 Aug 2050 02:01:18 UTC"], .fetched),
    CacheCase("Expires with a short year", ["Expires: Thu, 18 Aug 50 02:01:18 GMT"], .fetched),
    CacheCase("Expires without its comma", ["Expires: Thu 18 Aug 2050 02:01:18 GMT"], .fetched),
    CacheCase("Expires in another zone", ["Expires: Thu, 18 Aug 2050 02:01:18 AEST"], .fetched),
    CacheCase("Expires as asctime", ["Expires: Thu Aug 18 02:01:18 2050"], wait: 60, .stored),
    CacheCase(
        "Expires as RFC 850", ["Expires: Thursday, 18-Aug-50 02:01:18 GMT"], wait: 60, .stored),
    CacheCase("Expires before a later Date", ["Expires: {+300}", "Date: {+400}"], .fetched),
    CacheCase("Expires less Date", ["Expires: {+20}", "Date: {+10}"], wait: 10, .fetched),
    CacheCase("Expires with Age", ["Expires: {+60}", "Age: 61"], .fetched),
    CacheCase(
        "an unreadable Expires beside max-age", ["Cache-Control: max-age=60", "Expires: 0"],
        wait: 2,
        .stored),
]

private let heuristic: [CacheCase] = [
    CacheCase("a tenth of its age", ["Last-Modified: {-1000}"], wait: 99, .stored),
    CacheCase("more than a tenth", ["Last-Modified: {-1000}"], wait: 100, .validated),
    CacheCase("a day at most", ["Last-Modified: {-31536000}"], wait: 86_400, .validated),
    CacheCase("changed in the future", ["Last-Modified: {+1000}"], .validated),
    CacheCase("404", ["Last-Modified: {-1000}"], status: 404, wait: 99, .stored),
    CacheCase("410", ["Last-Modified: {-1000}"], status: 410, wait: 99, .stored),
    CacheCase("501", ["Last-Modified: {-1000}"], status: 501, wait: 99, .stored),
    CacheCase("201", ["Last-Modified: {-1000}"], status: 201, .fetched),
    CacheCase("403", ["Last-Modified: {-1000}"], status: 403, .fetched),
    CacheCase("503", ["Last-Modified: {-1000}"], status: 503, .fetched),
    CacheCase("599", ["Last-Modified: {-1000}"], status: 599, .fetched),
    CacheCase(
        "599 that says public", ["Last-Modified: {-1000}", "Cache-Control: public"], status: 599,
        wait: 99, .stored),
]

private let targeted: [CacheCase] = [
    CacheCase("for CDNs alone", ["CDN-Cache-Control: max-age=60"], wait: 59, .stored),
    CacheCase(
        "longer than for all", ["Cache-Control: max-age=1", "CDN-Cache-Control: max-age=60"],
        wait: 59, .stored),
    CacheCase(
        "shorter than for all", ["Cache-Control: max-age=60", "CDN-Cache-Control: max-age=1"],
        wait: 2, .fetched),
    CacheCase(
        "although others must not store it",
        ["Cache-Control: no-store", "CDN-Cache-Control: max-age=60"], wait: 2, .stored),
    CacheCase(
        "although Expires is past", ["Expires: {-60}", "CDN-Cache-Control: max-age=60"], wait: 2,
        .stored),
    CacheCase(
        "although Expires is ahead", ["Expires: {+60}", "CDN-Cache-Control: max-age=0"], .fetched),
    CacheCase("older than that", ["CDN-Cache-Control: max-age=60", "Age: 61"], .fetched),
    CacheCase(
        "no-store for CDNs", ["Cache-Control: max-age=60", "CDN-Cache-Control: no-store"],
        .fetched),
    CacheCase(
        "private for CDNs", ["Cache-Control: max-age=60", "CDN-Cache-Control: private"], .fetched),
    CacheCase(
        "no-cache for CDNs",
        ["Cache-Control: max-age=60", "CDN-Cache-Control: no-cache", "ETag: \"a\""], .validated),
    CacheCase(
        "malformed, so it is not there",
        ["Cache-Control: max-age=60", "CDN-Cache-Control: max-age=1, &&&"], wait: 2, .stored),
    CacheCase(
        "of the wrong type, so it is not there",
        ["Cache-Control: max-age=60", "CDN-Cache-Control: max-age=\"1\""], wait: 2, .stored),
    CacheCase(
        "empty, so it is not there", ["Cache-Control: max-age=60", "CDN-Cache-Control: "], wait: 2,
        .stored),
    CacheCase(
        "a space before the sign is malformed",
        ["Cache-Control: max-age=1", "CDN-Cache-Control: max-age =60"], wait: 2, .fetched),
    CacheCase(
        "with parameters and extensions", ["CDN-Cache-Control: foo, max-age=60;bar=1"], wait: 2,
        .stored),
]
