/// What a pup does for one program; `PupKit` implements it, `VarlinkServer` makes it reachable.
///
/// Calls come from several clients at once; the service puts updates in order. The task of a call is
/// cancelled when its client vanishes: that ends the waiting, never the update, since state lives
/// in the pup and not in a connection.
package protocol ProgramService: ProgramInsight {
  /// Prepares a version, without running or updating to it.
  func load(_ request: LoadRequest) async throws(ServiceFailure) -> LoadReport

  /// Starts the target and returns once `main` was entered.
  ///
  /// - Throws: `cannot("exec")` if it could not be executed, `cannot("early-exit")` if it ended
  ///   before `main`, `malformed` if it is not a prepared program.
  func run(_ request: RunRequest) async throws(ServiceFailure) -> StatusReport

  /// Adopts a process that runs already, and finishes or undoes what was pending.
  func attach(_ request: AttachRequest) async throws(ServiceFailure) -> AttachReport

  /// Updates the target, and reports after at most `waitSeconds`; a refusal is a report.
  func update(_ request: UpdateRequest) async throws(ServiceFailure) -> UpdateReport

  /// The report of an update once it is complete, or as it stands when the time is over.
  ///
  /// With nothing pending: the last update's report, or `already` if there was none.
  func wait(_ request: WaitRequest) async throws(ServiceFailure) -> UpdateReport

  /// Undoes a pending update; the report's result is `undone`.
  func cancel(_ request: CancelRequest) async throws(ServiceFailure) -> UpdateReport

  /// What the program is doing.
  func status() async throws(ServiceFailure) -> StatusReport

  /// Ends the target: SIGTERM, then SIGKILL; returns when it has ended, also if it had before.
  func stop(_ request: StopRequest) async throws(ServiceFailure) -> StatusReport

  /// The events from now on; the stream ends after `exited` and when the reader is cancelled.
  ///
  /// With `update` set it ends after that update's outcome; an update that is over already gives
  /// its outcome at once.
  func watch(_ request: WatchRequest) async throws(ServiceFailure) -> AsyncStream<ProgramEvent>

  /// Gives `event`, which did not come from the service, to all watchers.
  func announce(_ event: ProgramEvent)
}
