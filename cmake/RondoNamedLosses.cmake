# Losses and metrics by name: each file src/train/losses/*_loss.cc or *_losses.cc (src/train/metrics/*_metric.cc or
# *_metrics.cc) defines one function of its own name; the build makes the list of them,
#   generated/train/loss_list.inc     one line RONDO_LOSSES(<file>) for each, in alphabetical order
#   generated/train/metric_list.inc   one line RONDO_METRICS(<file>)
# so that a new loss or metric touches no list.
foreach(kind IN ITEMS loss metric)
  string(REPLACE "losss" "losses" folder "${kind}s")
  file(GLOB named_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/train/${folder}/*_${kind}.cc"
                                          "${PROJECT_SOURCE_DIR}/src/train/${folder}/*_${folder}.cc")
  list(SORT named_files)
  string(TOUPPER "RONDO_${folder}" macro)
  set(named_list "")
  foreach(file_path IN LISTS named_files)
    cmake_path(GET file_path STEM stem)
    string(APPEND named_list "${macro}(${stem})\n")
  endforeach()
  file(CONFIGURE OUTPUT "${RONDO_GENERATED_DIR}/train/${kind}_list.inc" CONTENT "${named_list}" @ONLY)
endforeach()
