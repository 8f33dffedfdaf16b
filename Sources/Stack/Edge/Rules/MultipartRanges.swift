// Several parts of one content in one answer (RFC 9110 section 14.6):
//
//     --boundary
//     Content-Type: text/plain
//     Content-Range: bytes 0-4/10
//
//     01234
//     --boundary--

import Wire

package enum MultipartRanges {
    package static func encode(
        _ ranges: [Range<Int>], of body: [UInt8], type: String?, boundary: String
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ranges.reduce(128) { $0 + $1.count + 256 })
        for range in ranges {
            bytes.append(text: "\r\n--\(boundary)\r\n")
            if let type { bytes.append(text: "Content-Type: \(type)\r\n") }
            bytes.append(text: "Content-Range: \(contentRange(range, of: body.count))\r\n\r\n")
            bytes.append(contentsOf: body[range])
        }
        bytes.append(text: "\r\n--\(boundary)--\r\n")
        return bytes
    }

    /// The value of Content-Range for a part of so many bytes.
    package static func contentRange(_ range: Range<Int>, of length: Int) -> String {
        "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)"
    }

    /// A text that does not stand in the content; `seed` is where the search begins.
    package static func boundary(for body: [UInt8], seed: UInt64) -> String {
        var number = seed
        while true {
            let boundary = "part-" + String(number, radix: 16)
            if !contains(body, Array(boundary.utf8)) { return boundary }
            number &+= 1
        }
    }

    private static func contains(_ body: [UInt8], _ text: [UInt8]) -> Bool {
        var start = 0
        while start + text.count <= body.count {
            guard let next = body[start...].firstIndex(of: text[0]) else { return false }
            if body[next...].starts(with: text) { return true }
            start = next + 1
        }
        return false
    }
}
