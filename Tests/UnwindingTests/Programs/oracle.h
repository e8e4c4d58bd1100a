/* What the programs that are stopped at random points share. Each does its rounds for ever. */
#ifndef ORACLE_H
#define ORACLE_H

#define _GNU_SOURCE
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define APART __attribute__((noinline, noclone))

static volatile int sink;

/* A debugger that waits for a place that is never reached stops here in the end. */
APART void round_begins(void) { sink++; }

#endif
