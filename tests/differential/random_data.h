// Random records and queries that like the edges: shared prefixes, NULs, case folding, nulls, extreme
// numbers.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <slate/datasource.h>
#include <slate/query.h>
#include <slate/record.h>

#include "differential/reference.h"

namespace slate::differential {

// Every type, indexed and not, alone and in compound indexes of both directions; which of the strings are
// nocase is drawn from the seed.
Datasource random_datasource(std::uint64_t seed);

// Deterministic for its seed.
class RandomData {
 public:
  explicit RandomData(std::uint64_t seed) : random_(seed) {}

  // 0 to count - 1.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
  bool one_in(std::size_t n) { return below(n) == 0; }

  // An id out of about `pool` of them.
  std::string id(std::size_t pool);
  RecordWrite write(std::size_t pool);
  // The whole record, as a bulk load would bring it.
  RecordWrite replacement(std::string id);
  // Constants are taken from the records for the most part, so that conditions match something.
  Query query(const Reference& reference);
  DistinctQuery distinct(const Reference& reference);

 private:
  std::string text();
  std::string long_text();
  std::int64_t integer();
  double real();
  Value value(Type type);
  Value list(Type element);
  Value map(bool with_nulls);
  void add_cells(RecordWrite& write, bool with_nulls);

  Value stored_or_random(const Reference& reference, const std::string& path, Reference::Leaf leaf);
  Literal literal(const Reference& reference, const std::string& path, Reference::Leaf leaf);
  Filter condition(const Reference& reference);
  Filter equality(const Reference& reference, const std::string& path);
  Query query_for_an_index(const Reference& reference);
  Filter filter(const Reference& reference, int depth);

  std::mt19937_64 random_;
};

}  // namespace slate::differential
