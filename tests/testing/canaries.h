// Secrets that must be nowhere, and where they are looked for.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace slate::testing {

class Canaries {
 public:
  // `text` is unmistakable: no part of it comes from elsewhere.
  const std::string& add(const std::string& name, std::string text) {
    return secrets_.insert_or_assign(name, std::move(text)).first->second;
  }
  const std::string& operator[](const std::string& name) const { return secrets_.at(name); }

  // "ADMIN TOKEN in the log", for each secret that `bytes` have as it is, in hex or in base64.
  std::vector<std::string> in(std::string_view bytes, const std::string& place) const {
    std::vector<std::string> found;
    for (const auto& [name, text] : secrets_)
      for (const std::string& form : forms_of(text))
        if (bytes.find(form) != std::string_view::npos)
          found.push_back(name + " in " + place + " as " + form);
    return found;
  }
  // In the names and the bytes of all files, however deep.
  std::vector<std::string> in_folder(const std::filesystem::path& folder) const {
    std::vector<std::string> found;
    const auto add_all = [&](std::vector<std::string> more) {
      found.insert(found.end(), more.begin(), more.end());
    };
    for (const auto& item : std::filesystem::recursive_directory_iterator(folder)) {
      add_all(in(std::filesystem::relative(item.path(), folder).string(), "a file's name"));
      if (!item.is_regular_file()) continue;
      std::ifstream file(item.path(), std::ios::binary);
      add_all(in(std::string{std::istreambuf_iterator<char>(file), {}}, item.path().filename().string()));
    }
    return found;
  }

 private:
  static std::vector<std::string> forms_of(const std::string& text) {
    static constexpr char kHex[] = "0123456789abcdef";
    static constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::vector<std::string> forms{text, ""};
    for (const unsigned char byte : text) {
      forms[1] += kHex[byte >> 4];
      forms[1] += kHex[byte & 15];
    }
    // At each of the three places that a text may begin at; only what is whole groups of its own bytes.
    for (std::size_t skipped = 0; skipped < 3; ++skipped) {
      std::string& form = forms.emplace_back();
      for (std::size_t at = skipped; at + 3 <= text.size(); at += 3) {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
        const unsigned group = (byte(0) << 16U) | (byte(1) << 8U) | byte(2);
        for (const unsigned shift : {18U, 12U, 6U, 0U}) form += kBase64[(group >> shift) & 63U];
      }
    }
    return forms;
  }

  std::map<std::string, std::string> secrets_;
};

}  // namespace slate::testing
