import CPtrace
import Glibc
import Synchronization

/// One OS thread that runs every job of the actor bound to it.
///
/// ptrace(2) answers only to the thread that attached, so the thread, not a
/// queue, is the unit of ownership.
package final class TracerThread: SerialExecutor {
  private let queue: JobQueue

  package init(named name: String) {
    queue = JobQueue()
    Start(queue: queue, name: name, predecessor: 0).begin()
  }

  deinit { queue.close() }

  /// Lets another OS thread take over when the job that runs now is done.
  ///
  /// The end of the thread that traces is the only way to let go of a thread that has not stopped
  /// (ptrace(2), "Attaching and detaching"): it does not notice that it was traced.
  func retire() { queue.retire() }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = unsafe asUnownedSerialExecutor()
    queue.append { unsafe job.runSynchronously(on: executor) }
  }
}

/// What an OS thread is started with.
private final class Start: Sendable {
  private let queue: JobQueue
  private let name: String
  /// The thread whose place it takes, or 0.
  private let predecessor: Int32

  init(queue: JobQueue, name: String, predecessor: Int32) {
    self.queue = queue
    self.name = name
    self.predecessor = predecessor
  }

  func begin() {
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context)
    precondition(code == 0, "pthread_create failed with errno \(code)")
    pthread_detach(thread)
  }

  private func run() {
    unsafe cs_name_this_thread(name)
    // Gone from the list of threads, it traces nothing any more.
    let place = "/proc/self/task/\(predecessor)"
    while predecessor != 0, unsafe access(place, F_OK) == 0 { usleep(20) }
    while let job = queue.next() {
      job()
      if queue.takeRetirement() {
        Start(queue: queue, name: name, predecessor: cs_this_thread()).begin()
        return
      }
    }
  }
}

/// A blocking FIFO: `Mutex` guards the jobs, a semaphore counts them.
@safe private final class JobQueue: @unchecked Sendable {
  private struct State {
    var jobs: [@Sendable () -> Void] = []
    var isOpen = true
    var isRetiring = false
  }
  private let state = Mutex(State())
  private let available: UnsafeMutablePointer<sem_t>

  init() {
    unsafe available = .allocate(capacity: 1)
    unsafe sem_init(available, 0, 0)
  }

  deinit {
    unsafe sem_destroy(available)
    unsafe available.deallocate()
  }

  func append(_ job: @escaping @Sendable () -> Void) {
    state.withLock { $0.jobs.append(job) }
    unsafe sem_post(available)
  }

  func close() {
    state.withLock { $0.isOpen = false }
    unsafe sem_post(available)
  }

  func retire() { state.withLock { $0.isRetiring = true } }

  /// Whether `retire` was called since the last time.
  func takeRetirement() -> Bool {
    state.withLock { state in
      defer { state.isRetiring = false }
      return state.isRetiring
    }
  }

  /// The next job, or `nil` once closed and drained.
  func next() -> (@Sendable () -> Void)? {
    while unsafe sem_wait(available) == -1 && errno == EINTR {}
    return state.withLock { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
  }
}
