// What a shared cache must and may do by RFC 9110, 9111 and 9213, as sequences of requests. The
// tables beside this one hold what two requests can show; here is what takes more.

import Reactor
import Testing

@testable import Edge

extension EdgeSuite {
    @ReactorActor
    struct ConformanceTests {
        @Test(arguments: stored + renewed + negotiated + outages + interims + unsafe)
        func `a sequence of requests gets what the standard says`(_ row: Sequence) async throws {
            try await row.run()
        }
    }
}

private let day = 86_400

/// RFC 9111 sections 3 and 4.2.
private let stored: [Sequence] = [
    Sequence(
        "what is stored stays although the client asked for no-store in between",
        [
            .get(answer: ["Cache-Control: max-age=600", "A: 1"]),
            .get(
                .fetched, asks: ["Cache-Control: no-store"],
                answer: ["Cache-Control: no-store", "A: 2"], has: ["A: 2"]),
            .get(.stored, has: ["A: 1"]),
        ]),
    Sequence(
        "Age is told where an answer comes old",
        [
            .get(answer: ["Cache-Control: max-age=600", "Date: {-30}"], has: ["Age: 30"], wait: 5),
            .get(.stored, has: ["Age: 35"]),
        ]),
    Sequence(
        "Age of the origin goes on counting",
        [
            .get(answer: ["Expires: {+9000}", "Age: 30"], has: ["Age: 30"], wait: 3),
            .get(.stored, has: ["Age: 33"]),
        ]),
    Sequence(
        "an answer of a moment ago has no Age", [.get(answer: ["Expires: {+60}"], lacks: ["age"])]),
    Sequence(
        "must-revalidate while it is fresh, and then",
        [
            .get(answer: ["Cache-Control: max-age=2, must-revalidate", "ETag: \"a\""]),
            .get(.stored, wait: 3), .get(.validated, status: 304, answer: ["ETag: \"a\""]),
        ]),
]

/// RFC 9111 sections 3.2, 4.3.4 and 4.3.5.
private let renewed: [Sequence] = [
    Sequence(
        "a 304 with another tag gives the stored answer that tag",
        [
            .get(answer: ["Cache-Control: max-age=2", "ETag: \"a\""], wait: 3),
            .get(
                .validated, status: 304, answer: ["Cache-Control: max-age=2", "ETag: \"b\""],
                has: ["ETag: \"b\""], wait: 3),
            .get(.validated, status: 304, answer: ["ETag: \"b\""], sees: ["If-None-Match: \"b\""]),
        ]),
    Sequence(
        "a 304 leaves the length alone",
        [
            .get(answer: ["Cache-Control: max-age=2", "ETag: \"a\""], wait: 3),
            .get(
                .validated, status: 304, answer: ["ETag: \"a\"", "Content-Length: 99"],
                text: "content", has: ["Content-Length: 7"]),
        ]),
    Sequence(
        "HEAD is answered with what it does not say itself",
        [
            .get(answer: ["Cache-Control: max-age=2", "Only: 1"], wait: 3),
            .head(.fetched, answer: ["Cache-Control: max-age=60"], has: ["Only: 1"]),
            .get(.stored, text: "content", has: ["Only: 1", "Cache-Control: max-age=60"]),
        ]),
    Sequence(
        "HEAD of another length ends what is stored",
        [
            .get(answer: ["Cache-Control: max-age=2", "ETag: \"a\""], wait: 3),
            Step(
                method: "HEAD", answer: ["Cache-Control: max-age=60"], body: "other content",
                from: .fetched, has: ["Content-Length: 13"]),
            .get(.validated, answer: ["ETag: \"b\""], body: "other content", text: "other content"),
        ]),
    Sequence(
        "HEAD that finds it gone does not renew it",
        [
            .get(answer: ["Cache-Control: max-age=2"], wait: 3),
            .head(.fetched, status: 410, answer: ["Cache-Control: max-age=60"]),
            .get(.fetched),
        ]),
]

