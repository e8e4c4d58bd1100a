/* What every random program shares: a log that the model replays, and odd helpers. */
#ifndef RT_H
#define RT_H
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint32_t u32;
typedef uint64_t u64;
typedef unsigned __int128 u128;
typedef u32 (*fn1)(u32);

enum { ENTER = 1, LEAVE = 2, SEE = 3 };

/* The thread's number, which its records bear. */
extern __thread u32 rt_thread;
/* Where a long jump goes. */
extern __thread jmp_buf *rt_handler;
/* Zero, which gcc does not know. */
extern volatile u32 rt_zero;

void rt_start(const char *path);
int rt_stops(void);
void rt_log(u32 kind, u32 id, u32 value);
void rt_nap(u32 microseconds);
void rt_spin(u32 turns);
/* For libgcc's __udivti3 to be in the first version too: what only the new one calls is refused. */
u128 rt_divide(u128 a, u128 b);
u32 rt_see(u32 id, u32 value);

static inline u32 fold(u64 x) { return (u32)(x ^ (x >> 32)); }
static inline u32 rotate(u32 x, u32 n) { return (x << (n & 31)) | (x >> ((32 - n) & 31)); }
#endif
