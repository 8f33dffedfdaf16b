// The few marks of a replica that a driver may look at after every step, without building a status.

extension RaftNode {
    package var committedIndex: LogIndex { log.commit }
    package var currentTerm: Term { term }
}
