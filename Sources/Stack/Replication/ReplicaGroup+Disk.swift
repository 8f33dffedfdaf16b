// The way of a ready to the disk.
//
// One sync runs at a time, for all groups. The readies that come while it runs gather; when it is
// over they go with the next one, all of them in one fsync. Only then do their messages leave that
// promise something about this disk, and only then does the core count its own copy.

import Raft
import Reactor

/// A ready that waits for the disk, and what leaves once it is there.
struct AwaitingDisk {
    let number: ReadyNumber
    let messages: [RaftMessage]
}

extension ReplicaGroup {
    /// Whether a ready still waits for the disk.
    var waitsForDisk: Bool { !awaitingDisk.isEmpty || !goingToDisk.isEmpty }

    /// Notes what a ready writes. One that has nothing to write and nothing to wait for is done.
    func persist(_ ready: Ready) {
        guard ready.needsPersistence || waitsForDisk else {
            for message in ready.messagesAfterPersistence { post(message) }
            node.step(.persisted(ready.number))
            return
        }
        if ready.needsPersistence { records.write(ready, of: id) }
        awaitingDisk.append(
            AwaitingDisk(number: ready.number, messages: ready.messagesAfterPersistence))
        records.enlist(self)
    }

    func syncDidBegin() {
        goingToDisk = awaitingDisk
        awaitingDisk = []
    }

    func syncDidEnd() {
        let landed = goingToDisk
        goingToDisk = []
        guard isRunning, let last = landed.last else { return }
        for ready in landed {
            for message in ready.messages { post(message) }
        }
        node.step(.persisted(last.number))
        if !waitsForDisk { settled.wakeAll() }
        advance()
    }
}
