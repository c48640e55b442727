#pragma once

#include <string>

#include "rondo/model/network.h"
#include "rondo/tensor/tensor_file.h"
#include "rondo/train/optimizers.h"

namespace rondo::detail {

// A model file and a checkpoint are one kind of file (tensor_file.h): parameters under their own names and,
// as JSON texts in the metadata, "format", "spec" and, in a checkpoint, "optimizer" and "training". What
// training needs besides has names with a prefix: "optimizer/…", "carried/…", "callback/…".

inline constexpr const char* kFormatName = "rondo-model-1";

void put_network(TensorFile& file, const Network& network);
/// Copies the parameters back. Throws Error(model_file) that names every missing or misshaped array, or says
/// that the file holds another model.
void take_network(const TensorFile& file, Network& network, const std::string& where);

/// The network that the file describes, for `take_network`. Nothing is allocated before the arrays of the
/// file have the shapes that the description asks for; Error(model_file) where they have not.
Network described_network(const TensorFile& file, const std::string& where);

/// Takes memory for parameters of the objectives that the model was trained with: they are there before the
/// model is compiled again, and stay where it is not.
void declare_objective_arrays(const TensorFile& file, ParameterStore& parameters);

void put_optimizer(TensorFile& file, const Optimizer& optimizer, const ParameterStore& parameters);
void take_optimizer(const TensorFile& file, Optimizer& optimizer, const ParameterStore& parameters,
                    const std::string& where);

/// A JSON text of the metadata; Error(model_file) when it is missing.
Json take_json(const TensorFile& file, const std::string& key, const std::string& where);

}  // namespace rondo::detail
