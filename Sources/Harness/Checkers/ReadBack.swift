// What was found when every write that the system had acknowledged was read again after recovery,
// once the queue was drained. The reading is done elsewhere; a read that failed is recorded as such,
// because "could not look" must not turn into "nothing is missing".

package struct ReadBack: Hashable, Sendable {
    package enum Post: Hashable, Sendable {
        case present
        /// The system says, by a linearizable read, that there is no such post.
        case absent
        /// Why it could not be read.
        case unreadable(String)
    }

    package enum Order: Hashable, Sendable {
        /// Times that the order took effect; 0 when it is known and had none.
        case effects(Int)
        /// The system says that there is no such order.
        case absent
        /// It had no effect and lies in the dead-letter topic, with this reason: not done, and not
        /// lost either.
        case setAside(String)
        /// Why it could not be read.
        case unreadable(String)
    }

    /// By the key of the operation that made the post.
    package var posts: [String: Post]
    /// By the key of the operation that made the order.
    package var orders: [String: Order]
    /// The queue was seen empty, nothing in flight, before the orders were read: only then is an
    /// order without effect lost, and not merely late.
    package var isDrained: Bool

    package init(
        posts: [String: Post] = [:], orders: [String: Order] = [:], isDrained: Bool
    ) {
        self.posts = posts
        self.orders = orders
        self.isDrained = isDrained
    }
}
