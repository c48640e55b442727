#pragma once

#include <string_view>

/// The files of the report's page, compiled into the library (see cmake/RondoReportAssets.cmake).
namespace rondo::report_assets {

std::string_view page();                ///< assets/report.html, with {{name}} where report.cc fills in
std::string_view style();               ///< assets/report.css
std::string_view tools_script();        ///< assets/report_tools.js; this and the next ones in this order
std::string_view charts_script();       ///< assets/report_charts.js
std::string_view forecast_script();     ///< assets/report_forecast.js
std::string_view backtest_script();     ///< assets/report_backtest.js
std::string_view residuals_script();    ///< assets/report_residuals.js
std::string_view calibration_script();  ///< assets/report_calibration.js
std::string_view gradients_script();    ///< assets/report_gradients.js
std::string_view series_script();       ///< assets/report_series.js
std::string_view page_script();         ///< assets/report_page.js
std::string_view chart_js();            ///< Chart.js 3.9.1, minified
std::string_view chart_js_licence();    ///< its licence

}  // namespace rondo::report_assets
