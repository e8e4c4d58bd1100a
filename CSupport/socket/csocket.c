// Sockets for the PupProtocol module; no logic.
#include "csocket.h"
