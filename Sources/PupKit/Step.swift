import Glibc

/// Named moments of an update; a test makes the pup die in one of them.
enum Step {
  private static let fatal: String? = unsafe getenv("PUP_TEST_DIE_AT").map {
    unsafe String(cString: $0)
  }

  /// Ends the pup with SIGKILL if the environment names this step.
  static func named(_ name: String) {
    guard name == fatal else { return }
    kill(getpid(), SIGKILL)
    while true { pause() }
  }
}
