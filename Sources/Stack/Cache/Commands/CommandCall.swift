// One command on its way through the engine: its words, still lying in the connection's buffer, and the time
// at which it runs. It cannot outlive the buffer, which the compiler checks.

package struct CommandCall: ~Escapable {
    private let bytes: Span<UInt8>
    private let ranges: Span<Range<Int>>
    /// One reading of the clock serves a whole batch of commands.
    let now: CacheTime
    /// Which command the first word named; `.unknown` until the engine has looked it up.
    var command = CacheCommand.unknown

    @_lifetime(copy bytes, copy words)
    package init(bytes: Span<UInt8>, words: Span<Range<Int>>, now: CacheTime) {
        precondition(words.count > 0, "a command has a name")
        self.bytes = bytes
        self.ranges = words
        self.now = now
    }

    var count: Int { ranges.count }

    subscript(index: Int) -> Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(ranges[index]) }
    }

    /// The command without its first words.
    @_lifetime(copy self)
    func dropping(_ count: Int) -> CommandCall {
        CommandCall(bytes: bytes, words: ranges.extracting(count...), now: now)
    }

    /// Whether a word is this option, whatever its case; `option` is in capitals.
    func word(_ index: Int, is option: String) -> Bool {
        let word = self[index]
        guard word.count == option.utf8.count else { return false }
        for (offset, byte) in option.utf8.enumerated()
        where CommandCall.capital(word[offset]) != byte { return false }
        return true
    }

    func integer(_ index: Int) throws(CommandError) -> Int64 {
        guard let number = Decimal.parse(self[index]) else { throw .notAnInteger }
        return number
    }

    func text(_ index: Int) -> String {
        String(decoding: [UInt8](copying: self[index]), as: UTF8.self)
    }

    static func capital(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") ? byte & 0xdf : byte
    }
}
