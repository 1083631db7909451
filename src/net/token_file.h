// Bearer tokens of those who may come in, from a file.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

#include "net/secret_file.h"

namespace slate::net {

// The tokens in a text, one a line: 16 to 1,024 printable ASCII characters. Blanks around a line, empty lines
// and those that begin with # count for nothing. Errors: invalid_argument, which names the line and never
// what is on it.
Result<std::vector<std::string>> parse_tokens(std::string_view text);

// The first token of a file: the one to show. Errors: those of read_secret_file() and parse_tokens();
// invalid_argument for a file without tokens.
Result<std::string> read_token(const std::filesystem::path& file);

// Any of a file's tokens opens: with the old one and the new one both in it, tokens are changed without a
// gap. Only digests are kept. Safe from any thread.
class TokenFile {
 public:
  // Errors: as read_token(), and those of watching its folder. With kWhenChanged a change of the file holds
  // from a moment later on. A new content that cannot be read or is malformed is logged and the old tokens go
  // on; one without any token closes the door.
  static Result<std::unique_ptr<TokenFile>> open(std::filesystem::path file,
                                                 Reload reload = Reload::kWhenChanged);

  // Takes as long for every text of one length, whichever tokens there are.
  bool accepts(std::string_view token) const;

 private:
  using Digest = std::array<unsigned char, 32>;

  explicit TokenFile(std::filesystem::path file) : file_(std::move(file)) {}
  static Digest digest_of(std::string_view text);
  Result<void> read();
  void read_again();

  const std::filesystem::path file_;
  mutable std::mutex mutex_;  // guards the two below
  std::vector<Digest> tokens_;
  Digest content_{};  // of the file as it was read last, so that other files' changes are passed over
  std::optional<WatchedFiles> watch_;  // last: its threads end first
};

}  // namespace slate::net
