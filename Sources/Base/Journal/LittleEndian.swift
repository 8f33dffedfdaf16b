// Fixed-width integers in the byte order of the file format.

extension Span where Element == UInt8 {
    /// The integer whose low byte comes first at `offset`; traps outside of the span.
    func integer<Value: FixedWidthInteger>(at offset: Int, as type: Value.Type) -> Value {
        var value: Value = 0
        for place in 0..<(Value.bitWidth / 8) {
            value |= Value(truncatingIfNeeded: self[offset + place]) << Value(8 * place)
        }
        return value
    }
}

extension Array where Element == UInt8 {
    mutating func append<Value: FixedWidthInteger>(littleEndian value: Value) {
        for place in 0..<(Value.bitWidth / 8) {
            append(UInt8(truncatingIfNeeded: value >> Value(8 * place)))
        }
    }

    mutating func replace<Value: FixedWidthInteger>(at offset: Int, littleEndian value: Value) {
        for place in 0..<(Value.bitWidth / 8) {
            self[offset + place] = UInt8(truncatingIfNeeded: value >> Value(8 * place))
        }
    }
}
