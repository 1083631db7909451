// One posting more or less, by an editor of its own: for tests that set a table up, or break it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/try.h"
#include "storage/cursor.h"

namespace slate::storage {

inline Result<void> add_posting(WriteTransaction& transaction, Table table, std::string_view key,
                                std::uint64_t posting) {
  SLATE_TRY(auto editor, PostingEditor::open(transaction, table));
  return editor.add(key, std::span(&posting, 1));
}

// True when it was there.
inline Result<bool> remove_posting(WriteTransaction& transaction, Table table, std::string_view key,
                                   std::uint64_t posting) {
  SLATE_TRY(auto editor, PostingEditor::open(transaction, table));
  return editor.remove(key, posting);
}

}  // namespace slate::storage
