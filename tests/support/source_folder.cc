#include "support/source_folder.h"

// The one file that is compiled with a path of the machine: all others come from the compiler's cache in any
// folder.
std::filesystem::path rondo::source_folder() { return RONDO_SOURCE_DIR; }
