// Handing out, taking back, running out: what happens to a message between its arrival and its end.
// None of this needs the disk; a restart makes every message that is not done ready again.

import Linux

extension TopicState {
    /// Makes everything ready that the log has up to the index; returns how many that were.
    mutating func settle(through index: UInt64) -> Int {
        var count = 0
        while let offset = settling.first {
            if let message = messages[offset] {
                guard message.index <= index else { break }
                assert(message.standing == .settling)
                messages[offset]?.standing = .ready
                fresh.append(offset)
                count += 1
            }
            _ = settling.takeFirst()
        }
        readyCount += count
        return count
    }

    /// Hands out up to so many messages, hidden from everyone else until the visibility is over.
    mutating func take(
        _ countMax: Int, visibility: Duration, at now: MonotonicTime
    ) -> [Delivery] {
        precondition(visibility > .zero, "a delivery takes time")
        expire(at: now)
        var deliveries: [Delivery] = []
        while deliveries.count < countMax, let offset = nextReady() {
            deliveries.append(deliver(offset, until: now + visibility))
        }
        return deliveries
    }

    /// The message of a delivery that still stands; nil when the tag is stale.
    mutating func offset(of tag: DeliveryTag, at now: MonotonicTime) -> Offset? {
        expire(at: now)
        guard tag.generation == generation,
            case .inFlight(tag.number, _)? = messages[tag.offset]?.standing
        else { return nil }
        return tag.offset
    }

    /// Gives a message back; false when the tag is stale.
    mutating func giveBack(_ tag: DeliveryTag, at now: MonotonicTime) -> Bool {
        guard let offset = offset(of: tag, at: now) else { return false }
        messages[offset]?.standing = .ready
        inFlightCount -= 1
        readyCount += 1
        fresh.append(offset)
        return true
    }

    /// Ends the deliveries whose time is over; their messages are ready again.
    mutating func expire(at now: MonotonicTime) {
        while let next = deadlines.least, next.time <= now {
            _ = deadlines.takeLeast()
            guard isStanding(next) else { continue }
            messages[next.offset]?.standing = .ready
            inFlightCount -= 1
            readyCount += 1
            returned.insert(next.offset)
        }
        assert(inFlightCount >= 0)
    }

    /// When the next delivery runs out; nil when nothing is in flight.
    mutating func nextDeadline() -> MonotonicTime? {
        while let next = deadlines.least {
            if isStanding(next) { return next.time }
            _ = deadlines.takeLeast()
        }
        return nil
    }

    private func isStanding(_ deadline: DeliveryDeadline) -> Bool {
        guard case .inFlight(deadline.number, _)? = messages[deadline.offset]?.standing else {
            return false
        }
        return true
    }

    private mutating func nextReady() -> Offset? {
        guard let offset = returned.takeLeast() ?? fresh.takeFirst() else { return nil }
        readyCount -= 1
        return offset
    }

    private mutating func deliver(_ offset: Offset, until deadline: MonotonicTime) -> Delivery {
        deliveryNumber += 1
        guard var message = messages.removeValue(forKey: offset) else {
            preconditionFailure("a message that is ready is there")
        }
        assert(message.standing == .ready)
        message.attempts += 1
        message.standing = .inFlight(number: deliveryNumber, deadline: deadline)
        messages[offset] = message
        inFlightCount += 1
        track(DeliveryDeadline(time: deadline, offset: offset, number: deliveryNumber))
        return Delivery(
            tag: DeliveryTag(generation: generation, offset: offset, number: deliveryNumber),
            id: message.id, attempt: message.attempts, payload: message.payload)
    }

    /// Deliveries that were acknowledged leave their deadline behind; now and then those go.
    private mutating func track(_ deadline: DeliveryDeadline) {
        deadlines.insert(deadline)
        guard deadlines.count > 2 * inFlightCount + 1024 else { return }
        let current = messages
        deadlines.keep { deadline in
            guard case .inFlight(deadline.number, _)? = current[deadline.offset]?.standing else {
                return false
            }
            return true
        }
    }
}
