// Bytes taken eight at a time, for what every command does with every key: hash it, compare it, copy it. Byte by
// byte these three are most of what a command costs. The loads are unaligned and stay within the span: the last
// eight bytes are read once more instead of a rest by itself.

enum KeyHash {
    /// A seeded hash that is fast and not cryptographic: a 64 by 64 bit multiplication folds each word into the
    /// state, as in wyhash (Wang Yi, 2019). The seed is the process's own, so keys that collide in one do not in
    /// the next.
    static func of(_ key: Span<UInt8>, seed: UInt64) -> UInt32 {
        let count = key.count
        var state = fold(seed ^ UInt64(truncatingIfNeeded: count), 0xa076_1d64_78bd_642f)
        if count < 8 {
            state = fold(state ^ rest(of: key), 0xe703_7ed1_a0b4_28db)
        } else {
            let bytes = unsafe key.bytes
            var offset = 0
            while offset + 8 < count {
                state = fold(state ^ bytes.word(at: offset), 0xe703_7ed1_a0b4_28db)
                offset += 8
            }
            state = fold(state ^ bytes.word(at: count - 8), 0x8ebc_6af0_9c88_c6e3)
        }
        return UInt32(truncatingIfNeeded: fold(state, 0x5899_65cc_7537_4cc3))
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// Fewer than eight bytes, as one word.
    private static func rest(of key: Span<UInt8>) -> UInt64 {
        var word: UInt64 = 0
        for index in key.indices { word = word << 8 | UInt64(key[index]) }
        return word
    }
}

extension RawSpan {
    /// The eight bytes from an offset on: 0 <= offset <= byteCount - 8.
    @inline(__always)
    fileprivate func word(at offset: Int) -> UInt64 {
        assert(offset >= 0 && offset <= byteCount - 8, "a word reaches past its bytes")
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    }
}

extension Span<UInt8> {
    func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        guard count >= 8 else {
            for index in indices where self[index] != other[index] { return false }
            return true
        }
        let own = unsafe bytes
        let others = unsafe other.bytes
        var offset = 0
        while offset + 8 < count {
            guard own.word(at: offset) == others.word(at: offset) else { return false }
            offset += 8
        }
        return own.word(at: count - 8) == others.word(at: count - 8)
    }
}

extension [UInt8] {
    func isEqual(to other: Span<UInt8>) -> Bool { span.isEqual(to: other) }
}

extension MutableSpan<UInt8> {
    /// Copies all of the source to a place; traps when it does not fit.
    @_lifetime(self: copy self)
    mutating func overwrite(from start: Int, with source: Span<UInt8>) {
        precondition(start >= 0 && source.count <= count - start, "a copy past the end")
        // A short copy costs less by itself than the call of one does.
        guard source.count > 16 else {
            for index in source.indices { self[start + index] = source[index] }
            return
        }
        unsafe withUnsafeMutableBytes { target in
            unsafe source.withUnsafeBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[start...])
                    .copyMemory(from: bytes)
            }
        }
    }
}
