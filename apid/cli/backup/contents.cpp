#include "apid/cli/backup/contents.h"

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstring>

#include "apid/store/database_image.h"

namespace wghub::cli {
namespace {

constexpr auto kLargestDatabase = static_cast<std::uint64_t>(store::kLargestDatabase);

// Before each part. They come in one order, and none is left out.
struct PartHead {
  std::array<char, 24> name{};
  std::uint64_t size = 0;
};

PartHead head_of(std::string_view name, std::uint64_t size) {
  PartHead head;
  name.copy(head.name.data(), head.name.size() - 1);
  head.size = size;
  return head;
}

void write_part(EnvelopeWriter& writer, std::string_view name, Bytes bytes) {
  writer.write(bytes_of(head_of(name, bytes.size())));
  writer.write(bytes);
}

void write_text(EnvelopeWriter& writer, std::string_view name, const std::string& text) {
  write_part(writer, name, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::uint64_t read_head(EnvelopeReader& reader, std::string_view name, std::uint64_t limit) {
  PartHead head;
  reader.read({reinterpret_cast<std::uint8_t*>(&head), sizeof head});
  if (head.name != head_of(name, 0).name || head.size > limit)
    throw Fault(Exit::faulty, "the backup does not hold what this version expects: " + std::string(name));
  return head.size;
}

std::string read_text(EnvelopeReader& reader, std::string_view name) {
  std::string text(read_head(reader, name, kLargestText), '\0');
  reader.read({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return text;
}

Manifest parse_manifest(const std::string& text) {
  boost::json::error_code error;
  const auto value = boost::json::parse(text, error);
  if (error || !value.is_object()) throw Fault(Exit::faulty, "the backup does not say what it is");
  const auto member = [&value](const char* name) {
    const auto* found = value.get_object().if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
  };
  return {member("version"), member("createdAt"), member("machine")};
}

}  // namespace

SmallParts::~SmallParts() { explicit_bzero(certificate_key.data(), certificate_key.size()); }

void write_parts(EnvelopeWriter& writer, const SmallParts& parts, std::uint64_t database_bytes) {
  write_text(writer, "manifest",
             boost::json::serialize(boost::json::object{{"version", parts.manifest.version},
                                                        {"createdAt", parts.manifest.created_at},
                                                        {"machine", parts.manifest.machine}}));
  write_part(writer, "hub", bytes_of(parts.secrets.content));
  write_text(writer, "configuration", parts.configuration);
  write_text(writer, "certificate", parts.certificate);
  write_text(writer, "certificate-key", parts.certificate_key);
  writer.write(bytes_of(head_of("database", database_bytes)));
}

std::uint64_t read_parts(EnvelopeReader& reader, SmallParts& parts) {
  parts.manifest = parse_manifest(read_text(reader, "manifest"));
  auto& content = parts.secrets.content;
  if (read_head(reader, "hub", sizeof content) != sizeof content)
    throw Fault(Exit::faulty, "the backup holds another hub's key than this version expects");
  reader.read({reinterpret_cast<std::uint8_t*>(&content), sizeof content});
  if (!is_sound(parts.secrets)) throw Fault(Exit::faulty, "the hub's key in the backup is not as it was written");
  parts.configuration = read_text(reader, "configuration");
  parts.certificate = read_text(reader, "certificate");
  parts.certificate_key = read_text(reader, "certificate-key");
  return read_head(reader, "database", kLargestDatabase);
}

}  // namespace wghub::cli
