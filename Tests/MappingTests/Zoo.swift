/// A program with a type of every kind, in two versions: `-DV2` gives the second.
enum Zoo {
  static let header = #"""
    #include <stdio.h>
    #include <pthread.h>
    #include <time.h>
    #include <signal.h>
    #include <stdbool.h>
    #include <stdint.h>
    #include <stdatomic.h>
    #include <sys/stat.h>
    #include <netinet/in.h>

    enum color { RED, GREEN = 5, BLUE };
    enum __attribute__((packed)) tiny { TINY_A, TINY_B = 200 };
    typedef enum { SMALL = -1, LARGE = 3 } size_kind;
    struct node {
      struct node *next;
      struct tree *tree;
      int key;
    #ifdef V2
      int weight;
    #endif
    };
    struct tree {
      struct node *root;
      union { int i; float f; struct { short a, b; }; };
      struct { int x, y; } point;
      union { char c[3]; struct { unsigned lo : 4, hi : 4; } nibbles; } mix[2];
    };
    struct bits {
      unsigned a : 3;
      int b : 7;
      unsigned : 0;
      unsigned long c : 40;
      bool d : 1;
      enum color e : 3;
      char f;
      short g : 5;
      long long h : 33;
    #ifdef V2
      unsigned i : 2;
    #endif
    };
    struct __attribute__((packed)) wire {
      uint8_t kind;
      uint32_t length;
      uint64_t id : 12;
      unsigned flag : 3;
      uint16_t check;
    #ifdef V2
      uint8_t more;
    #endif
    };
    struct halfpacked { char c; int i __attribute__((packed)); short s; };
    struct aligned { char c; int i __attribute__((aligned(16))); char tail; } ;
    struct __attribute__((aligned(64))) line { int a; char b; };
    typedef float v4 __attribute__((vector_size(16)));
    struct vec { char c; v4 v; };
    struct flex { int count; char kind; char data[]; };
    struct holder { struct wire w; struct line l; struct aligned a; struct bits b; struct halfpacked h; char z; };
    typedef int (*handler)(struct node *, enum color, ...);
    struct ops {
      handler call;
      void (*(*get)(int, void (*)(int)))(int);
      int (*table[3])(const char *, struct holder *);
      int (*old)();
      const char *const names[2];
      char (*rows)[4][5];
      const volatile int *restrict cv;
      _Atomic int counter;
      _Complex double z;
      long double ld;
      __int128 big;
      FILE *log;
      pthread_mutex_t lock;
      pthread_cond_t *cond;
      struct timespec when;
      struct stat st;
      struct sockaddr_in6 addr;
      sigset_t set;
      siginfo_t *info;
      enum tiny tiny;
      size_kind kind;
    #ifdef V2
      int generation;
    #endif
    };
    typedef struct { int total; struct node *first;
    #ifdef V2
     int cents;
    #endif
    } account_t;
    union __attribute__((packed)) pu { char c[5]; int i; };
    """#

  static let main = #"""
    #include "zoo.h"
    struct node *head;
    struct tree trees[2][3];
    struct bits bits = {1};
    struct wire wire;
    struct halfpacked halfpacked;
    struct aligned aligned_;
    struct line line;
    struct vec vec;
    struct flex flex = {3, 1, "abc"};
    struct holder holder;
    struct ops ops;
    account_t account;
    static struct { int hits;
    #ifdef V2
     int misses;
    #endif
    } stats;
    static const int limits[] = {1, 2, 3};
    static const char *texts[] = {"a", "b"};
    union pu pu;
    volatile sig_atomic_t stop;
    char matrix[4][8];
    v4 wide;
    enum color tint;
    handler handlers[2];
    static __thread int mine;
    static int common_name;
    int other(void);
    struct node pass(struct node n, union pu u) { n.key++; return n; }
    int walk(struct tree *t) {
      static int walked;
      static struct { int depth; } deep;
      walked++; deep.depth++; stats.hits++; common_name++; mine++;
    #ifdef V2
      walked++; stats.misses++;
    #endif
      return t->root ? t->root->key + walked + limits[walked & 1] + texts[0][0]: stats.hits;
    }
    int main(void) {
      account.total++;
      ops.counter++;
      vec.c++;
      wide[0]++;
      head = 0;
      printf("%d\n", walk(&trees[0][0]) + pass((struct node){0}, pu).key + other());
      return bits.a + wire.kind + line.a + flex.count + holder.z + matrix[0][0] + tint
          + aligned_.c + halfpacked.c + pu.i + stop + (handlers[0] != 0) + mine;
    }
    """#

  /// A unit with a struct and a static of names that the first one has too.
  static let other = #"""
    #include <stdio.h>
    enum state { IDLE, BUSY };
    struct tree { int different; };
    struct node;
    static int common_name;
    static enum state state;
    struct tree elsewhere;
    struct node *seen;
    int other(void) { return common_name++ + elsewhere.different++ + (int)state++ + (seen != 0); }
    """#
}
