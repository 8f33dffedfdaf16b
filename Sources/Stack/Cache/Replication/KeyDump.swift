// A key with all that it holds, as the commands that make it anew: how a follower gets its first copy. It takes
// no format of its own, and a key that is written while the copy goes on is simply written over.

import Wire

extension Keyspace {
    /// Replaces whatever the follower has of the key.
    func dump(_ index: EntryIndex, at now: CacheTime) -> [StoredCommand] {
        let key = [UInt8](key(of: index))
        var commands: [StoredCommand] = []
        switch value(of: index) {
        case .string:
            commands.append(StoredCommand([Self.set, key, [UInt8](string(of: index))]))
        case .list(let list):
            commands = Self.adding(Self.rpush, key, (0..<list.count).map { [list[$0]] })
        case .set(let table):
            commands = Self.adding(Self.sadd, key, table.members.map { [$0.name] })
        case .hash(let table):
            commands = Self.adding(Self.hset, key, table.members.map { [$0.name, $0.payload] })
        case .sorted(let set):
            commands = Self.adding(
                Self.zadd, key,
                set.members.map { [Array(ScoreText.text($0.payload.value).utf8), $0.name] })
        }
        if let deadline = deadline(of: index) {
            let left = max(1, deadline.milliseconds - now.milliseconds)
            commands.append(StoredCommand([Self.pexpire, key, Array("\(left)".utf8)]))
        }
        return commands
    }

    private static let set = Array("SET".utf8)
    private static let del = Array("DEL".utf8)
    private static let rpush = Array("RPUSH".utf8)
    private static let sadd = Array("SADD".utf8)
    private static let hset = Array("HSET".utf8)
    private static let zadd = Array("ZADD".utf8)
    private static let pexpire = Array("PEXPIRE".utf8)
    /// Elements of one command, so that none is long to parse or to run.
    private static let elementsMax = 256

    private static func adding(
        _ command: [UInt8], _ key: [UInt8], _ elements: [[[UInt8]]]
    ) -> [StoredCommand] {
        var commands = [StoredCommand([del, key])]
        for start in stride(from: 0, to: elements.count, by: elementsMax) {
            let part = elements[start..<min(start + elementsMax, elements.count)]
            commands.append(StoredCommand([command, key] + part.joined()))
        }
        return commands
    }
}

extension StoredCommand {
    func encode(into bytes: inout [UInt8]) {
        bytes.appendRESP(arrayOf: words.count)
        for word in words { bytes.appendRESP(bulk: Array(self.bytes[word])) }
    }
}
