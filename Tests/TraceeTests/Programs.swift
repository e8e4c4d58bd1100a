/// C programs that the stops are tried on.
enum Programs {
  private static let head = """
    #define _GNU_SOURCE
    #include <errno.h>
    #include <pthread.h>
    #include <signal.h>
    #include <sched.h>
    #include <stdatomic.h>
    #include <stdio.h>
    #include <string.h>
    #include <stdlib.h>
    #include <sys/epoll.h>
    #include <sys/eventfd.h>
    #include <sys/ipc.h>
    #include <sys/prctl.h>
    #include <sys/sem.h>
    #include <sys/socket.h>
    #include <sys/syscall.h>
    #include <sys/time.h>
    #include <sys/wait.h>
    #include <unistd.h>

    """

  /// Threads in the calls that a stop interrupts; at SIGTERM, main tells what each has seen.
  static let waits =
    head + """
      static _Atomic int bad;
      static volatile int asked;
      static struct timespec limit = {.tv_sec = 60};
      static void on_term(int number) { asked = 1; }
      static void waited(const char *call, long result) {
        bad++;
        printf("BAD %s %ld %s\\n", call, result, strerror(errno));
      }
      static int quiet(void) {
        int ends[2];
        struct timeval time = {.tv_sec = 60};
        socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
        setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
        return ends[0];
      }
      static int empty(void) {
        struct epoll_event event = {.events = EPOLLIN};
        int epoll = epoll_create1(0);
        epoll_ctl(epoll, EPOLL_CTL_ADD, eventfd(0, 0), &event);
        return epoll;
      }
      static void *in_epoll(void *unused) {
        struct epoll_event event;
        int epoll = empty();
        for (;;) waited("epoll_wait", epoll_wait(epoll, &event, 1, -1));
      }
      static void *in_sigtimedwait(void *unused) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR2);
        for (;;) waited("sigtimedwait", sigtimedwait(&set, NULL, &limit));
      }
      static void *in_semtimedop(void *unused) {
        struct sembuf take = {.sem_op = -1};
        int set = semget(0x707571, 1, IPC_CREAT | 0600);
        for (;;) waited("semtimedop", semtimedop(set, &take, 1, &limit));
      }
      static void *in_recv(void *unused) {
        char byte;
        int end = quiet();
        for (;;) waited("recv", recv(end, &byte, 1, 0));
      }
      static void *in_read(void *unused) {
        char byte;
        int end = quiet();
        for (;;) waited("read", read(end, &byte, 1));
      }
      // Leaves little of one processor to the threads, so that they take long to come.
      static void starve(void) {
        cpu_set_t first;
        CPU_ZERO(&first);
        CPU_SET(0, &first);
        sched_setaffinity(0, sizeof first, &first);
        if (fork() == 0) {
          prctl(PR_SET_PDEATHSIG, SIGKILL);
          for (;;) {}
        }
        nice(19);
      }
      int main(int argc, char **argv) {
        void *(*const routines[])(void *) = {in_epoll, in_sigtimedwait, in_semtimedop, in_recv, in_read};
        struct sigaction action = {.sa_handler = on_term};
        struct epoll_event event;
        pthread_t thread;
        sigset_t all, user;
        if (argc > 1) starve();
        setvbuf(stdout, NULL, _IOLBF, 0);
        sigaction(SIGTERM, &action, NULL);
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, NULL);
        for (int i = 0; i < 5; i++) pthread_create(&thread, NULL, routines[i], NULL);
        sigemptyset(&user);
        sigaddset(&user, SIGUSR2);
        pthread_sigmask(SIG_SETMASK, &user, NULL);
        int epoll = empty();
        usleep(50000);
        puts("ready");
        long result = epoll_wait(epoll, &event, 1, -1);
        printf("end: main %s asked %d bad %d\\n", result < 0 ? strerror(errno) : "?", asked, bad);
      }
      """

  /// Threads that are born and die all the time.
  static let churn =
    head + """
      static _Atomic long born;
      static void *child(void *unused) { born++; return unused; }
      static void *parent(void *unused) {
        pthread_t thread;
        for (;;) {
          pthread_create(&thread, NULL, child, NULL);
          pthread_join(thread, NULL);
        }
      }
      int main(void) {
        pthread_t thread;
        setvbuf(stdout, NULL, _IOLBF, 0);
        for (int i = 0; i < 3; i++) pthread_create(&thread, NULL, parent, NULL);
        puts("ready");
        for (;;) { usleep(5000); printf("born %ld\\n", born); }
      }
      """

