// Appends one JSON object, one line, to a byte buffer. The generator writes two such lines for every
// request while it must not fall behind its plan, so nothing is built in between: no tree, no String.
// Reading is not on that path and goes through Wire's JSON.

import Wire

/// A line under construction; keys are ASCII words that need no escaping.
struct LineEncoder {
    private var isFirst = true

    mutating func begin(_ bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        isFirst = true
    }

    func end(_ bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(UInt8(ascii: "\n"))
    }

    mutating func field(_ key: String, _ value: String, _ bytes: inout [UInt8]) {
        name(key, &bytes)
        JSON.encode(string: value, into: &bytes)
    }

    mutating func field(_ key: String, _ value: Int64, _ bytes: inout [UInt8]) {
        name(key, &bytes)
        LineEncoder.append(integer: value, to: &bytes)
    }

    mutating func field(_ key: String, _ value: JSON, _ bytes: inout [UInt8]) {
        name(key, &bytes)
        value.encode(into: &bytes)
    }

    /// Leaves the field out when there is no value.
    mutating func field(_ key: String, optional value: String?, _ bytes: inout [UInt8]) {
        if let value { field(key, value, &bytes) }
    }

    /// Leaves the field out when there is no value.
    mutating func field(_ key: String, optional value: Int64?, _ bytes: inout [UInt8]) {
        if let value { field(key, value, &bytes) }
    }

    private mutating func name(_ key: String, _ bytes: inout [UInt8]) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: key.utf8)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    static func append(integer value: Int64, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }
}
