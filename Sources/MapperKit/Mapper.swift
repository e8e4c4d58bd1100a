import Glibc
package import PupProtocol

/// The one mapper of a runtime directory: lock, socket, registry, and its end when it is not needed.
package struct Mapper {
  /// How a mapper's run ended.
  package enum Outcome: Hashable, Sendable {
    /// Another mapper serves the directory.
    case anotherRuns
    /// Nobody needed it any more, or it was told to end.
    case ended
  }

  private let directory: RuntimeDirectory
  private let idleTime: Duration

  /// A mapper for `directory`, which ends after `idleTime` without a live program or a client.
  package init(_ directory: RuntimeDirectory, idleTime: Duration = .seconds(30)) {
    self.directory = directory
    self.idleTime = idleTime
  }

  /// Serves until nobody needs it; blocks.
  package func run() throws(TalkFailure) -> Outcome {
    guard let lock = try FileLock(path: directory.mapperLock) else { return .anotherRuns }
    defer { _ = lock }
    let signals = try SignalSource([SIGTERM, SIGINT, SIGHUP])
    let registry = Registry(store: RecordStore(directory: directory.records))
    // The lock is ours, so a socket that is there has no server.
    unsafe unlink(directory.mapperSocket)
    let server = try VarlinkServer(
      path: directory.mapperSocket, product: "pupmapper",
      interfaces: [MapperInterface(registry: registry)])
    try server.start()
    waitForEnd(server, registry, signals)
    unsafe unlink(directory.mapperSocket)
    server.stop()
    return .ended
  }

  private func waitForEnd(
    _ server: VarlinkServer, _ registry: Registry, _ signals: SignalSource
  ) {
    var idleSince = ContinuousClock.now
    while true {
      if signals.next(timeout: min(.seconds(5), idleTime / 2)) != nil { return }
      guard server.connectionCount == 0, registry.isIdle else {
        idleSince = .now
        continue
      }
      if ContinuousClock.now - idleSince >= idleTime { return }
    }
  }
}
