import CSocket
import Glibc
import Synchronization

/// Offers interfaces at a Unix socket, to the user's own processes and to root's.
///
/// One thread accepts, one more serves each connection; calls run as Swift tasks. Nothing that a
/// client does, or leaves undone, holds up another client or the service.
package final class VarlinkServer: Sendable {
  private struct State {
    var connections = 0
    var isStopped = false
  }

  private static let connectionLimit = 512

  /// Where clients connect.
  package let path: String
  private let listener: Descriptor
  private let interfaces: [any VarlinkInterface]
  private let shutdownEvent: SharedEvent
  private let state = Mutex(State())
  private let onIdle: (@Sendable () -> Void)?

  /// Binds a socket at `path`, which must not exist; clients are served from `start` on.
  ///
  /// `product` is what `GetInfo` calls the program. `onIdle` is called, on some thread, whenever
  /// the last connection has ended.
  package convenience init(
    path: String, product: String, interfaces: [any VarlinkInterface],
    onIdle: (@Sendable () -> Void)? = nil
  ) throws(TalkFailure) {
    try self.init(
      UnixSocket.listen(at: path), at: path, product: product, interfaces: interfaces,
      onIdle: onIdle)
  }

  /// The same for a socket that listens at `path` already.
  package init(
    _ listener: consuming Descriptor, at path: String, product: String,
    interfaces: [any VarlinkInterface], onIdle: (@Sendable () -> Void)? = nil
  ) throws(TalkFailure) {
    self.path = path
    guard let event = SharedEvent() else {
      throw .system(operation: .listen, path: path, code: errno)
    }
    shutdownEvent = event
    self.interfaces = ServiceInterface.added(to: interfaces, product: product)
    self.onIdle = onIdle
    self.listener = listener
  }

  /// A pup's server.
  package convenience init(
    path: String, service: any ProgramService, onIdle: (@Sendable () -> Void)? = nil
  ) throws(TalkFailure) {
    try self.init(
      path: path, product: "pup", interfaces: [ProgramInterface(service: service)], onIdle: onIdle)
  }

  /// How many clients are connected.
  package var connectionCount: Int { state.withLock { $0.connections } }

  /// Begins to accept clients.
  package func start() throws(TalkFailure) {
    try onNewThread { self.acceptAll() }
  }

  /// Accepts no more clients, and lets go of those that are not in the middle of a call.
  ///
  /// The socket's file is the caller's to remove, since it may have been renamed.
  package func stop() {
    state.withLock { $0.isStopped = true }
    shutdownEvent.signal()
  }

  private func acceptAll() {
    while true {
      var ready: Int16 = 0
      var stop: Int16 = 0
      let count = unsafe cs_poll(
        listener.rawValue, Int16(POLLIN), &ready, shutdownEvent.descriptor.rawValue, &stop, -1)
      guard count > 0, stop == 0 else { return }
      let accepted = cs_accept(listener.rawValue)
      if accepted >= 0 {
        serve(Descriptor(owning: accepted))
      } else if [-EMFILE, -ENFILE, -ENOMEM, -ENOBUFS].contains(accepted) {
        usleep(50_000)
      }
    }
  }

  private func serve(_ socket: consuming Descriptor) {
    guard let peer = UnixSocket.peer(of: socket) else { return }
    let isFull = state.withLock { state in
      guard state.connections < Self.connectionLimit else { return true }
      state.connections += 1
      return false
    }
    guard !isFull else { return }
    let connection = VarlinkConnection(
      socket, peer: peer, interfaces: interfaces, shutdown: shutdownEvent)
    do throws(TalkFailure) {
      try onNewThread {
        connection.serve()
        self.ended()
      }
    } catch {
      ended()
    }
  }

  private func ended() {
    let isIdle = state.withLock { state in
      state.connections -= 1
      return state.connections == 0
    }
    if isIdle { onIdle?() }
  }
}

/// Runs `body` on a thread of its own, which may block.
package func onNewThread(_ body: @escaping @Sendable () -> Void) throws(TalkFailure) {
  let start = unsafe Unmanaged.passRetained(ThreadStart(body))
  let code = unsafe cs_thread(
    { context in
      guard let context = unsafe context else { return }
      let start = unsafe Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
      start.body()
    }, start.toOpaque())
  guard code == 0 else {
    unsafe start.release()
    throw .system(operation: .start, path: "thread", code: -code)
  }
}

private final class ThreadStart: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
