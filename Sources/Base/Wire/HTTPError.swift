// Why bytes are not acceptable HTTP/1.1, and what a server answers before it closes.
//
// After any of these the place where the next message starts is unknown or in dispute, so the
// connection must close: guessing is how requests are smuggled (RFC 9112 section 11.2).

package struct HTTPError: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        case malformedMethod
        case malformedTarget
        case malformedVersion
        /// A major version other than 1.
        case unsupportedVersion
        case malformedStatus
        /// A carriage return or a line feed without the other (RFC 9112 section 2.2).
        case malformedLineEnd
        /// Not a token right before its colon; white space there included (section 5.1).
        case malformedFieldName
        /// A control character (RFC 9110 section 5.5).
        case malformedFieldValue
        /// A field line that starts with white space: obs-fold (RFC 9112 section 5.2).
        case foldedField
        /// HTTP/1.1 asks for exactly one Host field (section 3.2).
        case missingHost
        case repeatedHost
        case malformedContentLength
        /// Content-Length fields that differ (section 6.3, item 5).
        case conflictingContentLength
        /// Transfer-Encoding beside Content-Length, or in HTTP/1.0 (section 6.1).
        case conflictingFraming
        /// Anything but the single coding `chunked`.
        case unsupportedTransferEncoding
        case headTooLarge(bytesMax: Int)
        case tooManyFields(fieldsMax: Int)
        case malformedChunk
        /// More chunk extensions and trailer fields than anyone has a use for.
        case chunkOverheadTooLarge(bytesMax: Int)
        case bodyTooLarge(bytesMax: Int)
        /// The peer closed before the body's end (section 8).
        case truncatedBody
    }

    package let reason: Reason
    /// Bytes from the start of the span that was parsed.
    package let offset: Int

    init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// The status a server answers to a request with this fault (RFC 9110 section 15, RFC 6585).
    package var status: Int {
        switch reason {
        case .malformedMethod, .malformedTarget, .malformedVersion, .malformedStatus,
            .malformedLineEnd, .malformedFieldName, .malformedFieldValue, .foldedField,
            .missingHost, .repeatedHost, .malformedContentLength, .conflictingContentLength,
            .conflictingFraming, .malformedChunk, .truncatedBody:
            400
        case .bodyTooLarge: 413
        case .headTooLarge, .tooManyFields, .chunkOverheadTooLarge: 431
        case .unsupportedTransferEncoding: 501
        case .unsupportedVersion: 505
        }
    }
}

extension HTTPError: CustomStringConvertible {
    package var description: String { "\(reason) at byte \(offset)" }
}

/// What one peer may make the other keep in memory. Crossing a limit ends the connection.
package struct HTTPLimits: Sendable {
    /// Bytes of a head, from its first line to the empty line that ends it.
    package var headBytesMax = 16 * 1024
    package var fieldsMax = 100
    /// Bytes of content, after the chunks are taken apart.
    package var bodyBytesMax = 16 * 1024 * 1024
    /// Bytes of chunk extensions and trailer fields in one body.
    package var chunkOverheadBytesMax = 16 * 1024

    package init() {}

    package static let standard = HTTPLimits()
}
