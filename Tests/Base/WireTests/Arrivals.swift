// How bytes may arrive: the ways of cutting a message that every decoder test goes through.

extension String {
    var bytes: [UInt8] { [UInt8](utf8) }
}

/// Every proper prefix, the empty one included: none of them is a whole message.
func properPrefixes(of message: [UInt8]) -> [[UInt8]] {
    (0..<message.count).map { Array(message[..<$0]) }
}

/// Every way to cut the message into at most three pieces; some pieces are empty.
func splits(of message: [UInt8]) -> [[[UInt8]]] {
    (0...message.count).flatMap { first in
        (first...message.count).map { second in
            [
                Array(message[..<first]), Array(message[first..<second]), Array(message[second...]),
            ]
        }
    }
}

func singleBytes(of message: [UInt8]) -> [[UInt8]] {
    message.map { [$0] }
}
