// ptrace(2) and /proc for the Tracee module; no logic.
#include "cptrace.h"
