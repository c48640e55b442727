# What specs call by name: layers, losses, metrics. Each file <name>_layer.cc or <names>_layers.cc below src/layers (below
# src/train/losses and src/train/metrics likewise) defines one function of its own name that returns what the file brings;
# the build makes the list of them,
#   generated/layers/common/layer_list.inc   one line RONDO_LAYERS(<file>) for each, in alphabetical order
#   generated/train/loss_list.inc     RONDO_LOSSES(<file>)
#   generated/train/metric_list.inc   RONDO_METRICS(<file>)
# so that a new layer, loss or metric touches no list.
function(rondo_named_list singular plural folder list)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${folder}/*_${singular}.cc"
                                            "${PROJECT_SOURCE_DIR}/src/${folder}/*_${plural}.cc")
  list(TRANSFORM files REPLACE ".*/(.*)\\.cc$" "\\1")
  list(SORT files)
  string(TOUPPER "RONDO_${plural}" macro)
  list(TRANSFORM files PREPEND "${macro}(")
  list(TRANSFORM files APPEND ")\n")
  list(JOIN files "" content)
  file(CONFIGURE OUTPUT "${RONDO_GENERATED_DIR}/${list}" CONTENT "${content}" @ONLY)
endfunction()
rondo_named_list(layer layers layers layers/common/layer_list.inc)
rondo_named_list(loss losses train/losses train/loss_list.inc)
rondo_named_list(metric metrics train/metrics train/metric_list.inc)
