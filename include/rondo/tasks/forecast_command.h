#pragma once

#include <string>
#include <string_view>

#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"

namespace rondo {

/// One word as a POSIX shell reads it back: as it is where nothing in it means something to a shell, else in
/// quotes.
std::string quote_for_shell(std::string_view word);

/// "rondo forecast FILE …" with every option that differs from its default, quoted for a POSIX shell: the
/// command that makes a forecast again. `out` is the folder of its files; "" leaves it open.
std::string forecast_command(const std::string& file, const ForecastOptions& options,
                             const CsvOptions& csv = {}, const std::string& out = {});

}  // namespace rondo
