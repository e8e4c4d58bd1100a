import TestSupport
import Testing
import Tracee
import Unwinding
import VersionSpace

/// Walks through blocked threads of real programs, compared with gdb's.
@Suite(.timeLimit(.minutes(3))) struct WalkTests {
  /// Threads blocked under a signal handler, alloca, a library's callback, recursion and in libc.
  private static let source = """
    #define _GNU_SOURCE
    #include <alloca.h>
    #include <poll.h>
    #include <pthread.h>
    #include <signal.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <time.h>
    #include <unistd.h>
    #define NOINLINE __attribute__((noinline, noclone))
    static _Atomic int blocked;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    static volatile int sink;
    NOINLINE void sleep_long(int n) {
      struct timespec time = {1000, n};
      blocked++;
      nanosleep(&time, NULL);
      sink++;
    }
    NOINLINE int wait_poll(int n) {
      blocked++;
      poll(NULL, 0, -1);
      return sink += n;
    }
    NOINLINE int wait_condition(int n) {
      pthread_mutex_lock(&lock);
      blocked++;
      pthread_cond_wait(&never, &lock);
      pthread_mutex_unlock(&lock);
      return n;
    }
    NOINLINE int on_alloca(int n) {
      char *room = alloca(n * 100 + 16);
      memset(room, n, n * 100 + 16);
      int result = wait_poll(room[n]);
      return result + room[0];
    }
    NOINLINE int deeper(int n) { return n == 0 ? wait_condition(1) : deeper(n - 1) * 3 + n; }
    NOINLINE int many(int a, int b, int c, int d, int e, int f, int g, int h, double x, int n) {
      return on_alloca(n) + a + b + c + d + e + f + g + h + (int)x;
    }
    static int compare(const void *a, const void *b) {
      sleep_long(*(const int *)a);
      return *(const int *)a - *(const int *)b;
    }
    NOINLINE int sorted(void) {
      int numbers[] = {3, 1, 2};
      qsort(numbers, 3, sizeof(int), compare);
      return numbers[0];
    }
    static void handle(int number) { deeper(number & 3); sink++; }
    NOINLINE int interrupted(void) {
      raise(SIGUSR1);
      return sink + 1;
    }
    static void handle_elsewhere(int number) { on_alloca(number); sink++; }
    NOINLINE int interrupted_elsewhere(void) {
      stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
      sigaltstack(&stack, NULL);
      raise(SIGUSR2);
      return sink + 1;
    }
    static void *run(void *which) {
      switch ((long)which) {
      case 0: sink += sorted(); break;
      case 1: sink += interrupted(); break;
      case 2: sink += many(1, 2, 3, 4, 5, 6, 7, 8, 9.0, 10); break;
      case 3: sink += deeper(12); break;
      case 4: sink += interrupted_elsewhere(); break;
      }
      return NULL;
    }
    int main(void) {
      struct sigaction on_stack = {.sa_handler = handle_elsewhere, .sa_flags = SA_ONSTACK};
      pthread_t thread;
      signal(SIGUSR1, handle);
      sigaction(SIGUSR2, &on_stack, NULL);
      for (long i = 0; i < 5; i++) pthread_create(&thread, NULL, run, (void *)i);
      while (blocked < 5) usleep(1000);
      usleep(20000);
      puts("ready");
      fflush(stdout);
      sleep_long(7);
      return sink;
    }
    """

  @Test(arguments: [
    ["-O0"], ["-O2"], ["-Os", "-fomit-frame-pointer"], ["-O2", "-static", "-Wl,--eh-frame-hdr"],
  ])
  func `every frame of blocked threads is where gdb finds it`(flags: [String]) async throws {
    let program = try await CProgram(Self.source, flags)
    let started = try await program.start()
    defer { started.kill() }
    await pause(.milliseconds(20))
    let stacks = try await LiveStacks.walked(started.pid)
    let expected = try await LiveStacks.byGDB(started.pid, in: program.folder)
    #expect(stacks.count == 6)
    var compared = 0
    for stack in stacks {
      let known = try #require(expected[stack.tid])
      let bottom = try #require(known.first)
      #expect(stack.end == .outermost, "\(stack)")
      #expect(stack.places(from: bottom.stack) == known, "\(flags)")
      compared += known.count
      for frame in stack.frames.dropLast() {
        #expect((frame.returnAddressSlot == nil) == frame.isSignalFrame)
      }
    }
    #expect(compared >= 45)
    #expect(stacks.filter { $0.frames.contains(where: \.isSignalFrame) }.count == 2)
  }

  @Test func `each return address lies in the slot that is named`() async throws {
    let program = try await CProgram(Self.source, ["-O2"])
    let started = try await program.start()
    defer { started.kill() }
    let memory = try ProcessMemory(pid: started.pid)
    var checked = 0
    for stack in try await LiveStacks.walked(started.pid) {
      for (frame, caller) in zip(stack.frames, stack.frames.dropFirst()) {
        guard let slot = frame.returnAddressSlot else { continue }
        #expect(try memory.word(at: slot) == caller.programCounter.rawValue)
        checked += 1
      }
    }
    #expect(checked >= 40)
  }

  @Test func `code without unwind information ends the walk and is not guessed at`() async throws {
    let program = try await CProgram(
      """
      #include <stdio.h>
      #include <unistd.h>
      void bare(void (*next)(void));
      asm(".globl bare\\nbare: push %rbx\\n sub $16, %rsp\\n call *%rdi\\n add $16, %rsp\\n pop %rbx\\n ret");
      static void wait(void) { puts("ready"); fflush(stdout); sleep(1000); }
      int main(void) { bare(wait); return 0; }
      """)
    let started = try await program.start()
    defer { started.kill() }
    await pause(.milliseconds(20))
    let stack = try #require(try await LiveStacks.walked(started.pid).first)
    guard case .notSafe(.noUnwindRow, let place) = stack.end else {
      Issue.record("\(stack.end)")
      return
    }
    let named = try await toolOutput(
      "/usr/bin/gdb", "-nx", "-batch", "-p", "\(started.pid)", "-ex",
      "info symbol \(place.rawValue)")
    #expect(named.contains("\nbare + "), "\(named)")
  }
}
