// Reads the words of a command from left to right. Every clause begins with a word of its own and
// has a fixed number of words behind it, so keys and values may spell anything, `ID` included.

import Wire

struct CommandWords {
    private let command: RESPCommand
    private var place = 1

    init(_ command: RESPCommand) { self.command = command }

    /// The command's name in capitals.
    var name: String { command.name }

    var isAtEnd: Bool { place >= command.count }

    /// The next word, whatever it is.
    mutating func take() throws(CommandRefusal) -> [UInt8] {
        guard let word = command[place] else { throw arguments }
        place += 1
        return word
    }

    mutating func takeInteger() throws(CommandRefusal) -> Int64 {
        guard let number = command.integer(place) else { throw arguments }
        place += 1
        return number
    }

    /// A number that is not negative, as versions and request numbers are.
    mutating func takeCount() throws(CommandRefusal) -> UInt64 {
        guard let number = UInt64(exactly: try takeInteger()) else { throw arguments }
        return number
    }

    /// Takes the next word if it is that one, in any case.
    mutating func take(ifWord word: StaticString) -> Bool {
        guard command.word(place, is: word) else { return false }
        place += 1
        return true
    }

    /// `ID client seq`, or nothing, and then the end.
    mutating func takeRequest() throws(CommandRefusal) -> RequestID? {
        guard take(ifWord: "ID") else {
            try expectEnd()
            return nil
        }
        let request = RequestID(client: try take(), sequence: try takeCount())
        try expectEnd()
        return request
    }

    /// `FOLLOWER`, or `STALE milliseconds`, or nothing.
    mutating func takeReadPlace() throws(CommandRefusal) -> ReadPlace {
        if take(ifWord: "FOLLOWER") { return .anywhere }
        guard take(ifWord: "STALE") else { return .leader }
        return .stale(.milliseconds(Int64(clamping: min(try takeCount(), 1 << 40))))
    }

    func expectEnd() throws(CommandRefusal) {
        if !isAtEnd { throw arguments }
    }

    var arguments: CommandRefusal { .arguments(name.lowercased()) }
}