  /// Prints without end; its first thread ends at once if there is an argument.
  static let ticks =
    head + """
      static void *tick(void *unused) {
        puts("ready");
        for (int i = 0;; i++) { usleep(5000); printf("tick %d\\n", i); }
      }
      int main(int count, char **arguments) {
        pthread_t thread;
        setvbuf(stdout, NULL, _IOLBF, 0);
        if (count == 1) tick(NULL);
        pthread_create(&thread, NULL, tick, NULL);
        pthread_exit(NULL);
      }
      """

  /// In vfork until a file `go` appears.
  static let vforking =
    head + """
      int main(void) {
        setvbuf(stdout, NULL, _IOLBF, 0);
        puts("ready");
        if (vfork() == 0) {
          while (access("go", F_OK) != 0) usleep(1000);
          _exit(0);
        }
        for (int i = 0;; i++) { printf("back %d\\n", i); usleep(5000); }
      }
      """

  /// Has a child that its argument names, until a file `go` appears: `vm` shares the memory, `vfork`
  /// only keeps its parent waiting.
  static let cloning =
    "#define _GNU_SOURCE\n#include <sched.h>\n" + head + """
      static char stack[65536];
      static int child(void *unused) {
        while (access("go", F_OK) != 0) usleep(1000);
        _exit(0);
      }
      int main(int count, char **arguments) {
        setvbuf(stdout, NULL, _IOLBF, 0);
        puts("ready");
        int flags = strcmp(arguments[1], "vm") ? CLONE_VFORK : CLONE_VM;
        clone(child, stack + sizeof stack, flags | SIGCHLD, NULL);
        for (int i = 0;; i++) { printf("back %d\\n", i); usleep(5000); }
      }
      """

  /// Executes itself once a file `go` appears; each image tells where a variable of its is.
  static let executing =
    head + """
      static volatile long mark = 17;
      int main(int count, char **arguments) {
        setvbuf(stdout, NULL, _IOLBF, 0);
        printf("at %lx\\n", (long)&mark);
        puts("ready");
        while (access("go", F_OK) != 0) usleep(1000);
        unlink("go");
        execv("/proc/self/exe", arguments);
      }
      """

  /// Memory of every kind, at the places that it prints; `visited` runs once for each file `go`.
  static let memory =
    head + """
      #include <sys/mman.h>
      #include <sys/prctl.h>
      const long constant[2048] __attribute__((aligned(4096))) = {17};
      static volatile long variables[2048] __attribute__((aligned(4096))) = {18};
      __attribute__((noinline)) int answer(void) { return 0x11223344; }
      __attribute__((noinline, noclone)) void visited(void) { asm volatile(""); }
      static void *visit(void *unused) {
        for (int i = 1;;) {
          usleep(1000);
          if (access("go", F_OK) != 0) continue;
          unlink("go");
          visited();
          printf("visit %d\\n", i++);
        }
      }
      int main(void) {
        pthread_t thread;
        setvbuf(stdout, NULL, _IOLBF, 0);
        prctl(PR_SET_NAME, "a) b (c) 9", 0, 0, 0);
        char *hole = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        munmap(hole + 4096, 4096);
        pthread_create(&thread, NULL, visit, NULL);
        printf("at %lx %lx %lx %lx %lx\\n", (long)constant, (long)variables, (long)answer, (long)hole,
               (long)visited);
        puts("ready");
        for (int i = 0;; i++) {
          usleep(5000);
          printf("%d: %ld %ld %ld %ld %x\\n", i, *(const volatile long *)constant, variables[0], variables[1000],
                 variables[2000], answer());
        }
      }
      """

