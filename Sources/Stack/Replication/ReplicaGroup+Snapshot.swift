// Snapshots: a leader copies its state for a follower whose entries are gone from the log, and a
// follower puts such a copy in the place of its own state.
//
// The copy is of the leader's newest checkpoint, not of the place where its log begins, so it may be
// newer than what the core asked for. The core is content: the follower answers with what it has. A
// copy that did not get through is kept for a while, so that the next try goes on where it broke off.

import Linux
import Raft
import Reactor
import Telemetry

/// A copy of the state that followers may be sent.
struct OutgoingSnapshot {
    let file: SnapshotFile
    /// When it has outlived its use.
    let deadline: MonotonicTime
}

extension ReplicaGroup {
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
            log.info(
                "snapshot sent", ["group": id, "peer": message.to, "delivered": isDelivered])
            node.step(.snapshotFinished(to: message.to, isDelivered: isDelivered))
            outlets.wake()
        }
    }

    private func sendSnapshot(_ message: RaftMessage) async -> Bool {
        guard let file = await outgoingFile(), isRunning else { return false }
        var message = message
        message.body = .installSnapshot(file.descriptor)
        guard await outlets.transfer(file, message) else { return false }
        dropOutgoing()
        return true
    }

    /// The copy that is there, if the log still goes on from it, or a new one.
    private func outgoingFile() async -> SnapshotFile? {
        if let file = outgoing?.file, file.descriptor.index >= status.compacted { return file }
        dropOutgoing()
        guard isRunning else { return nil }
        let copy = Promise<SnapshotFile?>()
        waitingCopy = copy
        outlets.wake()
        guard let file = await copy.value() ?? nil else { return nil }
        outgoing = OutgoingSnapshot(file: file, deadline: .now() + limits.snapshotLifetime)
        return file
    }

    func dropOutgoing() {
        guard let file = outgoing?.file else { return }
        outgoing = nil
        try? File.remove(file.path)
    }

    /// Gives up a copy that is in nobody's hands and too old.
    func expireOutgoing() {
        guard let deadline = outgoing?.deadline, !isSendingSnapshot, deadline < .now() else {
            return
        }
        dropOutgoing()
    }

    // MARK: Taking

    /// Receives a snapshot, or the rest of one; the connection is the caller's to close.
    func takeSnapshot(
        _ offer: SnapshotOffer, from peer: NodeID, on connection: Connection
    ) async {
        guard isRunning, !isReceivingSnapshot, offer.message.from == peer else { return }
        isReceivingSnapshot = true
        defer { isReceivingSnapshot = false }
        do {
            let partial = try incoming(for: offer)
            resumedBytes += partial.byteCount
            guard try await SnapshotStream.receive(into: partial, on: connection) else { return }
            incoming = nil
            defer { if File.exists(partial.path) { try? File.remove(partial.path) } }
            guard let file = partial.file else {
                return log.warning("snapshot is not what was announced", ["group": id])
            }
            await receiveSnapshot(offer.message, file)
            connection.send(PeerFrame.taken.encoded)
            try await connection.flush(deadline: .now() + .seconds(1))
        } catch {
            log.warning("snapshot broke off", ["group": id, "peer": peer, "error": "\(error)"])
        }
    }

    private func incoming(for offer: SnapshotOffer) throws(SyscallError) -> PartialSnapshot {
        if let incoming, incoming.matches(offer) { return incoming }
        let fresh = try PartialSnapshot(offer, path: folder + "/incoming")
        incoming = fresh
        return fresh
    }

    /// Hands a snapshot that has arrived to the core, and waits until it is installed or refused.
    private func receiveSnapshot(_ message: RaftMessage, _ file: SnapshotFile) async {
        guard isRunning, !isInstalling, stagedSnapshot == nil else { return }
        stagedSnapshot = file
        node.step(.message(message))
        advance()
        outlets.wake()
        while isInstalling { _ = await stateChanged.wait() }
        if stagedSnapshot != nil {
            log.info("snapshot not needed", ["group": id, "index": file.descriptor.index])
        }
        stagedSnapshot = nil
    }

    /// Carries out a ready that asks for the staged snapshot. No other is taken meanwhile.
    func install(_ ready: Ready) {
        isInstalling = true
        Task { @ReactorActor in
            while isRunning, waitsForDisk { _ = await settled.wait() }
            while isCheckpointing || isCopying { _ = await stateChanged.wait() }
            if isRunning { await putInPlace(ready) }
            isInstalling = false
            stateChanged.wakeAll()
            guard isRunning else { return }
            finish(ready)
            outlets.wake()
        }
    }

    /// Term and vote go to the disk first: a log or a state must never be ahead of the term.
    private func putInPlace(_ ready: Ready) async {
        guard let file = stagedSnapshot, file.descriptor == ready.snapshot else {
            preconditionFailure("the core installs only what was staged")
        }
        if let hardState = ready.hardState {
            records.append(.hardState(hardState), of: id)
            guard await records.flush(), isRunning else { return }
        }
        do throws(State.Failure) {
            try await state.install(file)
        } catch {
            fail("the snapshot cannot be installed", error)
        }
        stagedSnapshot = nil
        backlog = []
        appliedBytes = 0
        log.info("snapshot installed", ["group": id, "index": file.descriptor.index])
    }
}
