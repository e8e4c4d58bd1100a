/// A program with many kinds of sections and symbols; prints one line.
let varied = """
  #include <stdio.h>
  #include <errno.h>
  __thread int local = 3;
  static __thread long zero[4];
  int common_like;
  static int counter = 7;
  const char *const names[] = {"one", "two", "three"};
  __attribute__((weak)) int weak(void) { return counter; }
  int strong(void) __attribute__((alias("weak")));
  __attribute__((noinline, cold)) static void rare(void) { puts("rare"); }
  static int apply(int (*f)(int), int x) { return f(x) + errno; }
  static int square(int x) { return x * x; }
  __attribute__((constructor)) static void start(void) { counter++; }
  __attribute__((visibility("hidden"), noinline)) int chosen(int x) {
    switch (x) {
    case 0: return apply(square, 3);
    case 1: return weak();
    case 2: return local++;
    case 3: return (int)zero[1];
    case 4: return common_like;
    case 5: return sizeof names;
    }
    if (x > 100) rare();
    return -1;
  }
  int main(void) {
    for (int i = 0; i < 7; i++) printf("%d ", chosen(i));
    printf("%s %d\\n", names[2], strong());
    return 0;
  }
  """
