// Encoders for servers and clients that answer straight into a connection's buffer, with no
// `RESPValue` in between. An array is its header followed by that many values.

package extension [UInt8] {
    mutating func appendRESP(simple text: String) {
        append(UInt8(ascii: "+"))
        appendRESP(line: text)
    }

    mutating func appendRESP(error text: String) {
        append(UInt8(ascii: "-"))
        appendRESP(line: text)
    }

    mutating func appendRESP(integer value: Int64) {
        append(UInt8(ascii: ":"))
        append(decimal: value)
        appendLineEnd()
    }

    mutating func appendRESP(bulk content: Span<UInt8>) {
        append(UInt8(ascii: "$"))
        append(decimal: content.count)
        appendLineEnd()
        append(copying: content)
        appendLineEnd()
    }

    mutating func appendRESP(bulk content: [UInt8]) {
        appendRESP(bulk: content.span)
    }

    mutating func appendRESP(bulk text: String) {
        appendRESP(bulk: text.utf8.span)
    }

    mutating func appendRESPNull() {
        append(text: "$-1\r\n")
    }

    /// The header of an array; the caller appends `count` values after it.
    mutating func appendRESP(arrayOf count: Int) {
        precondition(count >= 0, "a count is not negative")
        append(UInt8(ascii: "*"))
        append(decimal: count)
        appendLineEnd()
    }

    mutating func appendRESP(command words: [String]) {
        appendRESP(arrayOf: words.count)
        for word in words { appendRESP(bulk: word) }
    }

    mutating func appendRESP(command words: [[UInt8]]) {
        appendRESP(arrayOf: words.count)
        for word in words { appendRESP(bulk: word.span) }
    }

    /// A line end inside the text would end the value early, and its rest would be read as another.
    private mutating func appendRESP(line text: String) {
        for byte in text.utf8 {
            append(byte == 0x0D || byte == 0x0A ? 0x20 : byte)
        }
        appendLineEnd()
    }
}
