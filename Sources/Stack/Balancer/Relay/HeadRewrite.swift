// The heads that go out, made of the heads that came in: lines that stay are copied in runs as long as
// possible, those of one connection alone are left out, and what a proxy has to say is added.

import Wire

enum HeadRewrite {
    /// The name in `Via` (RFC 9110 section 7.6.3).
    private static let via: StaticString = "Via: 1.1 balancer\r\n"
    /// Room for the milliseconds left, written in when the request goes out.
    static let deadlineWidth = 9

    /// Where the request comes from.
    struct Origin {
        /// The client's address as text.
        var address: [UInt8]
        /// Written as `X-Request-Id` unless the client sent one.
        var id: UInt64
    }

    /// Appends the head for a backend; returns where the milliseconds left are to be written.
    static func appendRequest(
        _ map: borrowing HTTPHeadMap, _ bytes: Span<UInt8>, _ origin: Origin,
        to out: inout [UInt8]
    ) -> Range<Int> {
        out.append(copying: bytes.extracting(map.method.lowerBound..<map.target.upperBound))
        out.append(literal: " HTTP/1.1\r\n")
        appendKept(map, bytes, to: &out) { kind, isRepeated in
            switch kind {
            case .transferEncoding, .expect, .forwardedFor, .deadline: false
            case .contentLength, .requestID: !isRepeated
            default: true
            }
        }
        if map.body.isChunked { out.append(literal: "Transfer-Encoding: chunked\r\n") }
        out.append(literal: "X-Forwarded-For: ")
        for field in map.fields where field.kind == .forwardedFor {
            out.append(copying: bytes.extracting(field.value))
            out.append(literal: ", ")
        }
        out.append(contentsOf: origin.address)
        out.appendLineEnd()
        out.append(literal: via)
        if map.value(of: .requestID) == nil { out.append(requestID: origin.id) }
        out.append(literal: "X-Request-Deadline-Ms: ")
        let place = out.count
        out.append(literal: "         \r\n\r\n")
        return place..<place + deadlineWidth
    }

    /// How the answer's end is told to the client.
    struct Ending {
        var writesChunks: Bool
        var keepAlive: Bool
        var isHTTP10: Bool
    }

    /// Appends the head for the client.
    static func appendResponse(
        _ map: borrowing HTTPHeadMap, _ bytes: Span<UInt8>, _ ending: Ending, id: RequestID,
        to out: inout [UInt8]
    ) {
        out.append(literal: "HTTP/1.1")
        out.append(copying: bytes.extracting(map.statusLine))
        appendKept(map, bytes, to: &out) { kind, isRepeated in
            switch kind {
            case .transferEncoding, .requestID: false
            case .contentLength: !isRepeated
            default: true
            }
        }
        if ending.writesChunks { out.append(literal: "Transfer-Encoding: chunked\r\n") }
        if !ending.keepAlive {
            out.append(literal: "Connection: close\r\n")
        } else if ending.isHTTP10 {
            out.append(literal: "Connection: keep-alive\r\n")
        }
        out.append(literal: via)
        id.append(to: &out)
        out.appendLineEnd()
    }

    /// Copies the lines that stay.
    private static func appendKept(
        _ map: borrowing HTTPHeadMap, _ bytes: Span<UInt8>, to out: inout [UInt8],
        _ stays: (_ kind: HTTPFieldKind, _ isRepeated: Bool) -> Bool
    ) {
        let nominates = map.nominates(in: bytes)
        var seen: UInt32 = 0
        var run = 0..<0
        for field in map.fields {
            let bit = UInt32(1) << UInt32(field.kind.rawValue)
            let isRepeated = seen & bit != 0
            seen |= bit
            let isDropped =
                field.kind != .other && (field.kind.isHopByHop || !stays(field.kind, isRepeated))
            if isDropped || (nominates && map.isNominated(field, in: bytes)) { continue }
            if field.line.lowerBound == run.upperBound {
                run = run.lowerBound..<field.line.upperBound
            } else {
                out.append(copying: bytes.extracting(run))
                run = field.line
            }
        }
        out.append(copying: bytes.extracting(run))
    }

    /// Writes the milliseconds left into their room, blanks in front.
    static func write(deadline milliseconds: Int, into out: inout [UInt8], at place: Range<Int>) {
        var rest = milliseconds
        for index in place.reversed() {
            let isBlank = rest == 0 && index != place.upperBound - 1
            out[index] = isBlank ? 0x20 : UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }
}

/// What names a request in logs and answers.
enum RequestID: Equatable, Sendable {
    /// Ours: sixteen hexadecimal digits.
    case made(UInt64)
    /// The client's, as it came.
    case given([UInt8])

    func append(to out: inout [UInt8]) {
        switch self {
        case .made(let number): out.append(requestID: number)
        case .given(let text):
            out.append(literal: "X-Request-Id: ")
            out.append(contentsOf: text)
            out.appendLineEnd()
        }
    }

    var text: String {
        switch self {
        case .made(let number):
            var digits: [UInt8] = []
            digits.append(hexadecimal16: number)
            return String(decoding: digits, as: UTF8.self)
        case .given(let text): return String(decoding: text, as: UTF8.self)
        }
    }
}

extension [UInt8] {
    mutating func append(literal text: StaticString) {
        // The literal's bytes live as long as the program.
        unsafe append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    fileprivate mutating func append(requestID number: UInt64) {
        append(literal: "X-Request-Id: ")
        append(hexadecimal16: number)
        appendLineEnd()
    }

    fileprivate mutating func append(hexadecimal16 number: UInt64) {
        append(copying: HexadecimalDigits(number).bytes.span)
    }
}

/// A number as sixteen hexadecimal digits, eight of them made at once: every nibble in a byte of its own,
/// and on each the step from `9` to `a` where it is above nine.
private struct HexadecimalDigits {
    let bytes: [16 of UInt8]

    init(_ number: UInt64) {
        let high = Self.digits(UInt32(truncatingIfNeeded: number >> 32))
        let low = Self.digits(UInt32(truncatingIfNeeded: number))
        bytes = [16 of UInt8] { index in
            UInt8(truncatingIfNeeded: (index < 8 ? high : low) >> UInt64(56 - (index & 7) * 8))
        }
    }

    /// The first digit in the highest byte.
    private static func digits(_ number: UInt32) -> UInt64 {
        var nibbles = UInt64(number)
        nibbles = (nibbles | nibbles << 16) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let isLetter = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return nibbles &+ 0x3030_3030_3030_3030 &+ isLetter &* 0x27
    }
}
