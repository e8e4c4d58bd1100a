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
    let queue = JobQueue()
    self.queue = queue
    let context = unsafe Unmanaged.passRetained(Start(queue: queue, name: name)).toOpaque()
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        let start = unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
        unsafe cs_name_this_thread(start.name)
        while let job = start.queue.next() { job() }
        return nil
      }, context)
    precondition(code == 0, "pthread_create failed with errno \(code)")
    pthread_detach(thread)
  }

  deinit { queue.close() }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = unsafe asUnownedSerialExecutor()
    queue.append { unsafe job.runSynchronously(on: executor) }
  }
}

private final class Start: Sendable {
  let queue: JobQueue
  let name: String
  init(queue: JobQueue, name: String) {
    self.queue = queue
    self.name = name
  }
}

/// A blocking FIFO: `Mutex` guards the jobs, a semaphore counts them.
@safe private final class JobQueue: @unchecked Sendable {
  private struct State {
    var jobs: [@Sendable () -> Void] = []
    var isOpen = true
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

  /// The next job, or `nil` once closed and drained.
  func next() -> (@Sendable () -> Void)? {
    while unsafe sem_wait(available) == -1 && errno == EINTR {}
    return state.withLock { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
  }
}
