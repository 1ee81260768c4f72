#include "apid/http/static_files.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <optional>

#include "apid/http/text.h"
#include "common/descriptor.h"
#include "common/log.h"

namespace wghub::http {
namespace {

constexpr std::size_t kFileBytes = 4U << 20U;
constexpr std::size_t kAllBytes = 16U << 20U;

struct Type {
  std::string_view suffix;
  std::string_view media_type;
};
constexpr std::array kTypes = {
    Type{".html", "text/html; charset=utf-8"},
    Type{".js", "text/javascript; charset=utf-8"},
    Type{".css", "text/css; charset=utf-8"},
    Type{".json", "application/json"},
    Type{".svg", "image/svg+xml"},
    Type{".png", "image/png"},
    Type{".ico", "image/x-icon"},
    Type{".woff2", "font/woff2"},
    Type{".txt", "text/plain; charset=utf-8"},
    Type{".webmanifest", "application/manifest+json"},
    Type{".map", "application/json"},
};

std::string_view media_type_of(std::string_view path) {
  for (const auto& type : kTypes)
    if (path.ends_with(type.suffix)) return type.media_type;
  return "application/octet-stream";
}

std::optional<std::string> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  if (static_cast<std::size_t>(status.st_size) > kFileBytes) return std::nullopt;
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const auto count = ::read(file.get(), content.data() + done, content.size() - done);
    if (count <= 0) return std::nullopt;
    done += static_cast<std::size_t>(count);
  }
  return content;
}

std::string make_etag(const std::string& content) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(content.data()), content.size());
  std::array<char, 33> text{};
  sodium_bin2hex(text.data(), text.size(), digest.data(), 16);
  return std::string("\"").append(text.data()).append("\"");
}

}  // namespace

StaticFiles::StaticFiles(const std::string& directory) {
  try {
    if (!directory.empty()) read_all(directory);
  } catch (const std::filesystem::filesystem_error& fault) {
    log::warning("The dashboard's files cannot be read", {{"fault", fault.what()}});
  }
}

void StaticFiles::read_all(const std::string& directory) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(directory)) return;
  std::size_t total = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_symlink() || !entry.is_regular_file()) continue;
    auto content = read_file(entry.path().string());
    if (!content || total + content->size() > kAllBytes) {
      log::warning("A dashboard file is left out: unreadable or too large", {{"path", entry.path().string()}});
      continue;
    }
    total += content->size();
    auto etag = make_etag(*content);
    files_.emplace((fs::path("/") / fs::relative(entry.path(), directory)).string(),
                   File{std::move(*content), std::move(etag)});
  }
}

const StaticFiles::File* StaticFiles::find(std::string_view path) const {
  const auto found = files_.find(path == "/" ? std::string_view("/index.html") : path);
  return found == files_.end() ? nullptr : &found->second;
}

bool StaticFiles::contains(std::string_view path) const { return find(path) != nullptr; }

Response StaticFiles::answer(std::string_view path, std::string_view accept_encoding,
                             std::string_view if_none_match) const {
  Response response;
  if (path == "/") path = "/index.html";
  const auto* file = find(path);
  if (file == nullptr) {
    response.status = 404;
    return response;
  }
  for (const auto& [coding, suffix] : {std::pair{"br", ".br"}, std::pair{"gzip", ".gz"}}) {
    const auto* packed = find(std::string(path) + suffix);
    if (packed == nullptr || !names_with_weight(accept_encoding, coding)) continue;
    file = packed;
    response.headers.emplace_back("Content-Encoding", coding);
    break;
  }
  response.headers.emplace_back("Vary", "Accept-Encoding");
  response.headers.emplace_back("ETag", file->etag);
  // The bundler puts a hash of the content into names below /assets; everything else is asked for again each time.
  response.headers.emplace_back("Cache-Control",
                                path.starts_with("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
  response.content_type = media_type_of(path);
  if (if_none_match == file->etag) {
    response.status = 304;
    return response;
  }
  response.body = file->content;
  return response;
}

}  // namespace wghub::http
