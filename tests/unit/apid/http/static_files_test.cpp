#include "apid/http/static_files.h"

#include <filesystem>
#include <fstream>

#include "apid/http/access_log.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/http/temporary_directory.h"

using namespace wghub::http;

namespace {

void write(const std::string& path, const std::string& content) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << content;
}

std::string header(const Response& response, const char* name) {
  for (const auto& [field, value] : response.headers)
    if (field == name) return value;
  return "";
}

}  // namespace

TEST_CASE("ServesTheDashboardFromMemory") {
  const TemporaryDirectory folder;
  write(folder.path() + "/index.html", "<p>");
  write(folder.path() + "/assets/a-1.js", "plain");
  write(folder.path() + "/assets/a-1.js.gz", "gz");
  write(folder.path() + "/assets/a-1.js.br", "br");
  write(folder.path() + "/../wghub-outside", "secret");
  std::filesystem::create_symlink("/etc/passwd", folder.path() + "/link.txt");
  const StaticFiles files(folder.path());
  std::filesystem::remove(folder.path() + "/../wghub-outside");

  CHECK(files.answer("/", "", "").body == "<p>");
  CHECK(header(files.answer("/", "", ""), "Cache-Control") == "no-cache");
  const auto script = files.answer("/assets/a-1.js", "gzip;q=0, br;q=0", "");
  CHECK(script.body == "plain");
  CHECK(script.content_type == "text/javascript; charset=utf-8");
  CHECK(header(script, "Cache-Control") == "public, max-age=31536000, immutable");
  CHECK(files.answer("/assets/a-1.js", "gzip", "").body == "gz");
  const auto packed = files.answer("/assets/a-1.js", "gzip, deflate, br", "");
  CHECK(packed.body == "br");
  CHECK(header(packed, "Content-Encoding") == "br");
  CHECK(files.answer("/assets/a-1.js", "", header(script, "ETag")).status == 304);
  for (const char* path :
       {"/link.txt", "/../wghub-outside", "/assets", "/assets/", "//index.html", "/assets/../index.html", ""})
    CHECK_FALSE(files.contains(path));
}

TEST_CASE("AMissingDashboardIsNoFault") {
  CHECK_FALSE(StaticFiles("/nonexistent/folder").contains("/"));
  CHECK_FALSE(StaticFiles("").contains("/"));
}

TEST_CASE("TokensInPathsAreMaskedInTheLog") {
  CHECK(loggable_path("/api/installation/script/abc") == "/api/installation/script/[token]");
  CHECK(loggable_path("/api/installation/script/abc/script/d") == "/api/installation/script/[token]");
  CHECK(loggable_path("/api/spoke") == "/api/spoke");
  CHECK(loggable_path("/a\nb") == "/a?b");
}
