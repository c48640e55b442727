#pragma once

#include <string>

namespace rondo::detail {

/// Removes what killed processes left in a folder: temporaries of AtomicFile whose names begin with `prefix`
/// and that nobody holds a lock on.
void remove_abandoned(const std::string& folder, const std::string& prefix);

}  // namespace rondo::detail
