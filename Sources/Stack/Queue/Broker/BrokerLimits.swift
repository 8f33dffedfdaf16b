// How much a queue takes on. What does not fit is refused with a word that asks the sender to slow
// down; nothing here is ever dropped.

package struct BrokerLimits: Sendable {
    /// Topics are never removed, so this bounds what stray names can cost.
    package var topicsMax = 1024
    /// Messages that are not done, over all topics.
    package var messagesMax = 1_000_000
    /// Their ids and payloads, in bytes.
    package var bytesMax = 256 << 20
    /// Bytes of one payload; below what a journal record holds.
    package var payloadBytesMax = 256 << 10
    /// Bytes of a topic's name and of an id.
    package var nameBytesMax = 256
    /// Messages of one DEQUEUE.
    package var batchMax = 1000
    /// DEQUEUEs that wait for a message at the same time.
    package var waitersMax = 10_000

    package init() {}
}
