#include "net/token_file.h"

#include <algorithm>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "base/log.h"
#include "base/try.h"

namespace slate::net {
namespace {

constexpr std::size_t kLeastBytes = 16;
constexpr std::size_t kMostBytes = 1024;

std::string_view trim(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  const auto begin = line.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(kBlanks) - begin + 1);
}

bool is_printable(char c) { return c > 0x20 && c < 0x7f; }

Error without_tokens(const std::filesystem::path& file) {
  return Error(Reason::kInvalidArgument, "'" + file.string() + "' holds no token")
      .with_hint("one a line, such as `openssl rand -hex 32` gives");
}

}  // namespace

Result<std::vector<std::string>> parse_tokens(std::string_view text) {
  std::vector<std::string> tokens;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view token = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (token.empty() || token.front() == '#') continue;
    if (token.size() < kLeastBytes || token.size() > kMostBytes || !std::ranges::all_of(token, is_printable))
      return fail(Error(Reason::kInvalidArgument, "line " + std::to_string(number) +
                                                      " is no token: 16 to 1024 printable ASCII "
                                                      "characters are expected")
                      .with_hint("`openssl rand -hex 32` makes a good one"));
    tokens.emplace_back(token);
  }
  return tokens;
}

Result<std::string> read_token(const std::filesystem::path& file) {
  SLATE_TRY(const std::string text, read_secret_file(file));
  auto tokens = parse_tokens(text);
  if (!tokens) return fail(std::move(tokens).error().during("reading '" + file.string() + "'"));
  if (tokens->empty()) return fail(without_tokens(file));
  return tokens->front();
}

Result<std::unique_ptr<TokenFile>> TokenFile::open(std::filesystem::path file, Reload reload) {
  std::unique_ptr<TokenFile> opened(new TokenFile(std::move(file)));
  // Watched before it is read, so that no change falls between the two.
  if (reload == Reload::kWhenChanged) {
    SLATE_TRY(opened->watch_,
              WatchedFiles::watch({opened->file_}, [self = opened.get()] { self->read_again(); }));
  }
  SLATE_TRY(opened->read());
  const std::scoped_lock lock(opened->mutex_);
  if (opened->tokens_.empty()) return fail(without_tokens(opened->file_));
  return opened;
}

TokenFile::Digest TokenFile::digest_of(std::string_view text) {
  Digest digest;
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

bool TokenFile::accepts(std::string_view token) const {
  const Digest digest = digest_of(token);
  int matches = 0;
  const std::scoped_lock lock(mutex_);
  for (const Digest& each : tokens_) matches |= CRYPTO_memcmp(each.data(), digest.data(), digest.size()) == 0;
  return matches != 0;
}

Result<void> TokenFile::read() {
  SLATE_TRY(const std::string text, read_secret_file(file_));
  const Digest content = digest_of(text);
  {
    const std::scoped_lock lock(mutex_);
    if (content == content_) return {};
    content_ = content;
  }
  const auto tokens = parse_tokens(text);
  if (!tokens) return fail(Error(tokens.error()).during("reading '" + file_.string() + "'"));
  const std::scoped_lock lock(mutex_);
  tokens_.clear();
  for (const std::string& token : *tokens) tokens_.push_back(digest_of(token));
  log::info("tokens read", {{"file", file_.string()}, {"tokens", tokens_.size()}});
  return {};
}

void TokenFile::read_again() {
  if (const auto done = read(); !done)
    log::error("the tokens of before stay", {{"error", done.error().to_string()}});
}

}  // namespace slate::net
