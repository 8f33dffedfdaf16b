// Opening the shared log, and what to do when it is damaged.
//
// A torn tail was never acknowledged and is cut. Damage in front of intact records means that entries
// are gone which this host confirmed, and nobody can say how many. Then the log is put aside and begun
// anew: the register still has the groups, their terms and votes, and each replica starts as recovering
// on what its state machine has, without a vote, until its leader has given it the rest
// (Recovery.swift in Raft). That the damage was found is durable before anything is moved.

import Journal
import Linux
import Raft
import Reactor
import Telemetry

extension SharedLog {
    static func open(
        _ folder: String, options: JournalOptions, log: Log
    ) throws(ReplicationError) -> (log: SharedLog, groups: [GroupID: RecoveredGroup]) {
        let register = try LogRegister.open(folder + ".register", options: options)
        let everStarted = register.groups.values.contains { $0.hardState.term > .zero }
        var found: Contents
        do {
            found = try read(folder, options, log)
            if found.journal.lastIndex == 0, everStarted {
                log.error("the log is gone; its replicas are rebuilt by their peers")
                found = try begin(folder, options, register)
            }
        } catch {
            guard error.isDamage, everStarted else { throw error }
            log.error(
                "the log is damaged; its replicas are rebuilt by their peers",
                ["error": error, "groups": register.groups.count, "aside": "\(folder).damaged"])
            found = try begin(folder, options, register)
        }
        try agree(&found, with: register)
        let shared = SharedLog(
            journal: found.journal, register: register, live: found.live,
            segmentSizeMax: options.segmentSizeMax, log: log)
        return (shared, found.groups)
    }

    private struct Contents {
        let journal: SegmentedJournal
        var live: LiveRecords
        var groups: [GroupID: RecoveredGroup]
    }

    private static func read(
        _ folder: String, _ options: JournalOptions, _ log: Log
    ) throws(ReplicationError) -> Contents {
        var replay = LogReplay()
        var malformed: ReplicationError?
        let opened: (journal: SegmentedJournal, recovery: Recovery)
        do {
            opened = try SegmentedJournal.open(folder: folder, options: options) { record in
                let parsed = LogRecord.parse(kind: record.kind, payload: record.payload)
                guard let (group, parsed) = parsed else {
                    malformed =
                        malformed ?? .malformedRecord(index: record.index, kind: record.kind)
                    return
                }
                replay.take(parsed, of: group, at: place(record.index, record.payload))
            }
        } catch {
            throw .journal(error)
        }
        if let malformed { throw malformed }
        if let tail = opened.recovery.tornTail {
            log.info(
                "torn tail cut",
                ["segment": tail.segment, "offset": tail.offset, "bytes": tail.byteCount])
        }
        let (groups, live) = try replay.finish()
        return Contents(journal: opened.journal, live: live, groups: groups)
    }

    /// Begins a new log whose replicas are recovering.
    private static func begin(
        _ folder: String, _ options: JournalOptions, _ register: LogRegister
    ) throws(ReplicationError) -> Contents {
        do {
            for (id, item) in register.groups {
                var state = item.hardState
                state.isRecovering = true
                try register.note(.hardState(state), of: id)
            }
            try register.sync()
            let aside = folder + ".damaged"
            if File.exists(aside) { try File.removeTree(aside) }
            try File.rename(folder, to: aside)
            try File.syncDirectory(File.folder(of: folder))
            let journal = try SegmentedJournal.open(folder: folder, options: options).journal
            var found = Contents(journal: journal, live: LiveRecords(), groups: [:])
            for (id, item) in register.groups {
                var group = RecoveredGroup(founding: item.founding)
                group.hardState = item.hardState
                found.groups[id] = group
                for record in [LogRecord.founded(item.founding), .hardState(item.hardState)] {
                    let payload = record.payload(of: id)
                    let index = try journal.append(kind: record.kind.rawValue, payload: payload)
                    found.live.note(record, of: id, at: place(index, payload))
                }
            }
            try journal.sync()
            return found
        } catch let error as JournalError {
            throw .journal(error)
        } catch let error as SyscallError {
            throw .system(error)
        } catch {
            preconditionFailure("only these two are thrown")
        }
    }

    /// Settles what a crash between the register's sync and the log's has left: the register is ahead,
    /// by a term or vote that nobody was told of, or by a group that never was.
    private static func agree(
        _ found: inout Contents, with register: LogRegister
    ) throws(ReplicationError) {
        do {
            for (id, item) in register.groups {
                guard let state = found.groups[id]?.hardState else {
                    try register.note(.removed, of: id)
                    continue
                }
                guard item.hardState.term >= state.term else { continue }
                found.groups[id]?.hardState = item.hardState
                found.groups[id]?.hardState.isRecovering =
                    state.isRecovering || item.hardState.isRecovering
            }
            for (id, group) in found.groups where register.groups[id] == nil {
                try register.note(.founded(group.founding), of: id)
                try register.note(.hardState(group.hardState), of: id)
            }
        } catch {
            throw .journal(error)
        }
    }
}

extension ReplicationError {
    /// Whether what was acknowledged may be missing from the log.
    fileprivate var isDamage: Bool {
        switch self {
        case .journal(.corrupt), .journal(.gap), .missingEntry, .unfounded: true
        case .journal, .system, .state, .restore, .malformedRecord: false
        }
    }
}
