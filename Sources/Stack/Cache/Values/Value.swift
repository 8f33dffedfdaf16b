// What a key may hold. Strings lie beside their key in the entry; everything else is an object of its own
// behind one pointer, so that a cache of strings pays eight bytes an entry for the other types.

/// The types that TYPE tells apart.
enum ValueKind: String, Sendable {
    case string, list, set, hash
    case sorted = "zset"
}

/// What an entry holds besides its bytes.
enum Value {
    /// The bytes after the entry's key.
    case string
    case list(ListValue)
    case set(MemberTable<NoPayload>)
    case hash(MemberTable<[UInt8]>)
    case sorted(SortedSet)

    static func empty(_ kind: ValueKind) -> Value {
        switch kind {
        case .string: .string
        case .list: .list(ListValue())
        case .set: .set(MemberTable())
        case .hash: .hash(MemberTable())
        case .sorted: .sorted(SortedSet())
        }
    }

    var kind: ValueKind {
        switch self {
        case .string: .string
        case .list: .list
        case .set: .set
        case .hash: .hash
        case .sorted: .sorted
        }
    }

    var isString: Bool {
        if case .string = self { true } else { false }
    }

    /// Bytes that the value is charged with beyond those of its entry.
    var size: Int {
        switch self {
        case .string: 0
        case .list(let list): list.size
        case .set(let table): table.size
        case .hash(let table): table.size
        case .sorted(let set): set.size
        }
    }

    /// Elements, members or fields; a collection without any does not exist.
    var elementCount: Int {
        switch self {
        case .string: 1
        case .list(let list): list.count
        case .set(let table): table.count
        case .hash(let table): table.count
        case .sorted(let set): set.count
        }
    }

    /// A copy that shares nothing which may change.
    var copied: Value {
        switch self {
        case .string: .string
        case .list(let list): .list(list.copied)
        case .set(let table): .set(table.copied)
        case .hash(let table): .hash(table.copied)
        case .sorted(let set): .sorted(set.copied)
        }
    }
}

/// Heap blocks as the allocator hands them out.
enum Block {
    /// Bytes that an array of `count` bytes takes: 32 of header and 8 of the allocator's, rounded up to 16.
    static func size(ofBytes count: Int) -> Int { (32 + 8 + count + 15) & ~15 }
}