/// RFC 9111 section 4.1.
private let negotiated: [Sequence] = [
    Sequence(
        "the order of languages wanted alike means nothing",
        [
            .get(asks: ["Accept-Language: en, de"], answer: varying("Accept-Language")),
            .get(.stored, asks: ["Accept-Language: DE;q=1.0 ,en"]),
            .get(.fetched, asks: ["Accept-Language: de, en;q=0.5"]),
        ]),
    Sequence(
        "weights make languages differ",
        [
            .get(asks: ["Accept-Language: en, de;q=0.50"], answer: varying("Accept-Language")),
            .get(.stored, asks: ["Accept-Language: de;q=0.5, en"]),
            .get(.fetched, asks: ["Accept-Language: de;q=0.6, en"]),
        ]),
    Sequence(
        "a 304 with the tag of another variant serves its content",
        [
            .get(asks: ["Foo: 1"], answer: varying("Foo") + ["ETag: \"a\""], body: "one"),
            .get(
                .validated, asks: ["Foo: 2"], status: 304,
                answer: varying("Foo") + ["ETag: \"a\""], text: "one",
                sees: ["If-None-Match: \"a\""]),
            .get(.stored, asks: ["Foo: 2"], text: "one"),
            .get(.stored, asks: ["Foo: 1"], text: "one"),
        ]),
    Sequence(
        "a variant of its own comes whole although others were named",
        [
            .get(asks: ["Foo: 1"], answer: varying("Foo") + ["ETag: \"a\""], body: "one"),
            .get(
                .validated, asks: ["Foo: 2"], answer: varying("Foo") + ["ETag: \"b\""],
                body: "two", text: "two"),
            .get(
                .validated, asks: ["Foo: 3"], answer: varying("Foo"), body: "three",
                sees: ["If-None-Match: \"b\", \"a\""]),
            .get(.stored, asks: ["Foo: 1"], text: "one"),
            .get(.stored, asks: ["Foo: 2"], text: "two"),
        ]),
]

private func varying(_ name: String) -> [String] {
    ["Cache-Control: max-age=600", "Vary: \(name)"]
}

/// RFC 9111 section 4.2.4, RFC 5861.
private let outages: [Sequence] =
    [
        Sequence(
            "what is stale stands in, and says so",
            [
                .get(answer: ["Cache-Control: max-age=2"], wait: 3),
                .outage(expects: 200, has: ["Warning: 110 - \"Response is Stale\""]),
            ]),
        Sequence(
            "what was stale from the start stands in as well",
            [
                .get(answer: ["Expires: {-5000}", "Last-Modified: {-\(day)}"], wait: 3),
                .outage(expects: 200, has: ["Warning: 110 - \"Response is Stale\""]),
            ]),
        Sequence(
            "what is fresh comes without a warning",
            [.get(answer: ["Cache-Control: max-age=2"]), .get(.stored, lacks: ["warning"])]),
    ]
    + ["must-revalidate", "proxy-revalidate", "no-cache", "s-maxage=2"].map { directive in
        Sequence(
            "\(directive) forbids that",
            [
                .get(answer: ["Cache-Control: max-age=2, \(directive)", "Mine: 1"], wait: 3),
                .outage(expects: 502, lacks: ["mine"]),
            ])
    }

/// RFC 9110 section 15.2.
private let interims: [Sequence] = [
    Sequence(
        "interim answers pass, and are not stored",
        [
            .interim(
                [(102, []), (103, ["Link: </a.css>; rel=preload", "X-Mine: 1"])],
                answer: ["Cache-Control: max-age=60"]),
            .get(.stored, lacks: ["link", "x-mine"]),
        ])
]

/// RFC 9111 section 4.4.
private let unsafe: [Sequence] = ["POST", "PUT", "DELETE", "M-SEARCH"].flatMap { method in
    [
        Sequence(
            "\(method) that succeeds",
            [.get(answer: ["Cache-Control: max-age=60"]), .send(method), .get(.fetched)]),
        Sequence(
            "\(method) that fails",
            [
                .get(answer: ["Cache-Control: max-age=60"]), .send(method, status: 500),
                .get(.stored),
            ]
        ),
    ]
}
