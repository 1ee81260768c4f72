// Reads wg0.conf.
#include <fmt/format.h>
#include <sodium.h>
#include <strings.h>

#include <algorithm>
#include <array>

#include "apid/cli/backup/fault.h"
#include "apid/cli/import/found.h"

namespace wghub::cli {
namespace {

constexpr std::size_t kLongestLine = 8192;
constexpr std::size_t kKeyText = 44;
constexpr auto kBlank = " \t\r";
constexpr std::string_view kPrivateKey = "PrivateKey";

enum class Section { none, server, peer };

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool is_same(std::string_view left, std::string_view right) {
  return left.size() == right.size() && ::strncasecmp(left.data(), right.data(), left.size()) == 0;
}

// "NAME = VALUE"; no name when it is not that.
struct Setting {
  std::string_view name;
  std::string_view value;
};

Setting split(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return {};
  return {trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1))};
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.size() < prefix.size() || !is_same(text.substr(0, prefix.size()), prefix)) return false;
  text = trimmed(text.substr(prefix.size()));
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text = trimmed(text.substr(0, text.size() - suffix.size()));
  return true;
}

// "Client: anna (2f1c…)", as wg-easy writes it: without the id.
std::string_view without_id(std::string_view name) {
  const auto begin = name.rfind(" (");
  const bool has_id = begin != std::string_view::npos && name.ends_with(')') && name.size() - begin == 39;
  return has_id ? trimmed(name.substr(0, begin)) : name;
}

// The name in a comment, or nothing when it is the end of something, or a setting that was switched off.
std::string_view name_in(std::string_view comment) {
  while (!comment.empty() && comment.front() == '#') comment.remove_prefix(1);
  comment = trimmed(comment);
  if (take_prefix(comment, "end ") || take_prefix(comment, "END_PEER")) return {};
  // WGDashboard's "#Name# = anna", of which the first # is gone already.
  if (take_prefix(comment, "Name#")) return take_prefix(comment, "=") ? comment : std::string_view();
  take_suffix(comment, "###");
  if (take_prefix(comment, "begin ") || take_prefix(comment, "BEGIN_PEER ")) return comment;
  for (const auto* word :
       {"Client:", "Client ", "Name:", "Name =", "Name=", "Peer:", "friendly_name =", "friendly_name="})
    if (take_prefix(comment, word)) return without_id(comment);
  return split(comment).name.empty() ? comment : std::string_view();
}

class Reader {
 public:
  Found read(std::string_view text) {
    for (std::size_t begin = 0; begin <= text.size();) {
      const auto end = std::min(text.find('\n', begin), text.size());
      ++line_;
      if (end - begin > kLongestLine) throw Fault(Exit::faulty, fmt::format("line {} is too long", line_));
      take(trimmed(text.substr(begin, end - begin)));
      begin = end + 1;
    }
    return std::move(found_);
  }

 private:
  void take(std::string_view line) {
    if (line.empty()) {
      if (section_ != Section::peer) above_.clear();
    } else if (line.front() == '#' || line.front() == ';') {
      take_comment(line);
    } else if (line.front() == '[') {
      take_section(line);
    } else {
      take_setting(line.substr(0, line.find('#')));
    }
  }

  // Above [Peer] it is the next peer's, below it this one's, where that has none.
  void take_comment(std::string_view line) {
    note_secret_in(line);
    const auto name = name_in(line);
    if (name.empty()) return;
    const bool is_own = section_ == Section::peer && !has_settings_ && found_.peers.back().name.empty();
    (is_own || take_own(line) ? found_.peers.back().name : above_) = name;
  }

  // Some programs keep a peer's key in a comment.
  void note_secret_in(std::string_view comment) {
    std::string name(split(comment).name);
    std::erase_if(name, [](char each) { return each == ' ' || each == '_' || each == '#' || each == '-'; });
    for (std::string_view rest = name; rest.size() >= kPrivateKey.size(); rest.remove_prefix(1))
      if (is_same(rest.substr(0, kPrivateKey.size()), kPrivateKey))
        return found_.secrets.push_back({line_, "private key in a comment"});
  }

