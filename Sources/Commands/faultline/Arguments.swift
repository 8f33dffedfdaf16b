// The command line: words, and long flags as `--key=value` or `--key`. Unknown flags, repeated flags
// and missing words are errors that name the nearest valid one.

import Linux

/// A command line that says nothing that can be done.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// What follows the command's name.
struct Arguments {
    private(set) var words: [String] = []
    private var flags: [String: String] = [:]

    /// `valued` are flags that take a value, `plain` those that stand alone.
    init(
        _ arguments: ArraySlice<String>, valued: Set<String> = [], plain: Set<String> = []
    ) throws(UsageError) {
        for argument in arguments {
            guard argument.hasPrefix("-"), argument != "-" else {
                words.append(argument)
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            let name = parts[0]
            guard valued.contains(name) || plain.contains(name) else {
                let known = valued.map { "\($0)=..." } + plain
                throw UsageError(
                    "unknown flag \(name)"
                        + (known.isEmpty ? "" : "; known: \(known.sorted().joined(separator: " "))")
                )
            }
            if plain.contains(name), parts.count == 2 {
                throw UsageError("\(name) takes no value")
            }
            if valued.contains(name), parts.count == 1 || parts[1].isEmpty {
                throw UsageError("\(name) needs a value: \(name)=...")
            }
            guard flags.updateValue(parts.count == 2 ? parts[1] : "", forKey: name) == nil else {
                throw UsageError("\(name) is given twice")
            }
        }
    }

    func has(_ flag: String) -> Bool { flags[flag] != nil }

    func value(_ flag: String) -> String? { flags[flag] }

    /// The value of a flag through a reader that gives nil for nonsense.
    func value<Value>(
        _ flag: String, as kind: String, _ read: (String) -> Value?
    ) throws -> Value? {
        guard let text = flags[flag] else { return nil }
        guard let value = read(text) else { throw UsageError("\(flag)=\(text) is not \(kind)") }
        return value
    }

    /// The one word that the command is about.
    func onlyWord(_ what: String) throws(UsageError) -> String {
        guard let first = words.first, words.count == 1 else {
            throw UsageError("expected one \(what), got \(words.count)")
        }
        return first
    }
}
