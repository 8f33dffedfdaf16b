// Rows in memory, those of one user in order: what a monolith answers from. Pure.

import Wire

/// One step of a change to rows.
enum RowChange: Equatable, Sendable {
    case put(key: String, value: [UInt8])
    case remove(key: String)

    var key: String {
        switch self {
        case .put(let key, _), .remove(let key): key
        }
    }

    /// What it adds to the table at most, in bytes.
    var size: Int {
        switch self {
        case .put(let key, let value): RowTable.size(key, value)
        case .remove: 0
        }
    }
}

struct RowTable {
    fileprivate struct Group {
        /// Ascending.
        var keys: [String] = []
        var values: [String: [UInt8]] = [:]
    }

    /// By the tag of the keys.
    private var groups: [String: Group] = [:]
    /// Bytes of all rows with their keys and an allowance for what holds them.
    private(set) var byteCount = 0
    private(set) var count = 0

    init() {}

    static func size(_ key: String, _ value: [UInt8]) -> Int {
        2 * key.utf8.count + value.count + 64
    }

    subscript(key: String) -> [UInt8]? { groups[Self.tag(of: key)]?.values[key] }

    /// The rows under a prefix, highest key first. A prefix with a whole tag looks at that group
    /// alone.
    func range(_ prefix: String, limit: Int) -> [DataRow] {
        guard let group = groups[Self.tag(of: prefix)] else { return [] }
        var place = group.end(of: prefix)
        var rows: [DataRow] = []
        while place > 0, rows.count < limit, group.keys[place - 1].hasPrefix(prefix) {
            place -= 1
            let key = group.keys[place]
            rows.append(DataRow(key: Array(key.utf8), value: group.values[key] ?? []))
        }
        return rows
    }

    mutating func apply(_ change: RowChange) {
        switch change {
        case .put(let key, let value): put(key, value)
        case .remove(let key): remove(key)
        }
    }

    /// All rows, in no particular order.
    func forEach<Failure: Error>(
        _ body: (_ key: String, _ value: [UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        for group in groups.values {
            for (key, value) in group.values { try body(key, value) }
        }
    }

    private mutating func put(_ key: String, _ value: [UInt8]) {
        byteCount += Self.size(key, value)
        let old = groups[Self.tag(of: key), default: Group()].put(key, value)
        if let old { byteCount -= Self.size(key, old) } else { count += 1 }
    }

    private mutating func remove(_ key: String) {
        let tag = Self.tag(of: key)
        guard let old = groups[tag]?.remove(key) else { return }
        if groups[tag]?.keys.isEmpty == true { groups[tag] = nil }
        byteCount -= Self.size(key, old)
        count -= 1
    }

    private static func tag(of key: String) -> String {
        let bytes = Array(key.utf8)
        return String(decoding: bytes[ShardKey.tag(of: bytes.span)], as: UTF8.self)
    }
}

extension RowTable.Group {
    /// The index behind the last key that is below the prefix or has it.
    fileprivate func end(of prefix: String) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < prefix || keys[middle].hasPrefix(prefix) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// Returns the value that was there.
    fileprivate mutating func put(_ key: String, _ value: [UInt8]) -> [UInt8]? {
        if let old = values.updateValue(value, forKey: key) { return old }
        keys.insert(key, at: place(of: key))
        return nil
    }

    fileprivate mutating func remove(_ key: String) -> [UInt8]? {
        guard let old = values.removeValue(forKey: key) else { return nil }
        keys.remove(at: place(of: key))
        return old
    }

    private func place(of key: String) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
