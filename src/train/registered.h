#pragma once

#include <algorithm>
#include <array>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "rondo/base/error.h"
#include "train/named_config.h"

namespace rondo::detail {

/// Entries of one kind that were registered beside rondo's own. Any thread may add and read.
template <class Entry>
class RegisteredEntries {
 public:
  /// `own`: rondo's entries, whose names are taken, aliases among them. `what`: "loss", for messages.
  void add(Entry entry, const std::vector<Entry>& own, const std::string& what) {
    if (entry.name.empty())
      throw Error(ErrorKind::usage, "a registered " + what + " needs a name").seen("an empty name");
    const std::scoped_lock lock(mutex_);
    for (const auto* list : std::array<const std::vector<Entry>*, 2>{&own, &entries_}) {
      for (const Entry& other : *list) {
        std::vector<std::string> names = other.aliases;
        names.push_back(other.name);
        if (std::ranges::any_of(names, [&](const auto& name) { return is_same_name(name, entry.name); }))
          throw Error(ErrorKind::usage, "there is a " + what + " of that name already")
              .seen("'" + entry.name + "'");
      }
    }
    entries_.push_back(std::move(entry));
  }
  /// rondo's own, then those that were registered.
  std::vector<Entry> behind(std::vector<Entry> own) const {
    const std::scoped_lock lock(mutex_);
    own.insert(own.end(), entries_.begin(), entries_.end());
    return own;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

/// Those of one kind of entries.
template <class Entry>
RegisteredEntries<Entry>& registered_entries() {
  static RegisteredEntries<Entry> entries;
  return entries;
}

}  // namespace rondo::detail
