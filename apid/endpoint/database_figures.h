// The database as an administrator of machines sees it: its files, the room for them, and how its writes go.
#pragma once

#include <string>

#include "apid/endpoint/metric_list.h"
#include "apid/service/surroundings.h"

namespace wghub::endpoint {

/// A file's mode as people write it: 600 for 0600, so that a graph shows what ls shows. Type bits do not count.
unsigned octal_digits(unsigned mode);

/// path: of the database; its log and index lie beside it. What cannot be read is left out.
void add_database_figures(MetricList& list, const store::WriteFigures& writes, const std::string& path);

}  // namespace wghub::endpoint
