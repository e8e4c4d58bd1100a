import Glibc
package import PupProtocol

/// The one mapper of a runtime directory: lock, socket, registry, and its end when it is not needed.
///
/// It is started by whoever needs it first, or by a service manager that holds the socket.
package struct Mapper {
  /// How a mapper's run ended.
  package enum Outcome: Hashable, Sendable {
    /// Another mapper serves the directory.
    case anotherRuns
    /// Nobody needed it any more, it was told to end, or its socket was taken away.
    case ended
  }

  /// How long another mapper has, to notice that our socket has replaced its own and to end.
  private static let handOver = Duration.seconds(30)
  /// How often it is asked whether anybody still needs us, at least.
  private static let round = Duration.seconds(5)

  private let directory: RuntimeDirectory
  private let idleTime: Duration

  /// A mapper for `directory`, which ends after `idleTime` without a live program or a client.
  package init(_ directory: RuntimeDirectory, idleTime: Duration = .seconds(30)) {
    self.directory = directory
    self.idleTime = idleTime
  }

  /// Serves until nobody needs it; blocks.
  ///
  /// `passed` is the socket that a service manager holds: it listens at the directory's own path,
  /// and its file stays when we end.
  /// - Throws: `.refused` if `passed` listens elsewhere, where no pup would find it.
  package func run(_ passed: consuming PassedSocket?) throws(TalkFailure) -> Outcome {
    if let passed { return try run(on: passed) }
    guard let lock = try FileLock(path: directory.mapperLock) else { return .anotherRuns }
    defer { _ = lock }
    // The lock is ours, so a socket that is there has no server.
    unsafe unlink(directory.mapperSocket)
    let registry = Registry(store: RecordStore(directory: directory.records))
    let server = try VarlinkServer(
      path: directory.mapperSocket, product: Self.product,
      interfaces: [MapperInterface(registry: registry)])
    let place = SocketPlace(directory.mapperSocket)
    try serve(server, registry, place) { place?.remove() }
    return .ended
  }

  private func run(on passed: consuming PassedSocket) throws(TalkFailure) -> Outcome {
    let path = directory.mapperSocket
    guard passed.path == path else {
      throw .refused(
        .malformed("other-socket", "the passed socket is \(passed.path), and must be \(path)"))
    }
    guard let lock = try waitForLock() else { return .anotherRuns }
    defer { _ = lock }
    let registry = Registry(store: RecordStore(directory: directory.records))
    let server = try VarlinkServer(
      passed.descriptor(), at: path, product: Self.product,
      interfaces: [MapperInterface(registry: registry)])
    try serve(server, registry, SocketPlace(path)) {}
    return .ended
  }

  private static let product = "pupmapper"

  /// The lock, once a mapper that was started without a service manager has let go of it.
  private func waitForLock() throws(TalkFailure) -> FileLock? {
    let deadline = ContinuousClock.now + Self.handOver
    while true {
      if let lock = try FileLock(path: directory.mapperLock) { return lock }
      guard ContinuousClock.now < deadline else { return nil }
      usleep(50_000)
    }
  }

  private func serve(
    _ server: VarlinkServer, _ registry: Registry, _ place: SocketPlace?, atEnd: () -> Void
  ) throws(TalkFailure) {
    let signals = try SignalSource([SIGTERM, SIGINT, SIGHUP])
    try server.start()
    waitForEnd(server, registry, place, signals)
    atEnd()
    server.stop()
  }

  private func waitForEnd(
    _ server: VarlinkServer, _ registry: Registry, _ place: SocketPlace?,
    _ signals: SignalSource
  ) {
    var idleSince = ContinuousClock.now
    while true {
      if signals.next(timeout: min(Self.round, idleTime / 2)) != nil { return }
      // Whoever comes finds another mapper, or none: pups are to register there.
      if let place, !place.isOurs { return }
      // Asked first: it also finds pups that died before they had registered again.
      guard registry.isIdle, server.connectionCount == 0 else {
        idleSince = .now
        continue
      }
      if ContinuousClock.now - idleSince >= idleTime { return }
    }
  }
}
