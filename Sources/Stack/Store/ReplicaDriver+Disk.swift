// The way of a ready to the disk, and the log's way off it.
//
// One sync runs at a time. The readies that come while it runs gather; when it is over they go with
// the next one, all of them in one fsync. Only then do their messages leave that promise something
// about this disk, and only then does the core count its own copy.

import Journal
import Raft
import Reactor

/// A ready that waits for the disk, and what leaves once it is there.
struct AwaitingDisk {
    let number: ReadyNumber
    let messages: [RaftMessage]
}

extension ReplicaDriver {
    /// Notes what a ready writes. One that has nothing to write and nothing to wait for is done.
    func persist(_ ready: Ready) {
        do {
            if ready.needsPersistence { try storage.write(ready) }
        } catch {
            fail("the log cannot be written", error)
        }
        let waits = ready.needsPersistence || isSyncing || !awaitingDisk.isEmpty
        if waits {
            awaitingDisk.append(
                AwaitingDisk(number: ready.number, messages: ready.messagesAfterPersistence))
        } else {
            for message in ready.messagesAfterPersistence { post(message) }
            node.step(.persisted(ready.number))
        }
    }

    /// Syncs what has gathered, unless a sync runs: that one goes on by itself.
    func startSync() {
        if isSyncing || awaitingDisk.isEmpty { return }
        isSyncing = true
        Task { @ReactorActor in
            while isRunning, !awaitingDisk.isEmpty { await syncOnce() }
            isSyncing = false
            idle.wakeAll()
        }
    }

    private func syncOnce() async {
        let batch = awaitingDisk
        awaitingDisk = []
        do throws(JournalError) {
            if let sync = try storage.beginSync() {
                try storage.finishSync(await offload { sync.perform() })
            }
        } catch {
            fail("the log cannot be synced", error)
        }
        guard isRunning, let last = batch.last else { return }
        for ready in batch {
            for message in ready.messages { post(message) }
        }
        node.step(.persisted(last.number))
        advance()
    }
}
