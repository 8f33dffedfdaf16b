// Snapshots: a leader copies its state for a follower whose entries are gone from the log, and a
// follower puts such a copy in the place of its own state.
//
// The copy is of the leader's newest checkpoint, not of the place where its log begins, so it may be
// newer than what the core asked for. The core is content: the follower answers with what it has.

import Linux
import Raft
import Reactor
import Telemetry

extension ReplicaDriver {
    // MARK: Giving

    /// Starts to send a snapshot to the message's receiver; one at a time, the next has to wait.
    func offerSnapshot(_ message: RaftMessage) {
        guard !isSendingSnapshot else {
            return node.step(.snapshotFinished(to: message.to, isDelivered: false))
        }
        isSendingSnapshot = true
        Task { @ReactorActor in
            let isDelivered = await sendSnapshot(message)
            isSendingSnapshot = false
            guard isRunning else { return }
            log.info("snapshot sent", ["peer": message.to, "delivered": isDelivered])
            node.step(.snapshotFinished(to: message.to, isDelivered: isDelivered))
            advance()
        }
    }

    private func sendSnapshot(_ message: RaftMessage) async -> Bool {
        guard let file = await copyState() else { return false }
        defer { try? File.remove(file.path) }
        guard isRunning else { return false }
        var message = message
        message.body = .installSnapshot(file.descriptor)
        return await transfer(file, message)
    }

    /// Copies the state as of a checkpoint that is made for it.
    private func copyState() async -> SnapshotFile? {
        let work = Promise<SnapshotWork?>()
        waitingCopy = work
        wantsCheckpoint = true
        settleState()
        guard let work = await work.value() ?? nil else { return nil }
        let result = await offload { work.perform() }
        defer { stateChanged.wakeAll() }
        do throws(StateError) {
            return try state.finishSnapshot(result)
        } catch {
            log.warning("snapshot failed", ["error": error])
            return nil
        }
    }

    /// Starts the copy that waits, in the one moment when everything applied is checkpointed.
    func startWaitingCopy() {
        guard let waiting = waitingCopy, stateIsFree, !state.isSnapshotting,
            state.applied == state.checkpointed
        else { return }
        waitingCopy = nil
        wantsCheckpoint = false
        do throws(StateError) {
            waiting.fulfil(try state.beginSnapshot(to: folder + "/outgoing.mdb"))
        } catch {
            fail("the state cannot be checkpointed", error)
        }
    }

    // MARK: Taking

    /// Where the bytes of a snapshot go while they arrive.
    private var incomingPath: String { folder + "/incoming.mdb" }

    /// Receives a snapshot; the connection is the caller's to close.
    func takeSnapshot(from peer: NodeID, on connection: Connection) async {
        guard isRunning, !isReceivingSnapshot else { return }
        isReceivingSnapshot = true
        defer { isReceivingSnapshot = false }
        let path = incomingPath
        defer { if File.exists(path) { try? File.remove(path) } }
        guard let (file, message) = try? await SnapshotStream.receive(to: path, on: connection),
            message.from == peer
        else { return log.warning("snapshot broke off", ["peer": peer]) }
        await receiveSnapshot(message, file)
        connection.send(PeerFrame.taken.encoded)
        try? await connection.flush(deadline: .now() + .seconds(1))
    }

    /// Hands a snapshot that has arrived to the core, and waits until it is installed or refused.
    private func receiveSnapshot(_ message: RaftMessage, _ file: SnapshotFile) async {
        guard isRunning, !isInstalling, stagedSnapshot == nil else { return }
        stagedSnapshot = file
        node.step(.message(message))
        advance()
        while isInstalling { _ = await stateChanged.wait() }
        if stagedSnapshot != nil {
            log.info("snapshot not needed", ["index": file.descriptor.index])
        }
        stagedSnapshot = nil
    }

    /// Carries out a ready that asks for the staged snapshot. No other is taken meanwhile.
    func install(_ ready: Ready) {
        isInstalling = true
        Task { @ReactorActor in
            while isSyncing || !awaitingDisk.isEmpty { _ = await idle.wait() }
            while state.isCheckpointing || state.isSnapshotting { _ = await stateChanged.wait() }
            if isRunning { putInPlace(ready) }
            isInstalling = false
            stateChanged.wakeAll()
            finish(ready)
            advance()
        }
    }

    /// Term and vote go to the disk first: a log or a state must never be ahead of the term.
    private func putInPlace(_ ready: Ready) {
        guard let file = stagedSnapshot, file.descriptor == ready.snapshot else {
            preconditionFailure("the core installs only what was staged")
        }
        do {
            if let hardState = ready.hardState { try storage.syncHardState(hardState) }
            try state.install(file)
        } catch {
            fail("the snapshot cannot be installed", error)
        }
        stagedSnapshot = nil
        backlog = []
        appliedBytes = 0
        log.info("snapshot installed", ["index": file.descriptor.index])
    }
}
