// `WITH id milliseconds COMMAND`: a command on behalf of a request, as our other tiers take it. The id goes into
// the log lines of what failed, or of everything. A command here takes microseconds, so the time that its
// caller still waits matters only when it is over: then nothing is done.

/// Who is told of commands that come with the id of a request.
struct RequestTrace {
    /// Else of those that failed alone.
    var isEvery = false
    /// The id, the name of the command, and whether it failed.
    let note: (String, String, Bool) -> Void
}

extension CacheEngine {
    /// Always appends exactly one reply; what comes after the prefix runs as if it had come alone.
    mutating func executeOnBehalf(
        _ call: consuming CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) {
        guard call.count > 3, CacheEngine.isLegal(id: call[1]), let left = Decimal.parse(call[2]),
            left >= 0
        else { return reply.error("ERR expected WITH id milliseconds COMMAND") }
        guard left > 0 else { return reply.error("OVERLOADED the caller's deadline is over") }
        let command = CacheCommand.named(call[3])
        // A prefix before a prefix would let one command nest as deep as it has words.
        guard command != .with else { return reply.error("ERR WITH before WITH") }
        guard let requestTrace else { return execute(call.dropping(3), for: &client, into: &reply) }
        let id = call.text(1)
        let before = failures[Int(command.rawValue)]
        execute(call.dropping(3), for: &client, into: &reply)
        let hasFailed = failures[Int(command.rawValue)] > before
        if requestTrace.isEvery || hasFailed { requestTrace.note(id, command.name, hasFailed) }
    }

    /// Visible ASCII of 1 to 128 bytes, as every tier has it.
    private static func isLegal(id: Span<UInt8>) -> Bool {
        guard (1...128).contains(id.count) else { return false }
        for index in id.indices where id[index] <= 0x20 || id[index] >= 0x7f { return false }
        return true
    }
}
