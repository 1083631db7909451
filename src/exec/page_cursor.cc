#include "exec/page_cursor.h"

#include <cstring>
#include <optional>
#include <xxhash.h>

#include "base/try.h"
#include "query/fingerprint.h"
#include "query/fold.h"

namespace slate {
namespace {

using Values = std::vector<std::optional<Scalar>>;

// A value in a token: its kind, then eight bytes, or a text's size in two bytes and the text.
enum class Kind : char { kNull = 0, kInteger = 1, kReal = 2, kText = 3 };

// Nothing when they are longer than a token has room for.
std::optional<std::string> encode(const Values& values) {
  std::string bytes;
  const auto append = [&](const auto& number) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
  };
  for (const auto& value : values) {
    if (!value) {
      bytes += static_cast<char>(Kind::kNull);
    } else if (const auto* integer = std::get_if<std::int64_t>(&*value)) {
      bytes += static_cast<char>(Kind::kInteger);
      append(*integer);
    } else if (const auto* real = std::get_if<double>(&*value)) {
      bytes += static_cast<char>(Kind::kReal);
      append(*real);
    } else {
      const auto& text = std::get<std::string>(*value);
      if (text.size() > kMostCursorValueBytes) return std::nullopt;
      bytes += static_cast<char>(Kind::kText);
      append(static_cast<std::uint16_t>(text.size()));
      bytes += text;
    }
  }
  if (bytes.size() > kMostCursorValueBytes) return std::nullopt;
  return bytes;
}

// Of values that were sealed by this database: what does not fit them is a defect.
Result<Values> decode(std::string_view bytes, std::size_t count) {
  const auto malformed = [] {
    return fail(Reason::kInternal, "a sealed cursor holds other values than it should");
  };
  const auto take = [&](auto& number) {
    if (bytes.size() < sizeof(number)) return false;
    std::memcpy(&number, bytes.data(), sizeof(number));
    bytes.remove_prefix(sizeof(number));
    return true;
  };
  Values values;
  while (!bytes.empty()) {
    const auto kind = static_cast<Kind>(bytes.front());
    bytes.remove_prefix(1);
    std::int64_t integer = 0;
    double real = 0;
    std::uint16_t size = 0;
    switch (kind) {
      case Kind::kNull: values.emplace_back(); break;
      case Kind::kInteger:
        if (!take(integer)) return malformed();
        values.emplace_back(integer);
        break;
      case Kind::kReal:
        if (!take(real)) return malformed();
        values.emplace_back(real);
        break;
      case Kind::kText:
        if (!take(size) || bytes.size() < size) return malformed();
        values.emplace_back(std::string(bytes.substr(0, size)));
        bytes.remove_prefix(size);
        break;
      default: return malformed();
    }
  }
  if (values.size() != count) return malformed();
  return values;
}

// Stands for values that are too long for a token.
std::string digest(const Values& values) {
  XXH3_state_t* state = XXH3_createState();
  XXH3_128bits_reset(state);
  for (const auto& value : values) {
    const std::size_t index = value ? value->index() : SIZE_MAX;
    XXH3_128bits_update(state, &index, sizeof(index));
    if (!value) continue;
    std::visit(
        [&](const auto& held) {
          if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::string>) {
            const std::size_t size = held.size();
            XXH3_128bits_update(state, &size, sizeof(size));
            XXH3_128bits_update(state, held.data(), size);
          } else {
            XXH3_128bits_update(state, &held, sizeof(held));
          }
        },
        *value);
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state);
  XXH3_freeState(state);
  return {reinterpret_cast<const char*>(&hash), sizeof(hash)};
}

// A row's values of the sort keys, as a Position has them; nothing when the row is not there.
Result<std::optional<Values>> values_of(DocId docid, std::span<const BoundSortKey> sort,
                                        const GenerationView& view) {
  ColumnSet columns(*view.schema);
  std::vector<std::uint32_t> positions;
  for (const BoundSortKey& key : sort) positions.push_back(columns.add(key.column));
  QueryCounters ignored;
  SLATE_TRY(const auto reader, SegmentReader::open(view.segment_source(), columns, ignored));
  SLATE_TRY(ResolvedBlock * block, reader->find(docid));
  if (block == nullptr) return std::nullopt;
  const auto row = static_cast<std::uint32_t>(docid - block->first_docid());
  if (!block->view.is_live(row)) return std::nullopt;
  Values values;
  for (std::size_t i = 0; i < sort.size(); ++i) {
    const ColumnView& column = block->columns[positions[i]];
    const Collation collation = view.schema->columns[sort[i].column].collation;
    if (column.is_null(row))
      values.emplace_back();
    else if (column.type == Type::kString && collation == Collation::kNocase)
      values.emplace_back(fold_case(column.text(row)));
    else if (column.type == Type::kString)
      values.emplace_back(std::string(column.text(row)));
    else if (column.type == Type::kFloat)
      values.emplace_back(column.real(row));
    else
      values.emplace_back(column.integer(row));
  }
  return values;
}

Failure expired(std::string why) {
  return fail(Error(Reason::kCursorExpired, std::move(why))
                  .with_field("cursor")
                  .with_hint("begin again with the first page"));
}

}  // namespace

Result<std::string> make_cursor(const BoundFilter& filter, std::span<const BoundSortKey> sort,
                                const GenerationView& view, DocId docid, PageDirection page) {
  SLATE_TRY(const auto values, values_of(docid, sort, view));
  if (!values) return fail(Reason::kInternal, "a row of an answer is not there");
  auto encoded = encode(*values);
  return seal({.previous = page == PageDirection::kPrevious,
               .has_digest = !encoded.has_value(),
               .generation = view.cursors.generation,
               .query = fingerprint(filter, sort, *view.schema),
               .docid = docid,
               .values = encoded ? *std::move(encoded) : digest(*values)},
              view.cursors.key);
}

Result<void> apply_cursor(std::string_view text, const GenerationView& view, BoundQuery& query) {
  SLATE_TRY(const CursorToken token, unseal(text, view.cursors.key));
  if (token.generation != view.cursors.generation)
    return expired("the data was refreshed since the cursor was given out");
  if (token.query != fingerprint(query.filter, query.sort, *view.schema))
    return fail(Error(Reason::kInvalidArgument, "expected a cursor of this query: its filter and sort differ")
                    .with_field("cursor")
                    .with_hint("send the same filter and sort as for the page that the cursor came with"));
  Position place{.docid = token.docid};
  if (token.has_digest) {
    SLATE_TRY(auto values, values_of(token.docid, query.sort, view));
    if (!values || digest(*values) != token.values)
      return expired("the record at which the page ended has changed");
    place.values = *std::move(values);
  } else {
    SLATE_TRY(place.values, decode(token.values, query.sort.size()));
  }
  query.after = std::move(place);
  query.page = token.previous ? PageDirection::kPrevious : PageDirection::kNext;
  return {};
}

}  // namespace slate
