// The bytes of a command in a log entry. Decoding takes nothing on trust: whatever comes back has
// been through the same limits as a command that was built.

import Raft
import Wire

extension StoreCommand {
    private enum Tag {
        static let set: UInt8 = 1
        static let increment: UInt8 = 2
        static let once: UInt8 = 3
        static let delete: UInt8 = 4
        static let transact: UInt8 = 5
        static let openSession: UInt8 = 6
        static let checksum: UInt8 = 12
    }

    /// Whether an entry asks for a checksum of the state that it leaves.
    static func isChecksum(_ entry: LogEntry) -> Bool {
        guard case .command(let bytes) = entry.payload, bytes.first == Tag.checksum else {
            return false
        }
        return (try? StoreCommand(decoding: bytes.span))?.action == .checksum
    }

    package var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(u8: tag)
        writer.write(bytes: request?.client ?? [])
        writer.write(varint: request?.sequence ?? 0)
        switch action {
        case .set(let key, let value):
            writer.write(bytes: key)
            writer.write(bytes: value)
        case .increment(let key, let amount):
            writer.write(bytes: key)
            writer.write(signed: amount)
        case .once(let token, let key, let value):
            writer.write(bytes: token)
            writer.write(bytes: key)
            writer.write(bytes: value)
        case .delete(let key): writer.write(bytes: key)
        case .transact(let transaction): transaction.encode(into: &writer)
        case .openSession, .checksum: break
        case .step(let step): step.encode(into: &writer)
        case .merge(let step): step.encode(into: &writer)
        }
        return writer.finish()
    }

    private var tag: UInt8 {
        switch action {
        case .set: Tag.set
        case .increment: Tag.increment
        case .once: Tag.once
        case .delete: Tag.delete
        case .transact: Tag.transact
        case .openSession: Tag.openSession
        case .step(let step): step.tag
        case .checksum: Tag.checksum
        case .merge(let step): step.tag
        }
    }

    package init(decoding bytes: Span<UInt8>) throws(StoreCommandError) {
        var reader = ByteReader(bytes)
        let tag: UInt8
        let client: [UInt8]
        let sequence: UInt64
        do throws(ByteReaderError) {
            tag = try reader.readU8()
            client = try reader.readBytes()
            sequence = try reader.readVarint()
        } catch {
            throw .malformed(error)
        }
        let action = try Self.readAction(tag, &reader)
        do throws(ByteReaderError) {
            try reader.expectEnd()
        } catch {
            throw .malformed(error)
        }
        // One command has one encoding: without a client there is no number.
        if client.isEmpty, sequence != 0 { throw .clientLength(0) }
        let request = client.isEmpty ? nil : RequestID(client: client, sequence: sequence)
        try self.init(request: request, action: action)
    }

    private static func readAction(
        _ tag: UInt8, _ reader: inout ByteReader
    ) throws(StoreCommandError) -> Action {
        if let step = try TransactionStep(tag: tag, decoding: &reader) { return .step(step) }
        if tag == Tag.transact { return .transact(try Transaction(decoding: &reader)) }
        do throws(ByteReaderError) {
            if let step = try MergeStep(tag: tag, decoding: &reader) { return .merge(step) }
            return try readPlainAction(tag, &reader)
        } catch {
            throw .malformed(error)
        }
    }

    private static func readPlainAction(
        _ tag: UInt8, _ reader: inout ByteReader
    ) throws(ByteReaderError) -> Action {
        switch tag {
        case Tag.set: .set(key: try reader.readBytes(), value: try reader.readBytes())
        case Tag.increment:
            .increment(key: try reader.readBytes(), by: try reader.readSigned())
        case Tag.once:
            .once(
                token: try reader.readBytes(), key: try reader.readBytes(),
                value: try reader.readBytes())
        case Tag.delete: .delete(key: try reader.readBytes())
        case Tag.openSession: .openSession
        case Tag.checksum: .checksum
        default: throw ByteReaderError(reason: .unknownTag(tag), offset: 0)
        }
    }
}
