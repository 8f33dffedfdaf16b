// The changes that the log keeps: applied once when they happen, and again at every start.

import Linux

extension TopicState {
    /// Takes in a message; a copy of a message that is there only moves where the log has it.
    mutating func apply(_ arrival: QueueRecord.Enqueued, at index: UInt64, now: MonotonicTime) {
        nextOffset = max(nextOffset, arrival.offset.next)
        if messages[arrival.offset] != nil {
            messages[arrival.offset]?.index = index
            return
        }
        // A time after now is another boot's.
        messages[arrival.offset] = Message(
            id: arrival.id, payload: arrival.payload, time: min(arrival.time, now), index: index)
        offsets[arrival.id] = arrival.offset
        byteCount += arrival.id.count + arrival.payload.count
        settling.append(arrival.offset)
        byAge.append(arrival.offset)
    }

    /// Ends a message and remembers its id.
    mutating func applyAcknowledgement(of offset: Offset, number: UInt64) {
        acknowledgedCount = max(acknowledgedCount, number)
        guard let message = messages.removeValue(forKey: offset) else { return }
        switch message.standing {
        case .settling: break
        case .ready: preconditionFailure("only what is in flight is acknowledged")
        case .inFlight: inFlightCount -= 1
        }
        byteCount -= message.id.count + message.payload.count
        remember(offset, Remembered(id: message.id, number: number, index: message.index))
        forgetOldest()
    }

    mutating func applyDelivery(of offset: Offset, attempt: Int) {
        guard let attempts = messages[offset]?.attempts else { return }
        messages[offset]?.attempts = max(attempts, attempt)
    }

    mutating func apply(_ entry: Remembered, of offset: Offset) {
        nextOffset = max(nextOffset, offset.next)
        acknowledgedCount = max(acknowledgedCount, entry.number)
        if remembered[offset] != nil {
            remembered[offset]?.index = entry.index
        } else {
            remember(offset, entry)
        }
    }

    mutating func apply(nextOffset next: Offset, acknowledged: UInt64) {
        nextOffset = max(nextOffset, next)
        acknowledgedCount = max(acknowledgedCount, acknowledged)
    }

    /// Puts in order what records that were written again brought out of it.
    mutating func finishRestoring() {
        isRestoring = false
        settling = Fifo(messages.keys.sorted())
        byAge = settling
        window = Fifo(
            remembered.sorted { $0.value.number < $1.value.number }.map(\.key))
        forgetOldest()
    }

    private mutating func remember(_ offset: Offset, _ entry: Remembered) {
        remembered[offset] = entry
        rememberedByteCount += entry.id.count
        offsets[entry.id] = max(offsets[entry.id] ?? offset, offset)
        window.append(offset)
    }

    private mutating func forgetOldest() {
        if isRestoring { return }
        while window.count > windowCountMax, let oldest = window.takeFirst() {
            guard let entry = remembered.removeValue(forKey: oldest) else { continue }
            rememberedByteCount -= entry.id.count
            // The id may have come again and belong to a later message by now.
            if offsets[entry.id] == oldest { offsets[entry.id] = nil }
        }
    }
}
