// Which part of the log is needed, and how to need less of it.
//
// A record holds a message that is not done or an id that is remembered; the log before the oldest
// such record can go. One order that nobody can do would keep everything behind it, and the ids of
// a large window keep the payloads that they came with. So when little of the log is needed, what
// is needed of its oldest part is written again at its end, the id alone where that is enough.
// Since a record says with its offset and number where it belongs, being written again and in
// another order changes nothing.

extension Broker {
    /// The oldest record that is needed; nil when none is.
    mutating func oldestNeeded() -> UInt64? {
        while let oldest = holders.first {
            if needs(oldest) { return oldest.index }
            _ = holders.takeFirst()
        }
        return nil
    }

    /// What is needed of the records before the index, oldest first, to be written again and
    /// applied at once; about so many records at most.
    mutating func takeNeeded(before index: UInt64, countMax: Int) -> [QueueRecord] {
        var records: [QueueRecord] = []
        while records.count < countMax, let oldest = holders.first, oldest.index < index {
            _ = holders.takeFirst()
            if needs(oldest), let topic = topics[oldest.topic] {
                records += topic.records(of: oldest.offset, in: oldest.topic)
            }
        }
        return records
    }

    /// What must stand in the log behind a part that is dropped: counters that its records told.
    var counts: [QueueRecord] {
        var records: [QueueRecord] = [.opened(generation)]
        for (name, topic) in topics {
            records.append(
                .counted(
                    topic: name, nextOffset: topic.nextOffset,
                    acknowledged: topic.acknowledgedCount))
        }
        return records
    }

    /// About how long a log would be that holds only what is needed, in bytes.
    var neededByteCount: Int {
        topics.reduce(0) { sum, entry in
            let records = entry.value.messages.count + entry.value.remembered.count
            let overhead = QueueRecord.overheadBytes + entry.key.utf8.count
            return sum + records * overhead + entry.value.byteCount
                + entry.value.rememberedByteCount
        }
    }

    private func needs(_ holder: Holder) -> Bool {
        topics[holder.topic]?.needs(holder.offset, at: holder.index) == true
    }
}

extension QueueRecord {
    /// The journal's header with its padding, and the numbers of a record.
    static let overheadBytes = 48
}

extension TopicState {
    /// All that the log must tell about a message or a remembered id.
    fileprivate func records(of offset: Offset, in topic: String) -> [QueueRecord] {
        if let message = messages[offset] {
            let arrival = QueueRecord.Enqueued(
                id: message.id, offset: offset, time: message.time, payload: message.payload)
            let again = QueueRecord.enqueued(topic: topic, arrival)
            if message.attempts == 0 { return [again] }
            return [again, .delivered(topic: topic, offset: offset, attempt: message.attempts)]
        }
        guard let entry = remembered[offset] else { return [] }
        return [.remembered(topic: topic, id: entry.id, offset: offset, number: entry.number)]
    }
}
