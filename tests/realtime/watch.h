#pragma once

// This program's malloc and locks are counted: everything that asks for memory or takes a lock passes here.

namespace rondo::watch {

/// Since the program began, in all threads.
long allocations();  ///< malloc, calloc, realloc, aligned_alloc, posix_memalign, memalign and free of
                     ///< something
long locks();        ///< pthread's mutexes, reader-writer locks, spin locks and condition variables

}  // namespace rondo::watch
