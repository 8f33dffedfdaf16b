// What a leader knows of messages that are on their way into its partition.

import Testing

@testable import Queue

struct ComingMessagesTests {
    private let name = GroupName(topic: "orders", group: "workers")

    @Test func `a message on its way is news for each group until it has fetched`() {
        var coming = ComingMessages()
        #expect(!coming.isNews(for: name))
        coming.begin("orders")
        #expect(coming.isNews(for: name))
        coming.noteFetch(name)
        #expect(!coming.isNews(for: name))
        #expect(coming.isNews(for: GroupName(topic: "orders", group: "others")))
        #expect(!coming.isNews(for: GroupName(topic: "mail", group: "workers")))
        coming.begin("orders")
        #expect(coming.isNews(for: name))
    }

    @Test func `nothing is news any more once all are there`() {
        var coming = ComingMessages()
        coming.noteFetch(name)
        coming.begin("orders")
        coming.begin("orders")
        coming.end("orders")
        #expect(coming.isNews(for: name))
        coming.end("orders")
        #expect(!coming.isNews(for: name))
        coming.begin("orders")
        #expect(coming.isNews(for: name), "and what was fetched before counts for nothing")
    }
}
