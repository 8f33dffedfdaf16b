// The only file that calls zlib, which the compressed encoding is defined by. Deflate could be
// written here, but a checksummed, fuzzed library that is on every system is the better part.

internal import CZlib

enum Zlib {
    /// A zlib stream (RFC 1950) at the library's default level.
    static func deflate(_ bytes: [UInt8]) -> [UInt8] {
        var size = compressBound(uLong(bytes.count))
        let stream = unsafe [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            // The bound is enough by definition, so what can fail is only the memory for the state.
            let code = unsafe compress(buffer.baseAddress, &size, bytes, uLong(bytes.count))
            precondition(code == Z_OK, "zlib could not compress")
            count = Int(size)
        }
        return stream
    }

    /// Inflates at most `countMax` bytes, from the front of the stream.
    ///
    /// `isComplete` says that the stream ended there and its checksum was right.
    static func inflate(
        _ stream: [UInt8], countMax: Int
    ) throws(HistogramError) -> (bytes: [UInt8], isComplete: Bool) {
        var (code, unread) = (Z_OK, 0)
        var input = stream
        let output = unsafe [UInt8](unsafeUninitializedCapacity: countMax) { buffer, count in
            unsafe input.withUnsafeMutableBufferPointer { source in
                unsafe (code, count, unread) = inflate(from: source, into: buffer)
            }
        }
        // Z_BUF_ERROR: input or room ran out. That is no fault of the stream's so far.
        guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
            throw .corruptCompression(code: code)
        }
        guard code != Z_STREAM_END || unread == 0 else { throw .trailingBytes(unread) }
        return (output, code == Z_STREAM_END)
    }

    private static func inflate(
        from source: UnsafeMutableBufferPointer<UInt8>,
        into buffer: UnsafeMutableBufferPointer<UInt8>
    ) -> (code: Int32, count: Int, unread: Int) {
        var state = unsafe z_stream()
        unsafe state.next_in = source.baseAddress
        unsafe state.avail_in = uInt(source.count)
        unsafe state.next_out = buffer.baseAddress
        unsafe state.avail_out = uInt(buffer.count)
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        let started = unsafe inflateInit_(&state, ZLIB_VERSION, size)
        guard started == Z_OK else { return (started, 0, 0) }
        defer { unsafe inflateEnd(&state) }
        let code = unsafe CZlib.inflate(&state, Z_SYNC_FLUSH)
        return unsafe (code, buffer.count - Int(state.avail_out), Int(state.avail_in))
    }
}