  /// Waits in the system call that its argument names, with known registers, until a file `go`
  /// appears; functions that are called meanwhile do what their names say.
  static let called =
    head + """
      struct call {
        long number, arguments[6], result;
        unsigned char in[512], out[512];
        long registers[5];
      };
      void guarded(struct call *call);
      void clobbers(void);
      void stub(void);
      #define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
      #define LOAD(n) "vmovdqu 64+32*" #n "(%rdi), %ymm" #n "\\n"
      #define STORE(n) "vmovdqu %ymm" #n ", 576+32*" #n "(%rcx)\\n"
      #define CLEAR(n) "vpcmpeqd %ymm" #n ", %ymm" #n ", %ymm" #n "\\n"
      asm(".globl guarded, clobbers, stub\\n"
          "guarded: push %rbx\\n push %rbp\\n push %r12\\n push %r13\\n push %r14\\n push %r15\\n push %rdi\\n"
          EACH(LOAD)
          "mov (%rdi), %rax\\n mov 16(%rdi), %rsi\\n mov 24(%rdi), %rdx\\n mov 32(%rdi), %r10\\n"
          "mov 40(%rdi), %r8\\n mov 48(%rdi), %r9\\n"
          "mov $1, %rbx\\n mov $2, %rbp\\n mov $3, %r12\\n mov $4, %r13\\n mov $5, %r14\\n"
          "mov 8(%rdi), %rdi\\n syscall\\n"
          "mov (%rsp), %rcx\\n mov %rax, 56(%rcx)\\n"
          EACH(STORE)
          "mov %rbx, 1088(%rcx)\\n mov %rbp, 1096(%rcx)\\n mov %r12, 1104(%rcx)\\n"
          "mov %r13, 1112(%rcx)\\n mov %r14, 1120(%rcx)\\n"
          "pop %rdi\\n pop %r15\\n pop %r14\\n pop %r13\\n pop %r12\\n pop %rbp\\n pop %rbx\\n ret\\n"
          "clobbers: xor %ebx, %ebx\\n xor %ebp, %ebp\\n xor %r12, %r12\\n xor %r13, %r13\\n xor %r14, %r14\\n"
          EACH(CLEAR)
          "std\\n lock incl called(%rip)\\n ret\\n"
          "stub: mov $15, %eax\\n syscall\\n hlt\\n");
      volatile int called __attribute__((visibility("hidden")));
      static void returns(void) { syscall(SYS_getpid); called++; }
      static void crashes(void) { called++; *(volatile int *)16 = 1; }
      static void spins(void) { for (;;) called += 0; }
      static void sleeps(void) { for (;;) syscall(SYS_ppoll, 0, 0, 0, 0, 0); }
      static int word, ends[2], event_fd;
      static void lingers(void) {
        called++;
        write(1, "in call\\n", 8);
        while (!*(volatile int *)&word);
      }
      static void aborts(void) { called++; abort(); }
      static char stack[65536] __attribute__((aligned(64)));
      static void *wake(void *unused) {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, NULL);
        while (access("go", F_OK) != 0) usleep(1000);
        long one = 1;
        write(event_fd, &one, 8);
        write(ends[1], "x", 1);
        word = 1;
        for (;;) { syscall(SYS_futex, &word, 1, 1, 0, 0, 0); usleep(1000); }
      }
      int main(int count, char **arguments) {
        const char *kind = arguments[1];
        static struct call call;
        struct timespec time = {.tv_sec = 2}, start, end;
        pthread_t thread;
        setvbuf(stdout, NULL, _IOLBF, 0);
        event_fd = eventfd(0, 0);
        pipe(ends);
        struct { int fd; short events, found; } poller = {event_fd, 1, 0};
        struct epoll_event event = {.events = EPOLLIN};
        int epoll = epoll_create1(0);
        epoll_ctl(epoll, EPOLL_CTL_ADD, event_fd, &event);
        char byte = 0;
        #define CALL(...) (struct call){__VA_ARGS__}
        if (!strcmp(kind, "poll")) call = CALL(SYS_poll, {(long)&poller, 1, -1});
        if (!strcmp(kind, "poll-limit")) call = CALL(SYS_poll, {(long)&poller, 1, 100000});
        if (!strcmp(kind, "sleep")) call = CALL(SYS_nanosleep, {(long)&time, 0});
        if (!strcmp(kind, "epoll")) call = CALL(SYS_epoll_wait, {epoll, (long)&event, 1, -1});
        if (!strcmp(kind, "futex")) call = CALL(SYS_futex, {(long)&word, 0, 0, 0});
        if (!strcmp(kind, "read")) call = CALL(SYS_read, {ends[0], (long)&byte, 1});
        for (int i = 0; i < 512; i++) call.in[i] = i * 7 + 1;
        pthread_create(&thread, NULL, wake, NULL);
        printf("at %lx %lx %lx %lx %lx %lx %lx %lx %lx\\n", (long)stub, (long)(stack + sizeof stack),
               (long)returns, (long)crashes, (long)spins, (long)sleeps, (long)clobbers, (long)lingers,
               (long)aborts);
        puts("ready");
        clock_gettime(CLOCK_MONOTONIC, &start);
        if (!strcmp(kind, "none")) while (!*(volatile int *)&word);
        else guarded(&call);
        clock_gettime(CLOCK_MONOTONIC, &end);
        double slept = end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9;
        int same = !strcmp(kind, "none") || !memcmp(call.in, call.out, 512);
        for (int i = 0; i < 5 && strcmp(kind, "none"); i++) same &= call.registers[i] == i + 1;
        printf("end: result %ld same %d early %d called %d\\n", call.result, same,
               !strcmp(kind, "sleep") && slept < 2, called);
      }
      """
}
