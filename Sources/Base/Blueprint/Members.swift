// Typed access to the members of a JSON object, with the path in every error. A member that is
// absent keeps the default that its setting already has, so that hand-written blueprints are short.

import Linux
import Wire

struct Members {
    let path: String
    private let members: [(String, JSON)]

    init(_ json: JSON, at path: String) throws(BlueprintError) {
        guard let members = json.object else {
            throw BlueprintError(
                member: path.isEmpty ? "the file" : path, problem: .notA("an object"))
        }
        self.path = path
        self.members = members
    }

    func member(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func optional(_ key: String) -> JSON? { members.first { $0.0 == key }?.1 }

    func required(_ key: String) throws(BlueprintError) -> JSON {
        guard let value = optional(key) else {
            throw BlueprintError(member: member(key), problem: .missing)
        }
        return value
    }

    func string(_ key: String) throws(BlueprintError) -> String {
        guard let text = try required(key).string else { throw notA("a string", key) }
        return text
    }

    /// A whole number from `least`.
    func integer(_ key: String, from least: Int) throws(BlueprintError) -> Int {
        guard let value = try required(key).int else { throw notA("a whole number", key) }
        guard value >= least else {
            throw BlueprintError(member: member(key), problem: .outOfRange(Int64(value)))
        }
        return value
    }

    func address(_ key: String) throws(BlueprintError) -> SocketAddress {
        guard let address = SocketAddress(try string(key)) else {
            throw notA("an address such as 10.1.0.1:80", key)
        }
        return address
    }

    /// The members of an object inside this one; nil when it is absent.
    func object(_ key: String) throws(BlueprintError) -> Members? {
        guard let json = optional(key) else { return nil }
        return try Members(json, at: member(key))
    }

    /// The elements of an array with the path of each.
    func elements(_ key: String) throws(BlueprintError) -> [(json: JSON, path: String)] {
        guard let array = try required(key).array else { throw notA("an array", key) }
        return array.enumerated().map { ($1, "\(member(key))[\($0)]") }
    }

    func addresses(_ key: String) throws(BlueprintError) -> [NamedAddress] {
        try Self.addresses(try required(key), at: member(key))
    }

    func strings(_ key: String) throws(BlueprintError) -> [String] {
        var strings: [String] = []
        for (json, _) in try elements(key) {
            guard let text = json.string else { throw notA("a list of strings", key) }
            strings.append(text)
        }
        return strings
    }

    func networks(_ key: String) throws(BlueprintError) -> [IPv4Network] {
        var networks: [IPv4Network] = []
        for text in try strings(key) {
            guard let network = IPv4Network(text) else {
                throw notA("a list of networks such as 10.1.0.0/16", key)
            }
            networks.append(network)
        }
        return networks
    }

    /// Lists of addresses: the replicas of each shard.
    func groups(_ key: String) throws(BlueprintError) -> [[NamedAddress]] {
        var groups: [[NamedAddress]] = []
        for (json, path) in try elements(key) { groups.append(try Self.addresses(json, at: path)) }
        return groups
    }

    private static func addresses(
        _ json: JSON, at path: String
    ) throws(BlueprintError) -> [NamedAddress] {
        guard let array = json.array else {
            throw BlueprintError(member: path, problem: .notA("an array"))
        }
        var addresses: [NamedAddress] = []
        for (index, element) in array.enumerated() {
            addresses.append(try NamedAddress(json: element, at: "\(path)[\(index)]"))
        }
        return addresses
    }

    /// Refuses members outside a list: a slip would silently keep a default.
    func allow(_ keys: [String]) throws(BlueprintError) {
        if let stray = members.first(where: { !keys.contains($0.0) }) {
            throw BlueprintError(member: member(stray.0), problem: .unknownMember)
        }
    }

    func notA(_ kind: String, _ key: String) -> BlueprintError {
        BlueprintError(member: member(key), problem: .notA(kind))
    }
}

// Members with defaults.
extension Members {
    func read(_ key: String, into value: inout Int, from least: Int) throws(BlueprintError) {
        if optional(key) != nil { value = try integer(key, from: least) }
    }

    func read(_ key: String, into value: inout String) throws(BlueprintError) {
        if optional(key) != nil { value = try string(key) }
    }

    func read(_ key: String, into value: inout Bool) throws(BlueprintError) {
        guard let json = optional(key) else { return }
        guard let bool = json.bool else { throw notA("true or false", key) }
        value = bool
    }

    /// A share from 0 to 1.
    func read(_ key: String, into value: inout Double) throws(BlueprintError) {
        guard let json = optional(key) else { return }
        guard let share = json.double, (0...1).contains(share) else {
            throw notA("a share from 0 to 1", key)
        }
        value = share
    }

    /// Under the key with `Nanoseconds` at its end.
    func read(_ key: String, into value: inout Duration) throws(BlueprintError) {
        let key = "\(key)Nanoseconds"
        if optional(key) != nil { value = .nanoseconds(Int64(try integer(key, from: 0))) }
    }

    func read<Word: RawRepresentable<String>>(
        _ key: String, into value: inout Word
    ) throws(BlueprintError) {
        guard optional(key) != nil else { return }
        let text = try string(key)
        guard let word = Word(rawValue: text) else {
            throw BlueprintError(member: member(key), problem: .unknownWord(text))
        }
        value = word
    }
}
