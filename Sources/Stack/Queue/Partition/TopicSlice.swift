// The part of a topic that lies in one partition: its messages in the order in which they came, and
// how far each group has come. A message goes when every group has done it; while a topic has no
// group its messages wait for one.

import Linux

struct TopicSlice: Sendable {
    struct Message: Equatable, Sendable {
        let key: [UInt8]
        let payload: [UInt8]
        let published: LogTime
        /// Nobody is handed it before.
        let due: LogTime
        let burial: Burial?

        var byteCount: Int { key.count + payload.count + PartitionPolicy.messageOverhead }
    }

    /// The offset of the next message, never used before.
    var nextOffset = Offset.zero
    /// No message lies below it.
    private(set) var floor = Offset.zero
    private(set) var messages: [Offset: Message] = [:]
    private(set) var byteCount = 0
    var groups: [String: GroupProgress] = [:]
    var acknowledgedCount: UInt64 = 0
    /// Moved to the dead-letter topic, once a group.
    var buriedCount: UInt64 = 0
    /// Gone for good when their retention was over, which only a dead-letter topic does.
    var expiredCount: UInt64 = 0

    init() {}

    /// For a snapshot; messages follow by `restore`.
    init(nextOffset: Offset) {
        self.nextOffset = nextOffset
        floor = nextOffset
    }

    mutating func restore(_ message: Message, at offset: Offset) {
        messages[offset] = message
        byteCount += message.byteCount
        floor = min(floor, offset)
    }

    mutating func append(_ message: Message) -> Offset {
        let offset = nextOffset
        messages[offset] = message
        byteCount += message.byteCount
        nextOffset = offset.next
        changeGroups { $0.freshCount += 1 }
        return offset
    }

    /// Starts with the oldest message that there still is.
    mutating func addGroup(_ name: String, now: LogTime) {
        // Not what `floor` happens to be, which lags behind until somebody asks.
        let start = oldest()?.offset ?? nextOffset
        groups[name] = GroupProgress(cursor: start, freshCount: messages.count, lastUsed: now)
    }

    /// The oldest message, done or not by some of the groups.
    mutating func oldest() -> (offset: Offset, message: Message)? {
        while floor < nextOffset {
            if let message = messages[floor] { return (floor, message) }
            floor = floor.next
        }
        return nil
    }

    /// The group needs the message no more; it goes when no group does.
    mutating func finish(_ offset: Offset, for name: String) {
        groups[name]?.set(nil, at: offset)
        removeIfDone(offset)
    }

    mutating func removeIfDone(_ offset: Offset) {
        if groups.values.allSatisfy({ $0.isDone(offset) }) { remove(offset) }
    }

    /// Takes a message away from all groups.
    mutating func remove(_ offset: Offset) {
        guard let message = messages.removeValue(forKey: offset) else { return }
        byteCount -= message.byteCount
        changeGroups { group in
            if offset >= group.cursor {
                group.freshCount -= 1
            } else if group.pending[offset] != nil {
                group.set(nil, at: offset)
            }
        }
        assert(byteCount >= 0)
    }

    /// In place: an iterator would hold the groups meanwhile, and every change copy what it touches.
    private mutating func changeGroups(_ change: (inout GroupProgress) -> Void) {
        var index = groups.startIndex
        while index != groups.endIndex {
            change(&groups.values[index])
            groups.formIndex(after: &index)
        }
    }

    /// Forgets groups, and the messages that only they had not done.
    mutating func forget(_ names: [String]) {
        for name in names { groups[name] = nil }
        if groups.isEmpty { return }
        for offset in messages.keys.sorted() { removeIfDone(offset) }
    }

    /// When the oldest message came that the group has not done.
    func oldestUndone(of name: String) -> LogTime? {
        guard let group = groups[name], group.lag > 0 else { return nil }
        var oldest = group.pending.keys.min()
        if group.freshCount > 0 {
            var offset = max(group.cursor, floor)
            while offset < nextOffset, messages[offset] == nil { offset = offset.next }
            oldest = min(oldest ?? offset, offset)
        }
        return oldest.flatMap { messages[$0]?.published }
    }
}
