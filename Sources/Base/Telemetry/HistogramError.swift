// Why a histogram could not be added to another or read back.

package enum HistogramError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A part of the encoded header that decides how the counts are to be read.
    package enum HeaderField: String, Sendable {
        case payloadLength = "payload length"
        case normalizingOffset = "normalizing offset"
        case layout = "digits and range"
        case conversionRatio = "conversion ratio"
    }

    case valueBeyondRange(Int64, highestTrackable: Int64)
    case countOverflow
    /// The byte offset of the first character outside the Base64 alphabet or of a wrong ending.
    case notBase64(offset: Int)
    case unknownCookie(UInt32)
    case truncated(needed: Int, found: Int)
    case trailingBytes(Int)
    case unsupportedHeader(HeaderField)
    /// zlib's own error code: Z_DATA_ERROR is -3.
    case corruptCompression(code: Int32)
    case negativeLength(Int32)
    /// The counts run past the last counter of the layout.
    case countsBeyondLayout(countersCount: Int)

    package var description: String {
        switch self {
        case .valueBeyondRange(let value, let highest):
            "histogram: value \(value) is beyond the highest trackable value \(highest)"
        case .countOverflow: "histogram: the sum of the counts needs more than 63 bits"
        case .notBase64(let offset): "histogram: no Base64 at offset \(offset)"
        case .unknownCookie(let cookie):
            "histogram: cookie 0x\(String(cookie, radix: 16)) is not one of encoding V2"
        case .truncated(let needed, let found):
            "histogram: \(needed) bytes needed, \(found) found"
        case .trailingBytes(let count): "histogram: \(count) bytes after the end"
        case .unsupportedHeader(let field): "histogram: unsupported \(field.rawValue)"
        case .corruptCompression(let code): "histogram: zlib error \(code)"
        case .negativeLength(let length): "histogram: length \(length)"
        case .countsBeyondLayout(let count): "histogram: more than \(count) counters"
        }
    }
}
