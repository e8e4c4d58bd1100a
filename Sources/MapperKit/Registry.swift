package import PupProtocol
import Synchronization

/// The programs of one runtime directory: who is live, who ended, whose pup died.
///
/// Each change is on disk before it is answered, so that a mapper started anew knows it too.
package final class Registry: Sendable {
  /// The claim of one connection to one name.
  package struct Claim: Hashable, Sendable {
    let name: String
    let number: Int
  }

  private struct Holder {
    let number: Int
    let alerts: AsyncStream<UserAlert>.Continuation
  }

  private struct State {
    var records: [String: ProgramRecord] = [:]
    var holders: [String: Holder] = [:]
    var nextNumber = 0
  }

  private let store: RecordStore
  private let state: Mutex<State>

  /// The registry as the records in `store` tell it.
  package init(store: RecordStore) {
    self.store = store
    var state = State()
    for record in store.load() { state.records[record.name] = record }
    self.state = Mutex(state)
  }

  // MARK: - A pup's side

  /// Gives `record.name` to the pup that connects, whose process is `caller`.
  ///
  /// - Throws: `exists` if a live program has the name, or a lost one whose target runs on and is
  ///   not being adopted.
  package func register(
    _ record: ProgramRecord, adopting: Bool, caller: Peer
  ) throws(ServiceFailure) -> (Claim, AsyncStream<UserAlert>) {
    try ProgramRecord.check(record.name)
    guard record.pup == ProcessIdentity(pid: Int(caller.pid)) else {
      throw .cannot("not-permitted", "a pup can register only itself")
    }
    var record = record
    record.state = .live
    record.uid = caller.uid
    let claimed = record
    let (alerts, continuation) = AsyncStream.makeStream(
      of: UserAlert.self, bufferingPolicy: .bufferingNewest(64))
    let result: Result<Claim, ServiceFailure> = state.withLock { state in
      refresh(claimed.name, &state)
      if let failure = conflict(claimed, adopting: adopting, state) { return .failure(failure) }
      state.nextNumber += 1
      state.holders.updateValue(
        Holder(number: state.nextNumber, alerts: continuation), forKey: claimed.name)?.alerts
        .finish()
      save(claimed, &state)
      return .success(Claim(name: claimed.name, number: state.nextNumber))
    }
    return (try result.get(), alerts)
  }

  /// The connection of `claim` has ended: without `deregister` before, the pup died.
  package func connectionEnded(_ claim: Claim) {
    state.withLock { state in
      guard state.holders[claim.name]?.number == claim.number else { return }
      state.holders[claim.name] = nil
      guard var record = state.records[claim.name], record.state == .live else { return }
      record.state = .lost
      save(record, &state)
    }
  }

  /// Takes over what is new about a live program.
  package func note(_ record: ProgramRecord, caller: Peer) throws(ServiceFailure) {
    try change(record, caller: caller, to: .live)
  }

  /// Ends a program in order: its name is free from then on, unless its target was left running.
  ///
  /// A program that never had a target leaves no record.
  package func deregister(_ record: ProgramRecord, caller: Peer) throws(ServiceFailure) {
    try change(record, caller: caller, to: .ended)
  }

  // MARK: - A user's side

  /// The record of `name`; with `connecting` its pup is told who comes, and `from` which host.
  package func resolve(
    _ name: String, connecting: Bool, from host: String? = nil, caller: Peer
  ) throws(ServiceFailure) -> ProgramRecord {
    let found: ProgramRecord? = state.withLock { state in
      refresh(name, &state)
      if connecting {
        state.holders[name]?.alerts.yield(UserAlert(uid: caller.uid, pid: caller.pid, from: host))
      }
      return state.records[name]
    }
    guard let found else { throw .noSuchProgram(name) }
    return found
  }

  /// All records by name.
  package func list() -> [ProgramRecord] {
    state.withLock { state in
      for name in state.records.keys { refresh(name, &state) }
      return state.records.values.sorted { $0.name < $1.name }
    }
  }

  /// Marks a lost program as ended if its target has ended.
  package func settle(_ name: String) throws(ServiceFailure) -> ProgramRecord {
    let found: ProgramRecord? = state.withLock { state in
      refresh(name, &state)
      guard var record = state.records[name] else { return nil }
      if record.state == .lost, !record.isTargetAlive {
        record.state = .ended
        save(record, &state)
      }
      return record
    }
    guard let found else { throw .noSuchProgram(name) }
    return found
  }

  /// Whether no pup is registered, so that the mapper may end.
  package var isIdle: Bool {
    state.withLock { state in
      for name in state.records.keys { refresh(name, &state) }
      return !state.records.values.contains { $0.state == .live }
    }
  }

  // MARK: - Rules

  private func change(
    _ record: ProgramRecord, caller: Peer, to newState: ProgramRecord.State
  ) throws(ServiceFailure) {
    let isDone = state.withLock { state in
      guard let known = state.records[record.name], known.pup == record.pup,
        known.pup.pid == Int(caller.pid)
      else { return false }
      var record = record
      record.state = newState
      record.uid = known.uid
      if newState == .ended {
        if record.isTargetAlive { record.state = .lost }
        if record.target == nil {
          forget(record.name, &state)
          return true
        }
      }
      save(record, &state)
      return true
    }
    guard isDone else {
      throw .cannot("not-permitted", "\(record.name) is not this pup's program")
    }
  }

  /// Why `record` may not have its name now; what another user's program holds is not adopted.
  private func conflict(
    _ record: ProgramRecord, adopting: Bool, _ state: State
  ) -> ServiceFailure? {
    guard let known = state.records[record.name], known.pup != record.pup else { return nil }
    switch known.state {
    case .ended: return nil
    case .live:
      return .cannot("exists", "\(record.name) exists already (pup \(known.pup.pid))")
    case .lost:
      if !known.isTargetAlive { return nil }
      guard known.uid == record.uid || record.uid == 0 else {
        return .cannot("exists", "\(record.name) belongs to user \(known.uid)")
      }
      if adopting { return nil }
      return .cannot(
        "exists",
        "\(record.name) runs without a pup: ush attach \(record.name), or ush stop \(record.name)")
    }
  }

  /// A pup that does not hold a connection (the mapper is new) may have died unseen.
  private func refresh(_ name: String, _ state: inout State) {
    guard var record = state.records[name], record.state == .live, state.holders[name] == nil,
      !record.pup.isAlive
    else { return }
    record.state = .lost
    save(record, &state)
  }

  private func forget(_ name: String, _ state: inout State) {
    state.records[name] = nil
    store.remove(name)
  }

  private func save(_ record: ProgramRecord, _ state: inout State) {
    state.records[record.name] = record
    store.save(record)
  }
}
