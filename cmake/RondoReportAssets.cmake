# The files of the HTML report, compiled into the room "tasks": our page, style and scripts, and Chart.js, so that a
# report needs neither a network nor a file of the installation.
find_file(RONDO_CHART_JS NAMES chart.min.js
  PATH_SUFFIXES share/javascript/chart.js share/nodejs/chart.js/dist
  PATHS /usr /usr/local
  DOC "Chart.js 3, minified (Debian package libjs-chart.js)")
if(NOT RONDO_CHART_JS)
  message(FATAL_ERROR "Chart.js is missing, the report's charts are drawn by it.\n"
    "expected: chart.min.js, version 3\n"
    "fix: install the package libjs-chart.js, or give the file with -DRONDO_CHART_JS=…/chart.min.js")
endif()
mark_as_advanced(RONDO_CHART_JS)

function(rondo_embed_report_asset function file)
  set(output "${RONDO_GENERATED_DIR}/report/${function}.cc")
  set(script "${PROJECT_SOURCE_DIR}/cmake/embed.cmake")
  add_custom_command(OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" -D "INPUT=${file}" -D "OUTPUT=${output}" -D HEADER=tasks/report/assets.h
            -D NAMESPACE=rondo::report_assets -D "FUNCTION=${function}" -P "${script}"
    DEPENDS "${file}" "${script}"
    COMMENT "Embedding ${function} of the report"
    VERBATIM)
  target_sources(rondo_tasks PRIVATE "${output}")
endfunction()

set(assets "${PROJECT_SOURCE_DIR}/src/tasks/report/assets")
rondo_embed_report_asset(page "${assets}/report.html")
rondo_embed_report_asset(style "${assets}/report.css")
foreach(part tools charts forecast backtest residuals calibration gradients series page)
  rondo_embed_report_asset(${part}_script "${assets}/report_${part}.js")
endforeach()
rondo_embed_report_asset(chart_js "${RONDO_CHART_JS}")
rondo_embed_report_asset(chart_js_licence "${assets}/chart-js-licence.txt")
