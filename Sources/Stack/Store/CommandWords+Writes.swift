// The grammar of the commands that write: a word that does not fit is told apart from one that is too
// long. The table in StoreCommands.swift shows it whole.

import Wire

extension CommandWords {
    /// Reads a whole command that writes.
    mutating func takeWrite() throws(CommandRefusal) -> (StoreCommand, AnswerForm) {
        let (action, form) = try takeAction()
        let request = try takeRequest()
        let command = try Self.checked { () throws(StoreCommandError) in
            try StoreCommand(request: request, action: action)
        }
        return (command, form)
    }

    private mutating func takeAction() throws(CommandRefusal) -> (StoreCommand.Action, AnswerForm) {
        switch name {
        case "SET": return try takeSet()
        case "DEL": return try takeDelete()
        case "INCRBY":
            return (.increment(key: try take(), by: try takeInteger()), .plain)
        case "ONCE":
            return (.once(token: try take(), key: try take(), value: try take()), .plain)
        case "TXN": return (.transact(try takeTransaction()), .transaction)
        case "SESSION":
            // The key has been looked at: it says of which shard.
            if !isAtEnd { _ = try take() }
            try expectEnd()
            return (.openSession, .plain)
        default: throw arguments
        }
    }

    private mutating func takeSet() throws(CommandRefusal) -> (StoreCommand.Action, AnswerForm) {
        let (key, value) = (try take(), try take())
        let test = take(ifWord: "NX") ? Condition.Test.absent : try takeTest()
        guard let test else { return (.set(key: key, value: value), .plain) }
        return (try Self.conditional(key, test, .set(value)), .conditional)
    }

    private mutating func takeDelete() throws(CommandRefusal) -> (StoreCommand.Action, AnswerForm) {
        let key = try take()
        guard let test = try takeTest() else { return (.delete(key: key), .plain) }
        return (try Self.conditional(key, test, .delete), .conditional)
    }

    /// `IFVERSION n` or `IFVALUE value`, or nothing.
    private mutating func takeTest() throws(CommandRefusal) -> Condition.Test? {
        if take(ifWord: "IFVERSION") { return .version(try takeCount()) }
        if take(ifWord: "IFVALUE") { return .value(try take()) }
        return nil
    }

    private static func conditional(
        _ key: [UInt8], _ test: Condition.Test, _ change: Write.Change
    ) throws(CommandRefusal) -> StoreCommand.Action {
        try checked { () throws(StoreCommandError) in
            .transact(
                try Transaction(
                    conditions: [Condition(key: key, test)], writes: [Write(key: key, change)]))
        }
    }

    // MARK: Transactions

    /// `IF test... THEN change...`; either part may be missing, not both.
    private mutating func takeTransaction() throws(CommandRefusal) -> Transaction {
        var conditions: [Condition] = []
        var writes: [Write] = []
        if take(ifWord: "IF") {
            while let condition = try takeCondition() { conditions.append(condition) }
        }
        if take(ifWord: "THEN") {
            while let write = try takeChange() { writes.append(write) }
        }
        return try Self.checked { () throws(StoreCommandError) in
            try Transaction(conditions: conditions, writes: writes)
        }
    }

    private mutating func takeCondition() throws(CommandRefusal) -> Condition? {
        if take(ifWord: "VERSION") {
            return Condition(key: try take(), .version(try takeCount()))
        }
        if take(ifWord: "VALUE") { return Condition(key: try take(), .value(try take())) }
        if take(ifWord: "ABSENT") { return Condition(key: try take(), .absent) }
        if take(ifWord: "PRESENT") { return Condition(key: try take(), .present) }
        return nil
    }

    private mutating func takeChange() throws(CommandRefusal) -> Write? {
        if take(ifWord: "SET") { return Write(key: try take(), .set(try take())) }
        if take(ifWord: "DEL") { return Write(key: try take(), .delete) }
        if take(ifWord: "INCRBY") { return Write(key: try take(), .add(try takeInteger())) }
        return nil
    }

    /// Tells what is too long from what makes no sense.
    private static func checked<Value>(
        _ make: () throws(StoreCommandError) -> Value
    ) throws(CommandRefusal) -> Value {
        do throws(StoreCommandError) {
            return try make()
        } catch {
            throw error.isSize ? .tooLarge(error.description) : .syntax(error.description)
        }
    }
}