  // WGDashboard's line may stand anywhere in the section.
  bool take_own(std::string_view line) const {
    return section_ == Section::peer && line.starts_with("#Name#") && found_.peers.back().name.empty();
  }

  void take_section(std::string_view line) {
    has_settings_ = false;
    if (is_same(line, "[Interface]")) {
      section_ = Section::server;
    } else if (is_same(line, "[Peer]")) {
      if (found_.peers.size() >= kMostPeers) throw Fault(Exit::faulty, fmt::format("line {}: too many peers", line_));
      section_ = Section::peer;
      found_.peers.push_back({line_, above_, "", {}, false, false});
    } else {
      throw Fault(Exit::faulty, fmt::format("line {}: a section that WireGuard does not know", line_));
    }
    above_.clear();
  }

  void take_setting(std::string_view line) {
    const auto [name, value] = split(line);
    // Not the line itself: it may be a key.
    if (name.empty() || section_ == Section::none)
      throw Fault(Exit::faulty, fmt::format("line {}: neither a section nor a setting in one", line_));
    has_settings_ = true;
    above_.clear();
    if (is_same(name, "PrivateKey"))
      found_.secrets.push_back(
          {line_, section_ == Section::server ? "private key of the server" : "private key of a peer"});
    if (is_same(name, "PresharedKey")) found_.secrets.push_back({line_, "preshared key"});
    if (section_ == Section::server) {
      if (is_same(name, "Address")) add_list(found_.addresses, value);
      if (is_same(name, "ListenPort")) found_.listen_port = value;
      return;
    }
    auto& peer = found_.peers.back();
    if (is_same(name, "PublicKey")) peer.public_key = value;
    if (is_same(name, "PresharedKey")) peer.has_preshared_key = true;
    if (is_same(name, "AllowedIPs")) add_list(peer.addresses, value);
  }

  static void add_list(std::vector<std::string>& list, std::string_view value) {
    while (!value.empty()) {
      const auto comma = std::min(value.find(','), value.size());
      if (const auto item = trimmed(value.substr(0, comma)); !item.empty()) list.emplace_back(item);
      value.remove_prefix(std::min(comma + 1, value.size()));
    }
  }

  Found found_;
  Section section_ = Section::none;
  std::string above_;          ///< the last comment's name
  bool has_settings_ = false;  ///< the section has one already
  std::size_t line_ = 0;
};

bool decode_key(std::string_view text, SecretKey& key) {
  std::size_t size = 0;
  return text.size() == kKeyText &&
         sodium_base642bin(key.bytes.data(), key.bytes.size(), text.data(), text.size(), nullptr, &size, nullptr,
                           sodium_base64_VARIANT_ORIGINAL) == 0 &&
         size == key.bytes.size();
}

// The value behind the first such name, in the file's own way of writing.
std::string_view value_behind(std::string_view text, ImportFormat format) {
  if (format == ImportFormat::wg) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      const auto line = trimmed(text.substr(0, end));
      if (is_same(line, "[Peer]")) return {};
      if (const auto [name, value] = split(line.substr(0, line.find('#'))); is_same(name, "PrivateKey")) return value;
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return {};
  }
  const auto server = text.find("\"server\"");
  const auto name = text.find("\"privateKey\"", std::min(server, text.size()));
  const auto begin = text.find('"', std::min(name, text.size() - 12) + 12);
  if (server == std::string_view::npos || name == std::string_view::npos || begin == std::string_view::npos) return {};
  return text.substr(begin + 1, kKeyText);
}

}  // namespace

ImportFormat format_of(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && text[begin] == '{' ? ImportFormat::wg_easy : ImportFormat::wg;
}

Found read_wg(std::string_view text) { return Reader().read(text); }

bool read_server_key(std::string_view text, ImportFormat format, SecretKey& key) {
  return decode_key(value_behind(text, format), key);
}

}  // namespace wghub::cli
