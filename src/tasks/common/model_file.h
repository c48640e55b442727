#pragma once

#include <functional>
#include <string>

#include "rondo/base/atomic_file.h"
#include "rondo/model/network.h"
#include "rondo/tensor/tensor_file.h"
#include "tasks/common/archive.h"

namespace rondo::tasks {

// A model file is one safetensors file: the network under plain names, as Model::load reads any model
// (train/checkpoint.h), and what the task needs besides in sections (archive.h). The names of sections are
// the same in all tasks:
//
//   preparation   how a table becomes inputs: columns, encodings, vocabularies
//   scaling       numbers learnt from the training part, by which inputs and outputs are scaled
//   probe         an example and its output, that a reader can check itself with
//
// and one that is named after the task for the rest.

/// The content of a model, in both directions: its networks by `archive_network`, its sections.
using ModelFields = std::function<void(Archive&)>;

TensorFile make_model_file(const ModelFields& fields);
/// Error(model_file) naming `where` for anything that does not fit together, and for what is left over.
void read_model_file(const TensorFile& file, const std::string& where, const ModelFields& fields);

/// The same in one atomic file.
void save_model_file(AtomicFiles& files, const std::string& path, const ModelFields& fields);
void load_model_file(const std::string& path, const ModelFields& fields);

/// The model's network; when reading it is built (float32) and gets its weights. Nothing is allocated before
/// the arrays of the file have the shapes that the description asks for.
void archive_network(Archive& archive, Network& network);
/// A further network: everything of it is named "name/…".
void archive_network(Archive& archive, const std::string& name, Network& network);

}  // namespace rondo::tasks
