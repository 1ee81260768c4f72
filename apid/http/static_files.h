// The dashboard's files, read once at start and served from memory: a request names a key of a map, never a path.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "apid/http/message.h"

namespace wghub::http {

class StaticFiles {
 public:
  /// Reads regular files below the folder (no symbolic links, 4 MiB each, 16 MiB in all; larger ones are logged and
  /// left out). A folder that is missing or empty gives no files.
  explicit StaticFiles(const std::string& directory);

  bool contains(std::string_view path) const;

  /// The file, its .br or .gz form where accepted, or 304. "/" is index.html.
  /// Errors: status 404 without a body when there is no such file.
  Response answer(std::string_view path, std::string_view accept_encoding, std::string_view if_none_match) const;

 private:
  struct File {
    std::string content;
    std::string etag;
  };

  void read_all(const std::string& directory);
  const File* find(std::string_view path) const;

  std::map<std::string, File, std::less<>> files_;  ///< by URL path, e.g. "/assets/index-4f2a.js"
};

}  // namespace wghub::http
