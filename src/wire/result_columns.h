// The columns of an answer's rows.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>
#include <slate/result_set.h>

namespace slate::wire {

// Answers about a datasource have the same columns time after time, so that a thread remembers some that it
// has encoded or taken apart. Immutable; a copy shares them.
class ResultColumns {
 public:
  ResultColumns() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): they are the same thing.
  ResultColumns(const std::vector<ResultColumn>& columns);
  // Of the bytes of a ResultColumns message. Errors: invalid_argument for what is none.
  static Result<ResultColumns> read(std::string_view message);

  const std::vector<ResultColumn>& list() const;
  // Encoded. Valid as long as a copy of these columns is.
  std::string_view message() const;

 private:
  struct Known {
    std::vector<ResultColumn> list;
    std::string message;
  };
  class Memory;
  explicit ResultColumns(std::shared_ptr<const Known> known) : known_(std::move(known)) {}

  std::shared_ptr<const Known> known_;  // null: there are none
};

}  // namespace slate::wire
